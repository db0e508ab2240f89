//! Voiding: an administrator in charge asks with a reason, a second one from above the rated agency decides. Only then do
//! the response's counts leave the tallies; the response itself, the request and the reason stay. An office that holds
//! two credentials must not be able to void what it does not like to hear: so the second person stands above it, and so
//! does whoever refuses.

use super::Services;
use super::catalogue::current;
use super::flags::{ListQuery, Listed, listing};
use super::folding::by_number;
use super::standings::{self, Change};
use crate::auth::{Actor, policy};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::ids::ResponseId;
use crate::domain::redaction::redact;
use crate::domain::standing::{Standing, VoidRequest, VoidState};
use crate::error::{Error, ErrorCode, Faults, Result};
use crate::store::clients::client_record_find;
use crate::store::standings::{responses_unfolded, standings_of};
use crate::store::voids::{NewVoid, void_decide, void_find_newest, void_insert, voids_list};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::{DateTime, TimeDelta, Utc};

/// A request, and whether the call changed nothing.
#[derive(Debug)]
pub struct Told {
    /// As it stands now.
    pub request: VoidRequest,
    /// Code of the survey.
    pub survey: String,
    /// Code of the rated agency.
    pub agency: String,
    /// Whether it stood so before.
    pub replayed: bool,
}

/// Before when a request that is still pending has expired.
fn expired_before(services: &Services) -> DateTime<Utc> {
    services.clock.now() - TimeDelta::days(services.rules.void_days)
}

/// Asks that a response be void. The same client may repeat it with the same reason.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::ResponseNotFound`], also for one outside the
/// subtree; [`ErrorCode::VoidConflict`] if it is void, or another request is open;
/// [`ErrorCode::ValidationFailed`] (`month_dropped`).
pub async fn request(
    services: &Services,
    actor: &Actor,
    id: Option<ResponseId>,
    reason: &str,
) -> Result<Told> {
    let client = policy::voider(actor)?;
    // Read by systems and kept in the log: what an administrator copies from a citizen must not stay there either.
    let reason = &redact(reason);
    let id = id.ok_or_else(|| Error::new(ErrorCode::ResponseNotFound))?;
    let catalogue = current(services).await?;
    let now = services.clock.now();
    let work = async |conn: &mut Conn| {
        standings::refuse_dropped(conn, services, id).await?;
        let found = responses_unfolded(conn, &[id.uuid()]).await?.into_iter().next();
        let scope = found.as_ref().and_then(|one| policy::ask_for_void(client, &catalogue.tree, one.agency));
        let (response, scope) = found.zip(scope).ok_or_else(|| Error::new(ErrorCode::ResponseNotFound))?;
        let newest = void_find_newest(conn, id).await?;
        if let Some(late) = newest.filter(|newest| has_expired(services, newest)) {
            void_decide(conn, &late, VoidState::Expired, None).await?;
        }
        let (survey, agency, by) = (response.survey, response.agency, client.id);
        let new = NewVoid { response: id, survey, agency, reason, by, at: now };
        let entered = void_insert(conn, &scope, &new).await?;
        let request = void_find_newest(conn, id).await?.ok_or_else(|| Error::internal("no request"))?;
        let same = request.requested_by == by && request.reason == *reason;
        if !entered && (request.state != VoidState::Pending || !same) {
            return Err(Error::new(ErrorCode::VoidConflict));
        }
        if entered {
            record(conn, client, &request, Action::VoidRequested, now).await?;
        }
        Ok((request, !entered))
    };
    let (request, replayed) = services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    told(services, request, replayed).await
}

