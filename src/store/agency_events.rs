//! Events that changed the tree of agencies, and the facts they added. Open data like the agencies: no scope; who may
//! record one is decided before anything is planned.

use super::agencies::{CHUNK, NewVersion, agencies_insert, known, versions_insert};
use super::paging::Page;
use super::schema::{agencies, agency_event_agencies, agency_events, agency_successions};
use super::{Conn, corrupt};
use crate::domain::agency::AgencyCode;
use crate::domain::agency_event::{AgencyEvent, Role};
use crate::domain::agency_plan::Plan;
use crate::domain::ids::{AgencyId, ClientId};
use crate::error::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use num_traits::ToPrimitive;
use std::collections::HashMap;
use uuid::Uuid;

/// An event with the facts it adds.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its id.
    pub id: Uuid,
    /// One of [`Change::WORDS`](crate::domain::agency_event::Change::WORDS), or `import`.
    pub kind: &'static str,
    /// First day on which it is so.
    pub effective_on: NaiveDate,
    /// Its legal basis.
    pub basis: String,
    /// Who records it.
    pub client: Option<ClientId>,
    /// SHA-256 of what was asked for.
    pub digest: Vec<u8>,
    /// The facts.
    pub plan: Plan,
}

/// The digests that those of these events were recorded with that are there.
pub async fn agency_event_digests(conn: &mut Conn, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<u8>>> {
    let rows = agency_events::table
        .filter(agency_events::id.eq_any(ids))
        .select((agency_events::id, agency_events::content_digest));
    Ok(rows.load::<(Uuid, Vec<u8>)>(conn).await?.into_iter().collect())
}

/// Records events with their facts, in this order; to be called in a transaction that holds the catalogue's lock.
/// `ids` has the numbers of all agencies that are there; those opened are added.
pub async fn agency_events_insert(
    conn: &mut Conn,
    events: &[NewEvent],
    ids: &mut HashMap<AgencyCode, AgencyId>,
    now: DateTime<Utc>,
) -> Result<()> {
    for chunk in events.chunks(CHUNK) {
        let rows = chunk.iter().map(|event| {
            (
                agency_events::id.eq(event.id),
                agency_events::kind.eq(event.kind),
                agency_events::effective_on.eq(event.effective_on),
                agency_events::basis.eq(&event.basis),
                agency_events::client_id.eq(event.client.map(|client| client.0)),
                agency_events::recorded_at.eq(now),
                agency_events::content_digest.eq(&event.digest),
            )
        });
        diesel::insert_into(agency_events::table).values(rows.collect::<Vec<_>>()).execute(conn).await?;
    }
    for event in events.iter().filter(|event| !event.plan.opened.is_empty()) {
        let opened: Vec<_> = event.plan.opened.iter().collect();
        agencies_insert(conn, &opened, ids, Some(event.id)).await?;
    }
    let versions =
        events.iter().flat_map(|event| event.plan.versions.iter().map(move |version| (event, version)));
    let versions: Vec<NewVersion<'_>> = versions
        .map(|(event, version)| NewVersion {
            agency: &version.agency,
            from: event.effective_on,
            name: &version.name,
            parent: version.parent.as_ref(),
            unit_code: version.unit_code.as_deref(),
            event: Some(event.id),
        })
        .collect();
    versions_insert(conn, &versions, ids).await?;
    ends_update(conn, events, ids).await?;
    successions_insert(conn, events, ids).await?;
    parties_insert(conn, events, ids).await
}

async fn ends_update(
    conn: &mut Conn,
    events: &[NewEvent],
    ids: &HashMap<AgencyCode, AgencyId>,
) -> Result<()> {
    let mut by_day: HashMap<NaiveDate, Vec<i32>> = HashMap::new();
    for event in events {
        for code in &event.plan.ended {
            by_day.entry(event.effective_on).or_default().push(known(ids, code)?);
        }
    }
    for (day, ended) in by_day {
        diesel::update(agencies::table.filter(agencies::id.eq_any(ended)))
            .set(agencies::valid_to.eq(day))
            .execute(conn)
            .await?;
    }
    Ok(())
}

async fn successions_insert(
    conn: &mut Conn,
    events: &[NewEvent],
    ids: &HashMap<AgencyCode, AgencyId>,
) -> Result<()> {
    let number = |value: &u64| value.to_i64().ok_or_else(|| Error::internal("a share does not fit"));
    let mut rows = Vec::new();
    for event in events {
        for (before, after, share) in &event.plan.successions {
            rows.push((
                agency_successions::predecessor_id.eq(known(ids, before)?),
                agency_successions::successor_id.eq(known(ids, after)?),
                agency_successions::effective_on.eq(event.effective_on),
                agency_successions::numerator.eq(number(share.numer())?),
                agency_successions::denominator.eq(number(share.denom())?),
                agency_successions::event_id.eq(event.id),
            ));
        }
    }
    for chunk in rows.chunks(CHUNK) {
        diesel::insert_into(agency_successions::table).values(chunk.to_vec()).execute(conn).await?;
    }
    Ok(())
}

async fn parties_insert(
    conn: &mut Conn,
    events: &[NewEvent],
    ids: &HashMap<AgencyCode, AgencyId>,
) -> Result<()> {
    let mut rows = Vec::new();
    for event in events {
        for (code, role) in event.plan.parties() {
            rows.push((
                agency_event_agencies::event_id.eq(event.id),
                agency_event_agencies::agency_id.eq(known(ids, &code)?),
                agency_event_agencies::role.eq(role.as_str()),
            ));
        }
    }
    for chunk in rows.chunks(CHUNK) {
        diesel::insert_into(agency_event_agencies::table).values(chunk.to_vec()).execute(conn).await?;
    }
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = agency_events, check_for_backend(diesel::pg::Pg))]
struct EventRow {
    id: Uuid,
    seq: i64,
    kind: String,
    effective_on: NaiveDate,
    basis: String,
    client_id: Option<Uuid>,
    recorded_at: DateTime<Utc>,
}

