//! Which responses may be stored: every rule is checked and every fault is told, whichever way a response came.

use super::catalogue::Catalogue;
use crate::auth::policy;
use crate::domain::agency::{Agency, ServicePoint};
use crate::domain::client::Client;
use crate::domain::ids::ResponseId;
use crate::domain::period::day_of;
use crate::domain::redaction::redact;
use crate::domain::response::{Answers, Response, ResponseDraft};
use crate::domain::survey::Survey;
use crate::domain::tree::AgencyScope;
use crate::error::{Error, FaultKind, Faults, Result};
use crate::store::responses::Admitted;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// How far a device's clock may run ahead.
const TOLERANCE_MINUTES: i64 = 5;

/// What a response is held against.
pub struct Admission<'a> {
    /// The catalogue as of now.
    pub catalogue: &'a Catalogue,
    /// Who sends it.
    pub client: &'a Client,
    /// The server's clock.
    pub now: DateTime<Utc>,
    /// Oldest response that is taken, in days; `None`: any age.
    pub max_days: Option<i64>,
}

impl Admission<'_> {
    /// The response as it may be stored; `faults` are those its reader found already.
    ///
    /// # Errors
    /// With all faults at once [`ValidationFailed`](crate::error::ErrorCode::ValidationFailed) or, for a wrong time,
    /// [`AnsweredInFuture`](crate::error::ErrorCode::AnsweredInFuture) or
    /// [`AnsweredTooLongAgo`](crate::error::ErrorCode::AnsweredTooLongAgo).
    pub fn admit(&self, draft: ResponseDraft, mut faults: Faults) -> Result<Admitted> {
        let id = self.id(&draft, &mut faults);
        let survey = self.survey(&draft, id, &mut faults);
        self.device_seq(&draft, &mut faults);
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
                        device_seq: draft.device_seq,
                        answers,
                        facets: draft.facets,
                        // Every way in passes here; what is taken out is not known to anything behind.
                        comment: draft.comment.as_deref().map(redact),
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
        } else if let Some(max_days) =
            self.max_days.filter(|days| id.answered_at() < self.now - TimeDelta::days(*days))
        {
            faults.at("/id", FaultKind::AnsweredTooLongAgo { max_days });
        } else if let Some(kept_from) =
            self.catalogue.kept_from.filter(|kept_from| day_of(id.answered_at()) < *kept_from)
        {
            faults.at("/id", FaultKind::MonthDropped { kept_from });
        }
        Some(id)
    }

    fn device_seq(&self, draft: &ResponseDraft, faults: &mut Faults) {
        if draft.device_seq.is_some() && !policy::may_number(self.client) {
            faults.at("/device_seq", FaultKind::ForDevicesOnly);
        }
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
