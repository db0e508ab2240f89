//! Receipts: what became of the responses of a bulk request can be read again for 90 days.

use super::Services;
use super::catalogue::current;
use crate::auth::{Actor, policy};
use crate::domain::client::Client;
use crate::domain::ids::uuid_v7;
use crate::domain::receipt::{RECEIPT_LIFE, Receipt, Verdict};
use crate::error::{Error, ErrorCode, Result};
use crate::store::clients::client_find;
use crate::store::receipts::{receipt_find, receipt_insert, receipts_delete_before};
use crate::store::{Conn, Db, SILENCE};
use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// A receipt of now for what a client sent; it is not kept yet.
pub(super) fn of(
    services: &Services,
    client: &Client,
    items: Vec<(Option<Uuid>, Verdict)>,
    problems: String,
) -> Receipt {
    // As exact as the database keeps it.
    let received_at = services.clock.now().trunc_subsecs(6);
    Receipt { id: uuid_v7(received_at), client: client.id, received_at, items, problems }
}

/// Keeps a receipt.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away; the responses are stored all the same.
pub(super) async fn keep(services: &Services, receipt: &Receipt) -> Result<()> {
    services.db.within(SILENCE, async |conn| receipt_insert(conn, receipt).await).await
}

/// A receipt (`None`: of an id that is none) of the reader's own, or of a client in the reader's charge.
///
/// # Errors
/// [`ErrorCode::TokenMissing`]; [`ErrorCode::ReceiptNotFound`] also where the reader may not know of it.
pub async fn fetch(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<Receipt> {
    let reader = policy::receipt_reader(actor)?;
    let not_found = || Error::new(ErrorCode::ReceiptNotFound);
    let catalogue = current(services).await?;
    let id = id.ok_or_else(not_found)?;
    let find = async |conn: &mut Conn| match receipt_find(conn, id).await? {
        Some(receipt) => Ok(client_find(conn, receipt.client).await?.map(|(sender, _)| (receipt, sender))),
        None => Ok(None),
    };
    let (receipt, sender) = services.db.within(SILENCE, find).await?.ok_or_else(not_found)?;
    let over = receipt.received_at < services.clock.now() - RECEIPT_LIFE;
    if over || !policy::may_read_receipts(reader, &catalogue.tree, &sender) {
        return Err(not_found());
    }
    Ok(receipt)
}

/// Forgets the receipts that are over; gives how many.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn forget_old(db: &Db, now: DateTime<Utc>) -> Result<usize> {
    let limit = first_id(now - RECEIPT_LIFE);
    db.within(SILENCE, async |conn| receipts_delete_before(conn, limit).await).await
}

/// Below every UUIDv7 of the instant and after.
fn first_id(at: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}
