//! Numbers that devices give their responses: which are held, and for which response.

use super::Conn;
use super::schema::device_seqs;
use crate::domain::ids::{ClientId, DeviceSeq, SeqRange};
use crate::domain::response::Response;
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use uuid::Uuid;

/// Which responses the numbers of these are held for.
#[derive(Debug, Default)]
pub struct SeqHolders(HashMap<(Uuid, i64), Uuid>);

impl SeqHolders {
    /// Whether the response's number is held for another.
    pub fn other(&self, response: &Response) -> bool {
        self.of(response).is_some_and(|holder| holder != response.id.uuid())
    }

    /// Whether the response's number is held for it.
    pub fn itself(&self, response: &Response) -> bool {
        self.of(response) == Some(response.id.uuid())
    }

    fn of(&self, response: &Response) -> Option<Uuid> {
        self.0.get(&(response.client.0, response.device_seq?.get())).copied()
    }
}

/// Looks up who holds the numbers of responses.
pub async fn device_seqs_holders(conn: &mut Conn, responses: &[&Response]) -> Result<SeqHolders> {
    let numbered = |response: &&Response| Some((response.client.0, response.device_seq?.get()));
    let (clients, seqs): (Vec<Uuid>, Vec<i64>) = responses.iter().filter_map(numbered).unzip();
    // More than was asked for, if several clients are among them; that is never asked of the answer.
    let rows: Vec<(Uuid, i64, Uuid)> = device_seqs::table
        .filter(device_seqs::client_id.eq_any(clients).and(device_seqs::seq.eq_any(seqs)))
        .load(conn)
        .await?;
    Ok(SeqHolders(rows.into_iter().map(|(client, seq, response)| ((client, seq), response)).collect()))
}

/// Notes the numbers of responses that are stored already; a number that is
/// held stays where it is, and so does a response that has one.
pub async fn device_seqs_add(conn: &mut Conn, responses: &[&Response]) -> Result<()> {
    let row = |response: &&Response| {
        let columns =
            (device_seqs::client_id.eq(response.client.0), device_seqs::response_id.eq(response.id.uuid()));
        response.device_seq.map(|seq| (columns, device_seqs::seq.eq(seq.get())))
    };
    let rows: Vec<_> = responses.iter().filter_map(row).collect();
    diesel::insert_into(device_seqs::table).values(rows).on_conflict_do_nothing().execute(conn).await?;
    Ok(())
}

#[derive(QueryableByName)]
struct RangeRow {
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// The ranges of numbers held from a client, in order, beginning after a number.
pub async fn device_seqs_ranges(
    conn: &mut Conn,
    client: ClientId,
    after: i64,
    limit: i64,
) -> Result<Vec<SeqRange>> {
    #[expect(clippy::disallowed_methods, reason = "the query builder cannot group by a window function")]
    let rows: Vec<RangeRow> = diesel::sql_query(
        "SELECT min(seq) AS first, max(seq) AS last
         FROM (SELECT seq, seq - row_number() OVER (ORDER BY seq) AS run
               FROM device_seqs WHERE client_id = $1 AND seq > $2) numbered
         GROUP BY run ORDER BY first LIMIT $3",
    )
    .bind::<SqlUuid, _>(client.0)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| SeqRange { first: row.first, last: row.last }).collect())
}

/// How many numbers are held from a client, and the highest.
pub async fn device_seqs_count(conn: &mut Conn, client: ClientId) -> Result<(i64, Option<DeviceSeq>)> {
    let (count, highest): (i64, Option<i64>) = device_seqs::table
        .filter(device_seqs::client_id.eq(client.0))
        .select((diesel::dsl::count_star(), diesel::dsl::max(device_seqs::seq)))
        .first(conn)
        .await?;
    Ok((count, highest.and_then(DeviceSeq::new)))
}
