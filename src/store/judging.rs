//! How far the responses were judged, and what the judge keeps of a device's responses to see them beside each other.
//! Whoever calls these holds the folder's lock.

use super::schema::{clients, judged_responses as j, judging, response_log as l, responses as r};
use super::{Conn, corrupt};
use crate::domain::client::ClientKind;
use crate::domain::ids::{ClientId, ResponseId};
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A response of a device, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub id: ResponseId,
    /// The device.
    pub client: ClientId,
    /// Number of the survey.
    pub survey: i32,
    /// An ordinal for each criterion.
    pub answers: Vec<u8>,
}

/// What is kept of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The device.
    pub client: ClientId,
    /// The response.
    pub id: ResponseId,
    /// Equal for the same answers to the same survey.
    pub pattern: i64,
    /// Criteria answered with a level.
    pub answered: u16,
}

/// Responses of the log that were not judged yet, at most about so many, and the number of the last of them.
pub async fn judging_next(conn: &mut Conn, most: i64) -> Result<(Vec<Uuid>, i64)> {
    let judged: i64 = judging::table.select(judging::judged_seq).first(conn).await?;
    let first: Option<i64> = l::table
        .filter(l::first_seq.le(judged + 1))
        .select(l::first_seq)
        .order(l::first_seq.desc())
        .first(conn)
        .await
        .optional()?;
    let rows: Vec<(i64, Vec<Option<Uuid>>)> = l::table
        .filter(l::first_seq.ge(first.unwrap_or(1)).and(l::first_seq.le(judged.saturating_add(most))))
        .select((l::first_seq, l::response_ids))
        .order(l::first_seq)
        .load(conn)
        .await?;
    let (mut ids, mut last) = (Vec::new(), judged);
    for (first_seq, row) in rows {
        for (seq, id) in (first_seq..).zip(row) {
            if seq > judged {
                ids.push(id.ok_or_else(|| corrupt("response_log"))?);
                last = seq;
            }
        }
    }
    Ok((ids, last))
}

/// Those of these responses that devices sent, as far as they are stored.
pub async fn judging_sent(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Sent>> {
    let (Some(first), Some(last)) = (ids.iter().min().copied(), ids.iter().max().copied()) else {
        return Ok(Vec::new());
    };
    type Row = (Uuid, Uuid, i32, Vec<u8>);
    let rows: Vec<Row> = r::table
        .inner_join(clients::table.on(clients::id.eq(r::client_id)))
        .filter(clients::kind.eq(ClientKind::Device.as_str()))
        .filter(r::id.eq_any(ids))
        // Says nothing new, but tells a kept plan which months to leave alone.
        .filter(r::id.between(first, last))
        .select((r::id, r::client_id, r::survey_id, r::answers))
        .load(conn)
        .await?;
    let sent = |(id, client, survey, answers): Row| {
        let id = ResponseId::new(id).ok_or_else(|| corrupt("responses.id"))?;
        Ok(Sent { id, client: ClientId(client), survey, answers })
    };
    rows.into_iter().map(sent).collect()
}

/// Keeps marks.
pub async fn judging_mark(conn: &mut Conn, marks: &[Mark]) -> Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "one array for each column instead of one parameter for each value"
    )]
    diesel::sql_query(
        "INSERT INTO judged_responses (client_id, response_id, pattern, answered)
         SELECT * FROM unnest($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind::<Array<SqlUuid>, _>(marks.iter().map(|mark| mark.client.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(marks.iter().map(|mark| mark.id.uuid()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(marks.iter().map(|mark| mark.pattern).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(
        marks.iter().map(|mark| i16::try_from(mark.answered).unwrap_or(i16::MAX)).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct MarkRow {
    #[diesel(sql_type = SqlUuid)]
    client_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    response_id: Uuid,
    #[diesel(sql_type = BigInt)]
    pattern: i64,
    #[diesel(sql_type = SmallInt)]
    answered: i16,
}

/// The marks of devices between two ids each, and so many before and after them, in the order of answering.
pub async fn judging_around(
    conn: &mut Conn,
    spans: &BTreeMap<Uuid, (Uuid, Uuid)>,
    neighbours: usize,
) -> Result<Vec<Mark>> {
    #[expect(clippy::disallowed_methods, reason = "the query builder has no lateral joins")]
    let rows: Vec<MarkRow> = diesel::sql_query(
        "SELECT m.client_id, m.response_id, m.pattern, m.answered
         FROM unnest($1, $2, $3) AS d (client, first, last)
         CROSS JOIN LATERAL (
             (SELECT * FROM judged_responses t WHERE t.client_id = d.client AND t.response_id < d.first
              ORDER BY t.response_id DESC LIMIT $4)
             UNION ALL
             (SELECT * FROM judged_responses t
              WHERE t.client_id = d.client AND t.response_id >= d.first AND t.response_id <= d.last)
             UNION ALL
             (SELECT * FROM judged_responses t WHERE t.client_id = d.client AND t.response_id > d.last
              ORDER BY t.response_id LIMIT $4)
         ) m
         ORDER BY m.client_id, m.response_id",
    )
    .bind::<Array<SqlUuid>, _>(spans.keys().copied().collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(spans.values().map(|(first, _)| *first).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(spans.values().map(|(_, last)| *last).collect::<Vec<_>>())
    .bind::<BigInt, _>(i64::try_from(neighbours).unwrap_or(i64::MAX))
    .load(conn)
    .await?;
    let mark = |row: MarkRow| {
        Ok(Mark {
            client: ClientId(row.client_id),
            id: ResponseId::new(row.response_id).ok_or_else(|| corrupt("judged_responses.response_id"))?,
            pattern: row.pattern,
            answered: u16::try_from(row.answered).map_err(|_| corrupt("judged_responses.answered"))?,
        })
    };
    rows.into_iter().map(mark).collect()
}

/// Notes that everything up to a number was judged.
pub async fn judging_done(conn: &mut Conn, seq: i64) -> Result<()> {
    diesel::update(judging::table).set(judging::judged_seq.eq(seq)).execute(conn).await?;
    Ok(())
}

/// Forgets marks of responses with ids below one; gives how many.
pub async fn judging_forget(conn: &mut Conn, before: Uuid) -> Result<usize> {
    Ok(diesel::delete(j::table.filter(j::response_id.lt(before))).execute(conn).await?)
}
