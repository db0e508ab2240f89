//! Devices: what narrows them, and changes of it. What they are beside that is in [`super::clients`], how they are in
//! [`super::fleet`].

use super::schema::{clients, device_facts, device_places};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::client::{Client, ClientKind, Terms};
use crate::domain::device::{Facts, PastPlace, Place, Posting};
use crate::domain::ids::{AgencyId, ClientId, ServicePointId, SurveyId};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use uuid::Uuid;

/// What narrows a device; nothing does if there is none of this id.
pub async fn posting_find(conn: &mut Conn, id: ClientId) -> Result<Posting> {
    type Row = (Option<i32>, Option<DateTime<Utc>>);
    let row: Option<Row> = clients::table
        .find(id.0)
        .select((clients::survey_id, clients::suspended_at))
        .first(conn)
        .await
        .optional()?;
    let Some((survey, suspended_at)) = row else { return Ok(Posting::default()) };
    let earlier = places_list(conn, &[id]).await?.remove(&id).unwrap_or_default();
    Ok(Posting { survey: survey.map(SurveyId), suspended_at, earlier })
}

/// Where devices stood before, the oldest first.
pub async fn places_list(conn: &mut Conn, ids: &[ClientId]) -> Result<HashMap<ClientId, Vec<PastPlace>>> {
    use device_places as t;
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    type Row = (Uuid, Option<DateTime<Utc>>, DateTime<Utc>, i32, Option<i32>, Option<i32>);
    let rows: Vec<Row> = t::table
        .filter(t::client_id.eq_any(ids))
        .order(t::id)
        .select((t::client_id, t::since, t::until, t::agency_id, t::service_point_id, t::survey_id))
        .load(conn)
        .await?;
    let mut places: HashMap<ClientId, Vec<PastPlace>> = HashMap::new();
    for (device, since, until, agency, desk, survey) in rows {
        let (service_point, survey) = (desk.map(ServicePointId), survey.map(SurveyId));
        let place = Place { agency: Some(AgencyId(agency)), service_point, survey };
        places.entry(ClientId(device)).or_default().push(PastPlace { since, until, place });
    }
    Ok(places)
}

