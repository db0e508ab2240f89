//! Enrolment: an administrator invites a device to a desk, whoever has the code becomes that device, once.

use super::catalogue::{Catalogue, current};
use super::device_changes::{desk_of, survey_of};
use super::fleet::{PlaceCodes, codes};
use super::{Services, audit};
use crate::auth::{Actor, enrolment_code, policy, secret};
use crate::domain::agency::AgencyCode;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::{Client, ClientKind};
use crate::domain::device::{Facts, Invitation, InvitationState, Place, Posting, Used};
use crate::domain::ids::{ClientId, uuid_v7};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place as FaultPlace, Result};
use crate::store::devices::{client_is_ended, device_insert, device_secret_replace};
use crate::store::enrolments::{
    invitation_find, invitation_insert, invitation_lock, invitation_revoke, invitation_use, invitations_list,
};
use crate::store::paging::Page;
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// Minutes an invitation is good for where nothing is said.
pub const DEFAULT_MINUTES: i64 = 60;

/// Most minutes an invitation is good for: seven days.
pub const MAX_MINUTES: i64 = 7 * 24 * 60;

/// What an administrator asks for. A field that was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone)]
pub struct InvitationDraft {
    /// Code of the desk.
    pub service_point: Option<String>,
    /// Code of the survey.
    pub survey: Option<String>,
    /// What the device will be called.
    pub name: Option<String>,
    /// Minutes it is good for.
    pub minutes: i64,
}

/// An invitation with what only the catalogue and the clock know.
#[derive(Debug, Clone)]
pub struct InvitationView {
    /// The invitation.
    pub invitation: Invitation,
    /// Where the device will stand.
    pub place: PlaceCodes,
    /// What it is good for.
    pub state: InvitationState,
}

impl InvitationView {
    fn new(catalogue: &Catalogue, invitation: Invitation, now: DateTime<Utc>) -> Self {
        let place = Place {
            agency: Some(invitation.agency),
            service_point: Some(invitation.service_point),
            survey: invitation.survey,
        };
        Self { place: codes(catalogue, place), state: invitation.state_at(now), invitation }
    }
}

/// A new invitation; its code is shown this once.
#[derive(Debug)]
pub struct Invited {
    /// The invitation.
    pub view: InvitationView,
    /// Its code.
    pub code: String,
    /// The page that enrols a device that opens it. The code stands behind `#`, which no browser sends to anybody.
    pub link: String,
}

/// Invites a device to a desk. `faults` are those the reader found.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::ValidationFailed`], also for a desk outside the
/// actor's subtree.
pub async fn invite(
    services: &Services,
    actor: &Actor,
    draft: InvitationDraft,
    mut faults: Faults,
) -> Result<Invited> {
    let keeper = policy::device_keeper(actor)?;
    let catalogue = current(services).await?;
    let now = services.clock.now();
    let desk = desk_of(&catalogue, keeper, draft.service_point.as_deref(), now, &mut faults);
    let survey = draft.survey.and_then(|code| survey_of(&catalogue, &code, now, &mut faults));
    let scope = desk.and_then(|(agency, _)| policy::keep_devices(keeper, &catalogue.tree, Some(agency)));
    let Some(((agency, service_point), scope)) = desk.zip(scope).filter(|_| faults.is_empty()) else {
        return Err(Error::invalid(faults.into_vec(), now));
    };
    let invitation = Invitation {
        id: uuid_v7(now),
        agency,
        service_point,
        survey,
        name: draft.name,
        invited_by: keeper.id,
        invited_at: now,
        expires_at: now + TimeDelta::minutes(draft.minutes),
        revoked_at: None,
        used: None,
    };
    let code = enrolment_code::generate();
    let view = InvitationView::new(&catalogue, invitation, now);
    let work = async |conn: &mut Conn| {
        let invitation = &view.invitation;
        invitation_insert(conn, &scope, invitation, &enrolment_code::hash(&code)).await?;
        let details = vec![
            ("service_point", view.place.service_point.clone().unwrap_or_default()),
            ("survey", view.place.survey.clone().unwrap_or_default()),
            ("expires_at", invitation.expires_at.to_rfc3339()),
        ];
        let object = invitation.id.to_string();
        let entry = Entry { action: Action::DeviceInvited, agency: Some(agency), object, details };
        audit::record(conn, By::Client(keeper), &entry, now).await
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    let link = format!("{}/kiosk#enrol={code}", services.rules.public_url);
    Ok(Invited { view, code, link })
}

/// One page of the invitations of an agency and those below it, the newest first; by default of the own subtree.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::ValidationFailed`] for an agency that the actor
/// may not know of; [`ErrorCode::InvalidCursor`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    agency: Option<&AgencyCode>,
    (limit, cursor): (i64, Option<&str>),
) -> Result<(Vec<InvitationView>, Option<String>)> {
    let keeper = policy::device_keeper(actor)?;
    let catalogue = current(services).await?;
    let now = services.clock.now();
    let found = agency.map(|code| catalogue.tree.find(code).map(|agency| agency.id));
    let scope = match found {
        Some(None) => None,
        Some(Some(agency)) => policy::keep_devices(keeper, &catalogue.tree, Some(agency)),
        None => policy::keep_devices(keeper, &catalogue.tree, None),
    };
    let Some(scope) = scope else {
        let mut faults = Faults::default();
        faults.push(FaultPlace::Parameter("agency".into()), FaultKind::UnknownAgency);
        return Err(Error::invalid(faults.into_vec(), now));
    };
    let page = Page::new(limit, cursor, &format!("invitations {agency:?}"))?;
    let read = async |conn: &mut Conn| invitations_list(conn, &scope, &page).await;
    let mut items = services.db.within(SILENCE, read).await?;
    let next = page.cut(&mut items, |item| item.id.to_string());
    Ok((items.into_iter().map(|item| InvitationView::new(&catalogue, item, now)).collect(), next))
}

