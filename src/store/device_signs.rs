//! Signs of life: the newest heartbeat of each device, and how many responses were received from it on the day of the
//! last one. One row a device, updated in place, see the migration.

use super::Conn;
use super::schema::device_signs;
use crate::domain::device::Heartbeat;
use crate::domain::ids::ClientId;
use crate::error::Result;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// Puts a heartbeat in the place of the one before.
pub async fn heartbeat_put(
    conn: &mut Conn,
    device: ClientId,
    at: DateTime<Utc>,
    beat: &Heartbeat,
) -> Result<()> {
    use device_signs as t;
    let told = (
        t::heartbeat_at.eq(at),
        t::clock_offset_ms.eq(beat.clock_offset_ms),
        t::backlog.eq(beat.backlog),
        t::oldest_answered_at.eq(beat.oldest_answered_at),
        t::app_version.eq(&beat.app_version),
        t::survey.eq(&beat.survey),
        t::questionnaire_version.eq(beat.questionnaire_version),
        t::battery_percent.eq(beat.battery_percent),
        t::storage_free_mb.eq(beat.storage_free_mb),
    );
    diesel::insert_into(t::table)
        .values((t::client_id.eq(device.0), told))
        .on_conflict(t::client_id)
        .do_update()
        .set(told)
        .execute(conn)
        .await?;
    Ok(())
}

/// How many responses were received from a device on a day, and when the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The device.
    pub device: ClientId,
    /// The day in Viet Nam.
    pub day: NaiveDate,
    /// How many.
    pub count: i64,
    /// When the last came.
    pub last: DateTime<Utc>,
}

/// Adds to the counts of the day. Each device at most once in `received`, which has to be sorted by device, so that
/// two instances wait for each other in one order.
pub async fn received_add(conn: &mut Conn, received: &[Received]) -> Result<()> {
    let column = |one: &Received| (one.device.0, (one.day, (one.count, one.last)));
    let (devices, rest): (Vec<Uuid>, Vec<_>) = received.iter().map(column).unzip();
    let (days, rest): (Vec<NaiveDate>, Vec<_>) = rest.into_iter().unzip();
    let (counts, lasts): (Vec<i64>, Vec<DateTime<Utc>>) = rest.into_iter().unzip();
    #[expect(
        clippy::disallowed_methods,
        reason = "the query builder cannot say CASE in an update on conflict"
    )]
    diesel::sql_query(
        "INSERT INTO device_signs AS s (client_id, received_on, received, last_response_at)
         SELECT * FROM unnest($1, $2, $3, $4)
         ON CONFLICT (client_id) DO UPDATE SET
             received = CASE WHEN s.received_on > excluded.received_on THEN s.received
                             WHEN s.received_on = excluded.received_on THEN s.received + excluded.received
                             ELSE excluded.received END,
             received_on = greatest(s.received_on, excluded.received_on),
             last_response_at = greatest(s.last_response_at, excluded.last_response_at)",
    )
    .bind::<Array<SqlUuid>, _>(devices)
    .bind::<Array<Date>, _>(days)
    .bind::<Array<BigInt>, _>(counts)
    .bind::<Array<Timestamptz>, _>(lasts)
    .execute(conn)
    .await?;
    Ok(())
}
