//! Visit tokens: issuing them, and believing them. `auth::visit` says what they are and where keys live.

mod trust;

pub use trust::Visits;

use super::Services;
use super::admission::{Admission, Answered};
use super::catalogue::{Catalogue, current};
use crate::auth::policy::Permission;
use crate::auth::visit::{SIGNING_LIFE, SealedVisit};
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::client::Client;
use crate::domain::ids::ResponseId;
use crate::domain::response::{Channel, ProcedureCode, ResponseDraft};
use crate::domain::visit::{MAX_VALID_HOURS, Visit, VisitId};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Result, VisitFault};
use crate::store::visit_keys::visit_keys_delete_before;
use crate::store::visit_uses::{visit_uses_delete_before, visit_uses_exist};
use crate::store::{Conn, Db, SILENCE};
use chrono::{DateTime, TimeDelta, Utc};
use trust::{issuer, own_key, public_key};

/// What is to be issued, as far as it could be read.
#[derive(Debug, Default)]
pub struct VisitsDraft {
    /// Code of the survey.
    pub survey: Option<String>,
    /// Code of the agency that is rated.
    pub rated_agency: Option<AgencyCode>,
    /// Code of the desk; a device that stands at one may leave it out.
    pub service_point: Option<String>,
    /// The procedure, if it is to be bound.
    pub procedure: Option<ProcedureCode>,
    /// Validity in hours.
    pub valid_hours: u16,
    /// How many tokens.
    pub count: u16,
}

/// What a visit is for, in the words of the world.
#[derive(Debug)]
pub struct VisitView {
    /// Code of the survey.
    pub survey: String,
    /// Code of the agency that is rated.
    pub rated_agency: String,
    /// Code of the desk.
    pub service_point: String,
    /// The procedure, if it is bound.
    pub procedure: Option<String>,
    /// From when on it may be used.
    pub issued_at: DateTime<Utc>,
    /// From when on no longer.
    pub expires_at: DateTime<Utc>,
    /// Whether it has rated.
    pub used: bool,
}

/// A visit that was shown, and who issued it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The visit.
    pub visit: Visit,
    /// Who issued it: what is sent with it counts as sent by that client.
    pub issuer: Client,
}

/// Issues visit tokens: what they are for, and the tokens.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`], [`ErrorCode::ValidationFailed`] with all faults.
pub async fn issue(
    services: &Services,
    actor: &Actor,
    draft: VisitsDraft,
    mut faults: Faults,
) -> Result<(VisitView, Vec<String>)> {
    let client = policy::visit_issuer(actor)?;
    let catalogue = current(services).await?;
    let now = services.clock.now();
    // What may be rated with a visit is what the issuer itself may rate, now.
    let VisitsDraft { procedure, valid_hours, count, survey, rated_agency, service_point } = draft;
    let admission = Admission { catalogue: &catalogue, client, now, max_days: None };
    let named = ResponseDraft { survey, rated_agency, service_point, ..ResponseDraft::default() };
    let answered = Answered::by(Some(ResponseId::make(now)), now);
    let survey = admission.survey(&named, answered, &mut faults);
    let desk = admission.desk(&named, answered, None, &mut faults);
    if desk.is_none() && !faults.any_at("/service_point") {
        faults.at("/service_point", FaultKind::Missing);
    }
    let rated = admission.rated(&named, answered, survey, desk, &mut faults);
    let (Some(survey), Some(desk), Some((agency, _)), true) = (survey, desk, rated, faults.is_empty()) else {
        return Err(Error::invalid(faults.into_vec(), now));
    };
    let key = own_key(services, now).await?;
    let visit = |_| Visit {
        id: VisitId::make(now),
        issuer: client.id,
        survey: survey.id,
        desk: desk.id,
        agency: agency.id,
        procedure: procedure.clone(),
        valid_hours,
    };
    let visits: Vec<Visit> = (0..count).map(visit).collect();
    let first = visits.first().ok_or_else(|| Error::internal("at least one visit"))?;
    let view = view(&catalogue, first).ok_or_else(|| Error::internal("what was just looked up"))?;
    Ok((view, visits.iter().map(|visit| key.signer.seal(key.number, visit)).collect()))
}