/// Takes an invitation back (`None`: of an id that is none). One that is back already, or over, stays so.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::InvitationNotFound`] also outside the actor's
/// subtree; [`ErrorCode::InvitationUsed`].
pub async fn revoke(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<InvitationView> {
    let keeper = policy::device_keeper(actor)?;
    let catalogue = current(services).await?;
    let not_found = || Error::new(ErrorCode::InvitationNotFound);
    let id = id.ok_or_else(not_found)?;
    let now = services.clock.now();
    let work = async |conn: &mut Conn| {
        let held = invitation_lock(conn, id).await?.ok_or_else(not_found)?;
        policy::keep_devices(keeper, &catalogue.tree, Some(held.agency)).ok_or_else(not_found)?;
        match held.state_at(now) {
            InvitationState::Used => return Err(Error::new(ErrorCode::InvitationUsed)),
            InvitationState::Revoked | InvitationState::Expired => return Ok(held),
            InvitationState::Open => {}
        }
        invitation_revoke(conn, id, now).await?;
        let details = vec![("revoked", "true".to_owned())];
        let (agency, object) = (Some(held.agency), id.to_string());
        let entry = Entry { action: Action::DeviceInvited, agency, object, details };
        audit::record(conn, By::Client(keeper), &entry, now).await?;
        Ok(Invitation { revoked_at: Some(now), ..held })
    };
    let invitation = services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    Ok(InvitationView::new(&catalogue, invitation, now))
}

/// What a device sends to enrol. A field that was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone)]
pub struct EnrolmentDraft {
    /// The code, as it was typed or scanned.
    pub code: Option<String>,
    /// Made by the device, once for each enrolment: the same again asks for an answer that was lost.
    pub attempt: Option<Uuid>,
    /// What it tells about itself.
    pub facts: Option<Facts>,
}

/// A device that is enrolled.
#[derive(Debug)]
pub struct Enrolled {
    /// Its id.
    pub id: ClientId,
    /// Its secret, shown this once.
    pub secret: String,
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub place: PlaceCodes,
    /// Whether it was enrolled before and asked again.
    pub replayed: bool,
}

/// Makes a device of whoever has the code of an invitation. The same attempt again gets another secret for the same
/// device, for ten minutes: secrets are kept as hashes, the one that was lost cannot be told again.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`]; [`ErrorCode::InvitationNotFound`], one and the same after one and the same look-up,
/// whether the code never was, is over, was taken back or used, or its inviter was ended.
pub async fn enrol(services: &Services, draft: EnrolmentDraft, faults: Faults) -> Result<Enrolled> {
    let now = services.clock.now();
    let (Some(code), Some(attempt), Some(facts), true) =
        (draft.code, draft.attempt, draft.facts, faults.is_empty())
    else {
        return Err(Error::invalid(faults.into_vec(), now));
    };
    let refused = || Error::new(ErrorCode::InvitationNotFound);
    let hash = enrolment_code::hash(&code);
    let found = services.db.within(SILENCE, async |conn| invitation_find(conn, &hash).await).await?;
    let found = found.filter(|invitation| invitation.admits(attempt, now)).ok_or_else(refused)?;
    let catalogue = current(services).await?;
    // Hashed before the transaction, which others may wait for; only whoever has a good code costs a hash.
    let secret = secret::generate();
    let secret_hash = {
        let _turn = services.hashing.acquire().await.map_err(Error::internal)?;
        let secret = secret.clone();
        tokio::task::spawn_blocking(move || secret::hash(&secret)).await.map_err(Error::internal)??
    };
    let work = async |conn: &mut Conn| {
        let held = invitation_lock(conn, found.id).await?.filter(|held| held.admits(attempt, now));
        let held = held.ok_or_else(refused)?;
        if client_is_ended(conn, held.invited_by).await? {
            return Err(refused());
        }
        let device = device_of(&held, &facts, now);
        let mut details = vec![("invitation", held.id.to_string()), ("model", facts.model.clone())];
        match held.used {
            Some(used) => {
                if !device_secret_replace(conn, used.client, &secret_hash).await? {
                    return Err(refused());
                }
                details.push(("again", "true".to_owned()));
            }
            None => {
                device_insert(conn, &device, &facts, &secret_hash, now).await?;
                invitation_use(conn, held.id, Used { client: device.id, at: now, attempt }).await?;
            }
        }
        let object = device.id.0.to_string();
        let entry = Entry { action: Action::DeviceEnrolled, agency: device.agency, object, details };
        audit::record(conn, By::Client(&device), &entry, now).await?;
        Ok((device, held.used.is_some()))
    };
    let (device, replayed) = services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    let place = codes(&catalogue, device.place());
    Ok(Enrolled { id: device.id, secret, name: device.name, place, replayed })
}

/// The device that an invitation makes, or made.
fn device_of(held: &Invitation, facts: &Facts, now: DateTime<Utc>) -> Client {
    Client {
        id: held.used.map_or_else(|| ClientId(uuid_v7(now)), |used| used.client),
        kind: ClientKind::Device,
        name: held.name.clone().unwrap_or_else(|| facts.model.clone()),
        agency: Some(held.agency),
        service_point: Some(held.service_point),
        revoked_at: None,
        posting: Posting { survey: held.survey, ..Posting::default() },
    }
}
