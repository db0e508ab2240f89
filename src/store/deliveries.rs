//! The outbox: events in the bytes they are sent in, and what became of each at each webhook. An event is written in the
//! transaction of what it tells of; sending takes a lease and never a transaction.

use super::paging::Page;
use super::schema::webhook_deliveries as d;
use super::schema::webhook_events as e;
use super::{Conn, corrupt};
use crate::domain::ids::AgencyId;
use crate::domain::webhook::{Delivery, DeliveryState, EventType};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, exists, min, not};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// Key of the lock that whoever writes events holds until its transaction ends: "EVNT".
const EVENT_LOCK: i64 = 0x4556_4e54;

/// What happened.
#[derive(Debug)]
pub struct NewEvent<'a> {
    /// Its id.
    pub id: Uuid,
    /// What.
    pub kind: EventType,
    /// Whose affair it is; `None`: the whole country's.
    pub agency: Option<AgencyId>,
    /// When.
    pub at: DateTime<Utc>,
    /// The body that is sent.
    pub payload: &'a [u8],
}

/// Writes an event down and puts it on its way to these webhooks. Whoever else writes one waits until the transaction
/// ends, so that the numbers are in the order of the commits and no later event overtakes an earlier one.
pub async fn event_insert(conn: &mut Conn, event: &NewEvent<'_>, webhooks: &[Uuid]) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the query builder cannot select nothing")]
    diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(EVENT_LOCK).execute(conn).await?;
    let agency = event.agency.map(|agency| agency.0);
    let seq: i64 = diesel::insert_into(e::table)
        .values((
            e::id.eq(event.id),
            e::type_.eq(event.kind.as_str()),
            e::agency_id.eq(agency),
            e::occurred_at.eq(event.at),
            e::payload.eq(event.payload),
        ))
        .returning(e::seq)
        .get_result(conn)
        .await?;
    let delivery = |webhook: &Uuid| {
        (d::webhook_id.eq(*webhook), d::event_seq.eq(seq), d::agency_id.eq(agency), d::due_at.eq(event.at))
    };
    let rows: Vec<_> = webhooks.iter().map(delivery).collect();
    diesel::insert_into(d::table).values(rows).execute(conn).await?;
    Ok(())
}

/// An event that is to be sent now, by whoever got this.
#[derive(Debug, Clone, QueryableByName)]
pub struct Due {
    /// To which webhook.
    #[diesel(sql_type = SqlUuid)]
    pub webhook_id: Uuid,
    /// Number of the event.
    #[diesel(sql_type = BigInt)]
    pub event_seq: i64,
    /// Id of the event.
    #[diesel(sql_type = SqlUuid)]
    pub event_id: Uuid,
    /// The body.
    #[diesel(sql_type = Binary)]
    pub payload: Vec<u8>,
    /// Attempts so far.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    /// The first of them.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub first_attempt_at: Option<DateTime<Utc>>,
    /// Where to.
    #[diesel(sql_type = Text)]
    pub url: String,
    /// What it is signed with.
    #[diesel(sql_type = Binary)]
    pub secret: Vec<u8>,
    /// What it is signed with beside.
    #[diesel(sql_type = Nullable<Binary>)]
    pub previous_secret: Option<Vec<u8>>,
    /// Until when.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub previous_until: Option<DateTime<Utc>>,
}