/// Enters a device with the hash of its secret and what it told about itself, where an invitation lets it stand.
pub async fn device_insert(
    conn: &mut Conn,
    device: &Client,
    facts: &Facts,
    secret_hash: &str,
    created_at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(device.id.0),
            clients::kind.eq(device.kind.as_str()),
            clients::name.eq(&device.name),
            clients::agency_id.eq(device.agency.map(|id| id.0)),
            clients::service_point_id.eq(device.service_point.map(|id| id.0)),
            clients::survey_id.eq(device.posting.survey.map(|id| id.0)),
            clients::secret_hash.eq(secret_hash),
            clients::created_at.eq(created_at),
        ))
        .execute(conn)
        .await?;
    use device_facts as t;
    diesel::insert_into(t::table)
        .values((
            t::client_id.eq(device.id.0),
            t::model.eq(&facts.model),
            t::app_version.eq(&facts.app_version),
            t::os.eq(&facts.os),
            t::os_version.eq(&facts.os_version),
            t::screen_width.eq(facts.screen.map(|(width, _)| width)),
            t::screen_height.eq(facts.screen.map(|(_, height)| height)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// A device that nobody else changes until the transaction ends.
#[derive(Debug)]
pub struct Held {
    /// The device.
    pub device: Client,
    /// Since when it stands where it does: from when it was made, if it was never moved.
    pub since: DateTime<Utc>,
    moved: bool,
}

/// Holds a device of the scope for a change, if there is one of this id.
pub async fn device_lock(conn: &mut Conn, scope: &AgencyScope, id: ClientId) -> Result<Option<Held>> {
    type Place = (Option<i32>, Option<i32>, Option<i32>);
    type Times = (DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
    let row: Option<(String, String, Place, Times)> = clients::table
        .find(id.0)
        .select((
            clients::kind,
            clients::name,
            (clients::agency_id, clients::service_point_id, clients::survey_id),
            (clients::created_at, clients::suspended_at, clients::revoked_at),
        ))
        .for_update()
        .first(conn)
        .await
        .optional()?;
    let Some((kind, name, (agency, desk, survey), (created_at, suspended_at, revoked_at))) = row else {
        return Ok(None);
    };
    let kind = ClientKind::parse(&kind).map_err(|_| corrupt("clients.kind"))?;
    let agency = agency.map(AgencyId);
    if kind != ClientKind::Device || !agency.is_some_and(|agency| scope.allows(agency)) {
        return Ok(None);
    }
    let earlier = places_list(conn, &[id]).await?.remove(&id).unwrap_or_default();
    let since = earlier.last().map(|past| past.until);
    let posting = Posting { survey: survey.map(SurveyId), suspended_at, earlier };
    let service_point = desk.map(ServicePointId);
    let device =
        Client { id, kind, name, agency, service_point, revoked_at, terms: Terms::default(), posting };
    Ok(Some(Held { device, since: since.unwrap_or(created_at), moved: since.is_some() }))
}

/// Calls a device otherwise.
pub async fn device_rename(conn: &mut Conn, held: &Held, name: &str) -> Result<()> {
    diesel::update(clients::table.find(held.device.id.0)).set(clients::name.eq(name)).execute(conn).await?;
    Ok(())
}

/// Suspends a device, or lets it work again.
pub async fn device_suspend(conn: &mut Conn, held: &Held, at: Option<DateTime<Utc>>) -> Result<()> {
    let row = clients::table.find(held.device.id.0);
    diesel::update(row).set(clients::suspended_at.eq(at)).execute(conn).await?;
    Ok(())
}

/// Puts a device elsewhere, from an instant on.
///
/// # Errors
/// [`ErrorCode::NotPermitted`] for an agency outside the scope.
pub async fn device_move(
    conn: &mut Conn,
    scope: &AgencyScope,
    held: &Held,
    place: Place,
    since: DateTime<Utc>,
) -> Result<()> {
    use device_places as t;
    let (Some(from), Some(to)) = (held.device.agency, place.agency.filter(|to| scope.allows(*to))) else {
        return Err(Error::new(ErrorCode::NotPermitted));
    };
    diesel::insert_into(t::table)
        .values((
            t::client_id.eq(held.device.id.0),
            t::since.eq(held.moved.then_some(held.since)),
            t::until.eq(since),
            t::agency_id.eq(from.0),
            t::service_point_id.eq(held.device.service_point.map(|id| id.0)),
            t::survey_id.eq(held.device.posting.survey.map(|id| id.0)),
        ))
        .execute(conn)
        .await?;
    diesel::update(clients::table.find(held.device.id.0))
        .set((
            clients::agency_id.eq(to.0),
            clients::service_point_id.eq(place.service_point.map(|id| id.0)),
            clients::survey_id.eq(place.survey.map(|id| id.0)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives a device another secret, if it may still work.
pub async fn device_secret_replace(conn: &mut Conn, id: ClientId, secret_hash: &str) -> Result<bool> {
    let at_work = clients::revoked_at.is_null().and(clients::suspended_at.is_null());
    let replaced = diesel::update(clients::table.find(id.0).filter(at_work))
        .set(clients::secret_hash.eq(secret_hash))
        .execute(conn)
        .await?;
    Ok(replaced > 0)
}

/// Whether a client was ended; one that is not there counts as ended.
pub async fn client_is_ended(conn: &mut Conn, id: ClientId) -> Result<bool> {
    let row: Option<(Uuid, Option<DateTime<Utc>>)> =
        clients::table.find(id.0).select((clients::id, clients::revoked_at)).first(conn).await.optional()?;
    Ok(row.is_none_or(|(_, revoked_at)| revoked_at.is_some()))
}