/// One page of events in the order of recording, of one agency or of all.
pub async fn agency_events_list(
    conn: &mut Conn,
    agency: Option<AgencyId>,
    page: &Page,
) -> Result<Vec<AgencyEvent>> {
    let mut query = agency_events::table.select(EventRow::as_select()).into_boxed();
    if let Some(agency) = agency {
        let of_agency = agency_event_agencies::table
            .filter(agency_event_agencies::agency_id.eq(agency.0))
            .select(agency_event_agencies::event_id);
        query = query.filter(agency_events::id.eq_any(of_agency));
    }
    if let Some(after) = page.after.as_deref().and_then(|after| after.parse::<i64>().ok()) {
        query = query.filter(agency_events::seq.gt(after));
    }
    let rows = query.order(agency_events::seq.asc()).limit(page.limit_and_one()).load(conn).await?;
    with_parties(conn, rows).await
}

/// The event of this id, which was recorded.
pub async fn agency_event_fetch(conn: &mut Conn, id: Uuid) -> Result<AgencyEvent> {
    let row: EventRow = agency_events::table.find(id).select(EventRow::as_select()).first(conn).await?;
    let mut events = with_parties(conn, vec![row]).await?;
    events.pop().ok_or_else(|| corrupt("agency_events.id"))
}

async fn with_parties(conn: &mut Conn, rows: Vec<EventRow>) -> Result<Vec<AgencyEvent>> {
    let mut parties = parties_all(conn, rows.iter().map(|row| row.id).collect()).await?;
    let read = |row: EventRow| AgencyEvent {
        id: row.id,
        seq: row.seq,
        kind: row.kind,
        effective_on: row.effective_on,
        basis: row.basis,
        recorded_by: row.client_id.map(ClientId),
        recorded_at: row.recorded_at,
        parties: parties.remove(&row.id).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(read).collect())
}

async fn parties_all(conn: &mut Conn, events: Vec<Uuid>) -> Result<HashMap<Uuid, Vec<(AgencyCode, Role)>>> {
    let rows: Vec<(Uuid, String, String)> = agency_event_agencies::table
        .inner_join(agencies::table)
        .filter(agency_event_agencies::event_id.eq_any(events))
        .order((agencies::code, agency_event_agencies::role))
        .select((agency_event_agencies::event_id, agencies::code, agency_event_agencies::role))
        .load(conn)
        .await?;
    let mut parties: HashMap<Uuid, Vec<(AgencyCode, Role)>> = HashMap::new();
    for (event, code, role) in rows {
        let code = AgencyCode::parse(&code).map_err(|_| corrupt("agencies.code"))?;
        let role = Role::parse(&role).ok_or_else(|| corrupt("agency_event_agencies.role"))?;
        parties.entry(event).or_default().push((code, role));
    }
    Ok(parties)
}