/// Takes what is due: of each webhook and agency only the oldest event that waits, so that none overtakes another.
/// Nobody else takes the same until the lease is over.
pub async fn deliveries_take(
    conn: &mut Conn,
    now: DateTime<Utc>,
    leased_until: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Due>> {
    #[expect(clippy::disallowed_methods, reason = "the query builder cannot update from a locked subquery")]
    let due = diesel::sql_query(
        "UPDATE webhook_deliveries d SET leased_until = $2
         FROM webhook_events e, webhooks w, (
             SELECT t.webhook_id, t.event_seq FROM webhook_deliveries t JOIN webhooks w ON w.id = t.webhook_id
             WHERE t.state = 'pending' AND w.state = 'active' AND t.due_at <= $1
               AND (t.leased_until IS NULL OR t.leased_until <= $1)
               AND NOT EXISTS (
                   SELECT FROM webhook_deliveries b
                   WHERE b.webhook_id = t.webhook_id AND coalesce(b.agency_id, 0) = coalesce(t.agency_id, 0)
                     AND b.event_seq < t.event_seq AND b.state = 'pending'
               )
             ORDER BY t.event_seq LIMIT $3 FOR UPDATE OF t SKIP LOCKED
         ) due
         WHERE d.webhook_id = due.webhook_id AND d.event_seq = due.event_seq AND e.seq = d.event_seq
           AND w.id = d.webhook_id
         RETURNING d.webhook_id, d.event_seq, e.id AS event_id, e.payload, d.attempts, d.first_attempt_at, w.url,
                   w.secret, w.previous_secret, w.previous_until",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(leased_until)
    .bind::<BigInt, _>(most)
    .load(conn)
    .await?;
    Ok(due)
}

/// What an attempt came to.
#[derive(Debug, Clone)]
pub struct Attempted {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Status of the receiver's answer, if there was one.
    pub status: Option<i16>,
    /// Why it failed; `None`: it did not.
    pub failure: Option<String>,
    /// What becomes of the event.
    pub state: DeliveryState,
    /// When it is tried again, while it waits.
    pub due_at: DateTime<Utc>,
}

/// Notes an attempt, and gives the lease back. A success tells that the receiver is there again: what else waits for it
/// is due at once.
pub async fn delivery_note(conn: &mut Conn, due: &Due, attempted: &Attempted) -> Result<()> {
    diesel::update(d::table.find((due.webhook_id, due.event_seq)))
        .set((
            d::state.eq(attempted.state.as_str()),
            d::attempts.eq(due.attempts + 1),
            d::first_attempt_at.eq(due.first_attempt_at.unwrap_or(attempted.at)),
            d::last_attempt_at.eq(attempted.at),
            d::last_status.eq(attempted.status),
            d::last_failure.eq(&attempted.failure),
            d::due_at.eq(attempted.due_at),
            d::leased_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    if attempted.state == DeliveryState::Delivered {
        hurry(conn, due.webhook_id, attempted.at).await?;
    }
    Ok(())
}

/// Makes everything that waits for a webhook due.
async fn hurry(conn: &mut Conn, webhook: Uuid, now: DateTime<Utc>) -> Result<()> {
    let waiting = d::table
        .filter(d::webhook_id.eq(webhook).and(d::state.eq(DeliveryState::Pending.as_str())))
        .filter(d::due_at.gt(now));
    diesel::update(waiting).set(d::due_at.eq(now)).execute(conn).await?;
    Ok(())
}

/// Makes everything that waits for a webhook due, its schedule from the beginning.
pub async fn deliveries_restart(conn: &mut Conn, webhook: Uuid, now: DateTime<Utc>) -> Result<()> {
    let waiting =
        d::table.filter(d::webhook_id.eq(webhook).and(d::state.eq(DeliveryState::Pending.as_str())));
    diesel::update(waiting)
        .set((d::due_at.eq(now), d::attempts.eq(0), d::first_attempt_at.eq(None::<DateTime<Utc>>)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Which events are sent again.
#[derive(Debug, Clone, Copy)]
pub enum Again {
    /// This one.
    One(Uuid),
    /// Those that happened at an instant or later.
    Since(DateTime<Utc>),
}

/// Sends events to a webhook again that were delivered or given up; gives how many. What waits, waits on.
pub async fn deliveries_replay(
    conn: &mut Conn,
    webhook: Uuid,
    again: Again,
    now: DateTime<Utc>,
) -> Result<usize> {
    let events = match again {
        Again::One(event) => e::table.filter(e::id.eq(event)).select(e::seq).into_boxed(),
        Again::Since(at) => e::table.filter(e::occurred_at.ge(at)).select(e::seq).into_boxed(),
    };
    let chosen = d::table
        .filter(d::webhook_id.eq(webhook).and(d::state.ne(DeliveryState::Pending.as_str())))
        .filter(d::event_seq.eq_any(events));
    let replayed = diesel::update(chosen)
        .set((
            d::state.eq(DeliveryState::Pending.as_str()),
            d::due_at.eq(now),
            d::attempts.eq(0),
            d::first_attempt_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    Ok(replayed)
}

/// Whether an event was meant for a webhook.
pub async fn delivery_exists(conn: &mut Conn, webhook: Uuid, event: Uuid) -> Result<bool> {
    let meant = d::table.inner_join(e::table).filter(d::webhook_id.eq(webhook).and(e::id.eq(event)));
    Ok(diesel::select(exists(meant)).get_result(conn).await?)
}

/// A page of what became of events at a webhook, the newest first.
///
/// # Errors
/// [`ErrorCode::InvalidCursor`].
pub async fn deliveries_list(
    conn: &mut Conn,
    webhook: Uuid,
    state: Option<DeliveryState>,
    page: &Page,
) -> Result<Vec<Delivery>> {
    type Event = (i64, Uuid, String, DateTime<Utc>, Option<i32>);
    type Fate = (String, i32, Option<DateTime<Utc>>, Option<i16>, Option<String>, DateTime<Utc>);
    let mut query = d::table
        .inner_join(e::table)
        .filter(d::webhook_id.eq(webhook))
        .order(d::event_seq.desc())
        .limit(page.limit_and_one())
        .select((
            (e::seq, e::id, e::type_, e::occurred_at, e::agency_id),
            (d::state, d::attempts, d::last_attempt_at, d::last_status, d::last_failure, d::due_at),
        ))
        .into_boxed();
    if let Some(after) = &page.after {
        let after: i64 = after.parse().map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(d::event_seq.lt(after));
    }
    if let Some(state) = state {
        query = query.filter(d::state.eq(state.as_str()));
    }
    let rows: Vec<(Event, Fate)> = query.load(conn).await?;
    let delivery = |((seq, event, kind, occurred_at, agency), fate): (Event, Fate)| {
        let (state, attempts, last_attempt_at, last_status, last_failure, due_at) = fate;
        Ok(Delivery {
            seq,
            event,
            kind: EventType::parse(&kind).map_err(|_| corrupt("webhook_events.type"))?,
            agency: agency.map(AgencyId),
            occurred_at,
            state: DeliveryState::parse(&state).map_err(|_| corrupt("webhook_deliveries.state"))?,
            attempts,
            last_attempt_at,
            last_status,
            last_failure,
            due_at,
        })
    };
    rows.into_iter().map(delivery).collect()
}

/// How many events wait for webhooks that are sent to, and when the oldest of them happened.
pub async fn deliveries_waiting(conn: &mut Conn) -> Result<(i64, Option<DateTime<Utc>>)> {
    use super::schema::webhooks as w;
    let waiting = d::table
        .inner_join(e::table)
        .inner_join(w::table)
        .filter(d::state.eq(DeliveryState::Pending.as_str()).and(w::state.eq("active")));
    Ok(waiting.select((count_star(), min(e::occurred_at))).first(conn).await?)
}

/// Forgets events from before an instant with all that became of them; gives how many.
pub async fn events_forget(conn: &mut Conn, before: DateTime<Utc>) -> Result<usize> {
    let old = e::table.filter(e::occurred_at.lt(before)).select(e::seq);
    diesel::delete(d::table.filter(d::event_seq.eq_any(old))).execute(conn).await?;
    let told = d::table.filter(d::event_seq.eq(e::seq));
    let old = e::table.filter(e::occurred_at.lt(before).and(not(exists(told))));
    Ok(diesel::delete(old).execute(conn).await?)
}
