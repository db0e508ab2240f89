//! Taking in a response: every rule is checked, every fault is told, then it is stored once.

use super::Services;
use super::catalogue::{Catalogue, current};
use crate::auth::{Actor, policy};
use crate::domain::agency::{Agency, ServicePoint};
use crate::domain::client::Client;
use crate::domain::ids::ResponseId;
use crate::domain::period::day_of;
use crate::domain::response::{Answers, Response, ResponseDraft};
use crate::domain::survey::Survey;
use crate::domain::tree::AgencyScope;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Result};
use crate::store::responses::{Admitted, Outcome};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// How far a device's clock may run ahead.
const TOLERANCE_MINUTES: i64 = 5;

/// A response that is stored.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// Its id.
    pub id: ResponseId,
    /// Whether it was stored before.
    pub replayed: bool,
}

/// Stores a response once. `faults` are those the reader of the request found already.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`] for a wrong actor; with all faults at once
/// [`ErrorCode::ValidationFailed`], [`ErrorCode::AnsweredInFuture`] or [`ErrorCode::AnsweredTooLongAgo`];
/// [`ErrorCode::ResponseConflict`] if the id is stored with other content.
pub async fn submit(
    services: &Services,
    actor: &Actor,
    draft: ResponseDraft,
    faults: Faults,
) -> Result<Stored> {
    let client = policy::submitter(actor)?;
    let catalogue = current(services).await?;
    let now = services.clock.now();
    let check = Check { catalogue: &catalogue, client, now, max_days: services.rules.max_offline_days };
    let admitted = check.admit(draft, faults)?;
    let id = admitted.response().id;
    match services.intake.store(admitted).await? {
        Outcome::Created => Ok(Stored { id, replayed: false }),
        Outcome::Replayed => Ok(Stored { id, replayed: true }),
        Outcome::Conflict => Err(Error::new(ErrorCode::ResponseConflict)),
    }
}

/// What one response is held against.
struct Check<'a> {
    catalogue: &'a Catalogue,
    client: &'a Client,
    now: DateTime<Utc>,
    max_days: i64,
}

impl Check<'_> {
    fn admit(&self, draft: ResponseDraft, mut faults: Faults) -> Result<Admitted> {
        let id = self.id(&draft, &mut faults);
        let survey = self.survey(&draft, id, &mut faults);
        let desk = self.desk(&draft, id, &mut faults);
        let rated = self.rated(&draft, id, survey, desk, &mut faults);
        let answers = survey
            .zip(draft.answers.as_ref())
            .and_then(|(survey, answers)| Answers::complete(&survey.questionnaire, answers, &mut faults));
        match (id, survey, rated, answers) {
            (Some(id), Some(survey), Some((agency, scope)), Some(answers)) if faults.is_empty() => {
                Admitted::new(
                    &scope,
                    Response {
                        id,
                        survey: survey.clone(),
                        rated_agency: agency.id,
                        service_point: desk.map(|desk| desk.id),
                        client: self.client.id,
                        answers,
                        facets: draft.facets,
                        comment: draft.comment,
                    },
                )
            }
            _ => Err(Error::invalid(faults.into_vec(), self.now)),
        }
    }

    fn id(&self, draft: &ResponseDraft, faults: &mut Faults) -> Option<ResponseId> {
        let Some(uuid) = draft.id else { return Some(ResponseId::make(self.now)) };
        let Some(id) = ResponseId::new(uuid) else {
            faults.at("/id", FaultKind::NotUuidV7);
            return None;
        };
        if id.answered_at() > self.now + TimeDelta::minutes(TOLERANCE_MINUTES) {
            faults.at("/id", FaultKind::AnsweredInFuture { tolerance_minutes: TOLERANCE_MINUTES });
        } else if id.answered_at() < self.now - TimeDelta::days(self.max_days) {
            faults.at("/id", FaultKind::AnsweredTooLongAgo { max_days: self.max_days });
        }
        Some(id)
    }

    fn survey(
        &self,
        draft: &ResponseDraft,
        id: Option<ResponseId>,
        faults: &mut Faults,
    ) -> Option<&Arc<Survey>> {
        let survey = self.catalogue.surveys.get(draft.survey.as_ref()?);
        match survey {
            None => faults.at("/survey", FaultKind::UnknownSurvey),
            Some(survey) if id.is_some_and(|id| !survey.window.covers(day_of(id.answered_at()))) => {
                faults.at("/survey", FaultKind::SurveyNotOpen);
            }
            Some(_) => {}
        }
        survey
    }

    /// The desk named, or the one the device stands at. A desk outside the client's reach looks unknown.
    fn desk(
        &self,
        draft: &ResponseDraft,
        id: Option<ResponseId>,
        faults: &mut Faults,
    ) -> Option<&ServicePoint> {
        let named = match (&draft.service_point, self.client.service_point) {
            (Some(code), _) => self.catalogue.desks.get(code),
            (None, Some(own)) => self.catalogue.desk(own),
            (None, None) => return None,
        };
        let desk = named.filter(|desk| {
            policy::may_use_desk(self.client, &self.catalogue.tree, desk)
                && id.is_none_or(|id| desk.valid.covers(day_of(id.answered_at())))
        });
        if desk.is_none() {
            faults.at("/service_point", FaultKind::UnknownServicePoint);
        }
        desk
    }

    fn rated(
        &self,
        draft: &ResponseDraft,
        id: Option<ResponseId>,
        survey: Option<&Arc<Survey>>,
        desk: Option<&ServicePoint>,
        faults: &mut Faults,
    ) -> Option<(&Agency, AgencyScope)> {
        let code = draft.rated_agency.as_ref()?;
        let tree = &self.catalogue.tree;
        let found = tree.find(code).and_then(|agency| {
            let scope = policy::submit_response(self.client, tree, agency.id, desk)?;
            Some((agency, scope))
        });
        let Some((agency, scope)) = found else {
            faults.at("/rated_agency", FaultKind::UnknownAgency);
            return None;
        };
        if id.is_some_and(|id| !agency.valid.covers(day_of(id.answered_at()))) {
            faults.at("/rated_agency", FaultKind::AgencyNotValid);
        } else if survey.is_some_and(|survey| !survey.covers(tree, agency.id)) {
            faults.at("/rated_agency", FaultKind::AgencyOutsideSurvey);
        }
        Some((agency, scope))
    }
}