fn view(catalogue: &Catalogue, visit: &Visit) -> Option<VisitView> {
    Some(VisitView {
        survey: catalogue.surveys.values().find(|survey| survey.id == visit.survey)?.code.clone(),
        rated_agency: catalogue.tree.get(visit.agency)?.code.to_string(),
        service_point: catalogue.desk(visit.desk)?.code.clone(),
        procedure: visit.procedure.as_ref().map(|code| code.as_str().to_owned()),
        issued_at: visit.issued_at(),
        expires_at: visit.expires_at(),
        used: false,
    })
}

/// What the visit of a token is for, so that a page can show the right questions, and whether it has rated already.
///
/// # Errors
/// As [`authenticate`]; [`ErrorCode::Unavailable`] if the database is away.
pub async fn show(services: &Services, token: &str) -> Result<VisitView> {
    let shown = authenticate(services, token).await?;
    let catalogue = current(services).await?;
    let mut conn = services.db.conn().await?;
    let used = visit_uses_exist(&mut conn, shown.visit.id).await?;
    let view = view(&catalogue, &shown.visit).ok_or_else(|| Error::new(ErrorCode::TokenInvalid))?;
    Ok(VisitView { used, ..view })
}

/// The visit of a token that is shown in place of a credential, and so has to be good now.
///
/// # Errors
/// [`ErrorCode::TokenInvalid`], [`ErrorCode::TokenExpired`], [`ErrorCode::ClientRevoked`] if its issuer was.
pub async fn authenticate(services: &Services, token: &str) -> Result<Shown> {
    let shown = open(services, token).await?;
    if shown.visit.expires_at() <= services.clock.now() {
        return Err(Error::new(ErrorCode::TokenExpired));
    }
    Ok(shown)
}

/// The visit that a response shows, if it shows one. It may be over by now: what counts is when it was answered.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn shown(services: &Services, draft: &ResponseDraft, faults: &mut Faults) -> Result<Option<Visit>> {
    let Some(token) = &draft.visit else { return Ok(None) };
    match open(services, token).await {
        Ok(shown) => Ok(Some(shown.visit)),
        Err(error) if matches!(error.code, ErrorCode::TokenInvalid | ErrorCode::ClientRevoked) => {
            faults.at("/visit", FaultKind::Visit(VisitFault::Invalid));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What holds of a response that a citizen sends alone: it comes from a device of their own, has no number of a
/// device, and its visit is the one it is sent by.
pub fn by_citizen(draft: &mut ResponseDraft, faults: &mut Faults) {
    const OWN: &[&str] = &["own_phone", "web"];
    match draft.facets.channel {
        None if !faults.any_at("/channel") => draft.facets.channel = Some(Channel::OwnPhone),
        None | Some(Channel::OwnPhone | Channel::Web) => {}
        Some(_) => faults.at("/channel", FaultKind::NotAllowed { allowed: OWN }),
    }
    if draft.device_seq.take().is_some() {
        faults.at("/device_seq", FaultKind::ForDevicesOnly);
    }
    if draft.visit.is_some() {
        faults.at("/visit", FaultKind::Visit(VisitFault::Mismatch));
    }
}

async fn open(services: &Services, token: &str) -> Result<Shown> {
    let invalid = || Error::new(ErrorCode::TokenInvalid);
    let sealed = SealedVisit::parse(token).ok_or_else(invalid)?;
    let revision = current(services).await?.revision();
    let public = public_key(services, revision, sealed.key).await?.ok_or_else(invalid)?;
    let visit = sealed.open(&public).ok_or_else(invalid)?;
    let issuer = issuer(services, revision, visit.issuer).await?.ok_or_else(invalid)?;
    if issuer.revoked_at.is_some() {
        return Err(Error::new(ErrorCode::ClientRevoked));
    }
    if !policy::permissions_of(&issuer).contains(&Permission::IssueVisits) {
        return Err(invalid());
    }
    if issuer.terms.are_over(services.clock.now()) {
        return Err(Error::new(ErrorCode::ClientExpired));
    }
    Ok(Shown { visit, issuer })
}

/// Forgets visits and keys that can be of no use any more: a response answered in the last hour of the longest
/// validity is taken for `max_offline_days`. Gives how many visits.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn forget_old(db: &Db, now: DateTime<Utc>, max_offline_days: i64) -> Result<usize> {
    let limit = now - TimeDelta::hours(MAX_VALID_HOURS.into()) - TimeDelta::days(max_offline_days + 1);
    let forget = async |conn: &mut Conn| {
        visit_keys_delete_before(conn, limit - SIGNING_LIFE).await?;
        visit_uses_delete_before(conn, ResponseId::floor(limit)).await
    };
    db.within(SILENCE, forget).await
}