/// Confirms or refuses a request, as a second person. Whoever comes second with the same decision is told that it
/// stands.
///
/// # Errors
/// As [`request`]; [`ErrorCode::VoidNotFound`] if nobody asked, or too long ago; [`ErrorCode::NotAbove`] for the rated
/// agency itself; [`ErrorCode::SecondPersonNeeded`] for who asked, and for a client
/// that was made after that; [`ErrorCode::VoidConflict`] if it was decided
/// otherwise.
pub async fn decide(
    services: &Services,
    actor: &Actor,
    id: Option<ResponseId>,
    decision: VoidState,
) -> Result<Told> {
    let client = policy::voider(actor)?;
    let id = id.ok_or_else(|| Error::new(ErrorCode::ResponseNotFound))?;
    let catalogue = current(services).await?;
    let now = services.clock.now();
    let work = async |conn: &mut Conn| {
        let may_know = |agency| policy::may_ask_for_void(client, &catalogue.tree, agency);
        let response = standings::hold(conn, (services, &catalogue), id, may_know).await?;
        if !policy::may_decide(client, &catalogue.tree, response.agency) {
            return Err(Error::new(ErrorCode::NotAbove));
        }
        let newest = void_find_newest(conn, id).await?.filter(|newest| !has_expired(services, newest));
        let newest = newest.filter(|newest| newest.state != VoidState::Expired);
        let mut request = newest.ok_or_else(|| Error::new(ErrorCode::VoidNotFound))?;
        // Nor one whom the first may have made for it.
        let made = client_record_find(conn, client.id).await?.map(|record| record.created_at);
        if request.requested_by == client.id || made.is_none_or(|made| made > request.requested_at) {
            return Err(Error::new(ErrorCode::SecondPersonNeeded));
        }
        if request.state == decision {
            return Ok((request, true));
        }
        if request.state != VoidState::Pending {
            return Err(Error::new(ErrorCode::VoidConflict));
        }
        let before = standings_of(conn, &[id.uuid()]).await?.remove(&id.uuid()).unwrap_or(Standing::Counted);
        void_decide(conn, &request, decision, Some((client.id, now))).await?;
        (request.state, request.decided_by, request.decided_at) = (decision, Some(client.id), Some(now));
        if decision == VoidState::Confirmed {
            let change = Change { response, before, after: Standing::Void };
            standings::change(conn, &by_number(&catalogue.surveys), vec![change], now).await?;
        }
        let action =
            if decision == VoidState::Confirmed { Action::VoidConfirmed } else { Action::VoidRefused };
        record(conn, client, &request, action, now).await?;
        Ok((request, false))
    };
    let (request, replayed) = services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    told(services, request, replayed).await
}

fn has_expired(services: &Services, request: &VoidRequest) -> bool {
    request.state == VoidState::Pending && request.requested_at < expired_before(services)
}

async fn told(services: &Services, request: VoidRequest, replayed: bool) -> Result<Told> {
    let catalogue = current(services).await?;
    let survey = catalogue.surveys.values().find(|survey| survey.id == request.survey);
    let agency = catalogue.tree.get(request.agency);
    let missing = || Error::internal("a request names what the catalogue does not know");
    Ok(Told {
        survey: survey.ok_or_else(missing)?.code.clone(),
        agency: agency.ok_or_else(missing)?.code.to_string(),
        request,
        replayed,
    })
}

async fn record(
    conn: &mut Conn,
    client: &Client,
    request: &VoidRequest,
    action: Action,
    at: DateTime<Utc>,
) -> Result<()> {
    let entry = Entry {
        action,
        agency: Some(request.agency),
        object: request.response.uuid().to_string(),
        details: vec![("request", request.seq.to_string()), ("reason", request.reason.clone())],
    };
    super::audit::record(conn, By::Client(client), &entry, at).await
}

/// One page of requests about responses in the reader's charge, the newest first.
///
/// # Errors
/// As [`listing`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: &ListQuery<Option<VoidState>>,
    faults: Faults,
) -> Result<Listed<VoidRequest>> {
    let (catalogue, scope, page) = listing(services, actor, query, faults, "voids").await?;
    let narrowed = (query.filter, expired_before(services));
    let list = async |conn: &mut Conn| voids_list(conn, &scope, narrowed, &page).await;
    let mut items = services.db.within(SILENCE, list).await?;
    let next_cursor = page.cut(&mut items, |request| request.seq.to_string());
    for late in items.iter_mut().filter(|request| has_expired(services, request)) {
        late.state = VoidState::Expired;
    }
    Ok(Listed { items, next_cursor, catalogue })
}
