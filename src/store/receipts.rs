//! Receipts of bulk requests.

use super::schema::receipts;
use super::{Conn, corrupt};
use crate::domain::ids::ClientId;
use crate::domain::receipt::{Receipt, Verdict};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// Ids and outcomes of a receipt, as they are kept.
pub fn columns_of(receipt: &Receipt) -> (Vec<Option<Uuid>>, Vec<u8>) {
    receipt.items.iter().map(|(id, verdict)| (*id, verdict.byte())).unzip()
}

/// Keeps a receipt.
pub async fn receipt_insert(conn: &mut Conn, receipt: &Receipt) -> Result<()> {
    let (ids, outcomes) = columns_of(receipt);
    diesel::insert_into(receipts::table)
        .values((
            receipts::id.eq(receipt.id),
            receipts::client_id.eq(receipt.client.0),
            receipts::received_at.eq(receipt.received_at),
            receipts::response_ids.eq(ids),
            receipts::outcomes.eq(outcomes),
            receipts::problems.eq(&receipt.problems),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// A receipt, if it is (still) there.
pub async fn receipt_find(conn: &mut Conn, id: Uuid) -> Result<Option<Receipt>> {
    type Row = (Uuid, Uuid, DateTime<Utc>, Vec<Option<Uuid>>, Vec<u8>, String);
    let row: Option<Row> = receipts::table.find(id).first(conn).await.optional()?;
    let Some((id, client, received_at, ids, outcomes, problems)) = row else { return Ok(None) };
    let verdict = |byte| Verdict::from_byte(byte).ok_or_else(|| corrupt("receipts.outcomes"));
    let items = ids.into_iter().zip(outcomes).map(|(id, byte)| Ok((id, verdict(byte)?)));
    let items = items.collect::<Result<_>>()?;
    Ok(Some(Receipt { id, client: ClientId(client), received_at, items, problems }))
}

/// Forgets the receipts from before an instant; gives how many. Their ids sort by time.
pub async fn receipts_delete_before(conn: &mut Conn, limit: Uuid) -> Result<usize> {
    Ok(diesel::delete(receipts::table.filter(receipts::id.lt(limit))).execute(conn).await?)
}
