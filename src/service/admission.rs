//! Which responses may be stored: every rule is checked and every fault is told, whichever way a response came.

use super::catalogue::Catalogue;
use crate::auth::policy;
use crate::domain::agency::{Agency, ServicePoint};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::client::Client;
use crate::domain::ids::ResponseId;
use crate::domain::period::day_of;
use crate::domain::redaction::redact;
use crate::domain::response::{Answers, Facets, Form, Response, ResponseDraft};
use crate::domain::survey::Survey;
use crate::domain::visit::{Visit, VisitRule};
use crate::error::{Error, FaultKind, Faults, Result, VisitFault};
use crate::store::responses::Admitted;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
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

/// When a response was answered: reckoned once, and asked for by every rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    /// The instant; now, if the id does not tell.
    at: DateTime<Utc>,
    /// The day in Viet Nam; `None` if the id does not tell, and then nothing is held against a day.
    day: Option<NaiveDate>,
}

impl Answered {
    /// When the response of this id was answered, or one that is answered now.
    pub(super) fn by(id: Option<ResponseId>, now: DateTime<Utc>) -> Self {
        let at = id.map(ResponseId::answered_at);
        Self { at: at.unwrap_or(now), day: at.map(day_of) }
    }
}

impl Admission<'_> {
    /// The response as it may be stored; `visit` is the one it shows, `faults` are those its reader found already.
    ///
    /// # Errors
    /// With all faults at once [`ValidationFailed`](crate::error::ErrorCode::ValidationFailed) or, for a wrong time,
    /// [`AnsweredInFuture`](crate::error::ErrorCode::AnsweredInFuture) or
    /// [`AnsweredTooLongAgo`](crate::error::ErrorCode::AnsweredTooLongAgo).
    pub fn admit(
        &self,
        mut draft: ResponseDraft,
        visit: Option<Visit>,
        mut faults: Faults,
    ) -> Result<Admitted> {
        let id = self.id(&draft, &mut faults);
        let answered = Answered::by(id, self.now);
        if draft.id.is_some() {
            self.time(answered, &mut faults);
        }
        let survey = self.survey(&draft, answered, &mut faults);
        self.device_seq(&draft, &mut faults);
        let desk = self.desk(&draft, answered, visit.as_ref(), &mut faults);
        let rated = self.rated(&draft, answered, survey, desk, &mut faults);
        let rater = rated.as_ref().map(|(agency, _)| *agency);
        demand_visit(&draft, survey, visit.as_ref(), &mut faults);
        if let Some(visit) = &visit {
            hold_against(visit, answered, (survey, desk, rater), &mut draft.facets, &mut faults);
        }
        let answers = survey.and_then(|survey| answers(&draft, survey, &mut faults));
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
                        visit: visit.map(|visit| visit.id),
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
        let id = ResponseId::new(uuid);
        if id.is_none() {
            faults.at("/id", FaultKind::NotUuidV7);
        }
        id
    }

    /// The time of answering.
    fn time(&self, answered: Answered, faults: &mut Faults) {
        let Answered { at, day: Some(day) } = answered else { return };
        if at > self.now + TimeDelta::minutes(TOLERANCE_MINUTES) {
            faults.at("/id", FaultKind::AnsweredInFuture { tolerance_minutes: TOLERANCE_MINUTES });
        } else if let Some(max_days) = self.max_days.filter(|days| at < self.now - TimeDelta::days(*days)) {
            faults.at("/id", FaultKind::AnsweredTooLongAgo { max_days });
        } else if let Some(kept_from) = self.catalogue.kept_from.filter(|kept_from| day < *kept_from) {
            faults.at("/id", FaultKind::MonthDropped { kept_from });
        }
    }

    fn device_seq(&self, draft: &ResponseDraft, faults: &mut Faults) {
        if draft.device_seq.is_some() && !policy::may_number(self.client) {
            faults.at("/device_seq", FaultKind::ForDevicesOnly);
        }
    }

    /// The survey named.
    pub(super) fn survey(
        &self,
        draft: &ResponseDraft,
        answered: Answered,
        faults: &mut Faults,
    ) -> Option<&Arc<Survey>> {
        let survey = self.catalogue.surveys.get(draft.survey.as_ref()?);
        match survey {
            None => faults.at("/survey", FaultKind::UnknownSurvey),
            Some(survey) if !policy::may_answer(self.client, survey.id, answered.at) => {
                faults.at("/survey", FaultKind::UnknownSurvey);
                return None;
            }
            Some(survey) if answered.day.is_some_and(|day| !survey.window.covers(day)) => {
                faults.at("/survey", FaultKind::SurveyNotOpen);
            }
            Some(_) => {}
        }
        survey
    }

    /// The desk named, or the one the device stood at by then, or that of the visit. A desk outside the client's reach looks
    /// unknown.
    pub(super) fn desk(
        &self,
        draft: &ResponseDraft,
        answered: Answered,
        visit: Option<&Visit>,
        faults: &mut Faults,
    ) -> Option<&ServicePoint> {
        let named = match (&draft.service_point, self.client.place_at(answered.at).service_point) {
            (Some(code), _) => self.catalogue.desks.get(code),
            (None, Some(own)) => self.catalogue.desk(own),
            (None, None) => self.catalogue.desk(visit?.desk),
        };
        let desk = named.filter(|desk| {
            policy::may_use_desk(self.client, &self.catalogue.tree, desk, answered.at)
                && answered.day.is_none_or(|day| desk.valid.covers(day))
        });
        if desk.is_none() {
            faults.at("/service_point", FaultKind::UnknownServicePoint);
        }
        desk
    }

    /// The agency that is rated, and leave to do so.
    pub(super) fn rated(
        &self,
        draft: &ResponseDraft,
        answered: Answered,
        survey: Option<&Arc<Survey>>,
        desk: Option<&ServicePoint>,
        faults: &mut Faults,
    ) -> Option<(&Agency, AgencyScope)> {
        let code = draft.rated_agency.as_ref()?;
        let tree = &self.catalogue.tree;
        let found = tree.find(code).and_then(|agency| {
            let scope = policy::submit_response(self.client, tree, agency.id, desk, answered.at)?;
            Some((agency, scope))
        });
        let Some((agency, scope)) = found else {
            faults.at("/rated_agency", FaultKind::UnknownAgency);
            return None;
        };
        if answered.day.is_some_and(|day| !agency.valid.covers(day)) {
            faults.at("/rated_agency", FaultKind::AgencyNotValid);
        } else if survey.is_some_and(|survey| !survey.covers(tree, agency.id)) {
            faults.at("/rated_agency", FaultKind::AgencyOutsideSurvey);
        }
        Some((agency, scope))
    }
}

/// The answers, held against the form that was filled in; against none if it is not known which.
fn answers(draft: &ResponseDraft, survey: &Survey, faults: &mut Faults) -> Option<Answers> {
    if faults.any_at("/form") {
        return None;
    }
    let asked = match draft.form {
        None | Some(Form::Full) => None,
        Some(Form::Short) => match &survey.short_form {
            Some(asked) => Some(asked.as_slice()),
            None => {
                faults.at("/form", FaultKind::NoShortForm);
                return None;
            }
        },
    };
    Answers::complete(&survey.questionnaire, asked, draft.answers.as_ref()?, faults)
}

/// A survey may demand that a visit is shown. A token that nobody looked at counts for nothing.
fn demand_visit(
    draft: &ResponseDraft,
    survey: Option<&Arc<Survey>>,
    visit: Option<&Visit>,
    faults: &mut Faults,
) {
    if visit.is_some() || faults.any_at("/visit") {
        return;
    }
    if draft.visit.is_some() {
        faults.at("/visit", FaultKind::Visit(VisitFault::Invalid));
    } else if survey.is_some_and(|survey| survey.visits == VisitRule::Required) {
        faults.at("/visit", FaultKind::Visit(VisitFault::Required));
    }
}

/// A visit is good for what it was issued for, in its time. It tells the procedure of a response that does not.
fn hold_against(
    visit: &Visit,
    answered: Answered,
    (survey, desk, rated): (Option<&Arc<Survey>>, Option<&ServicePoint>, Option<&Agency>),
    facets: &mut Facets,
    faults: &mut Faults,
) {
    let procedure = facets.procedure.clone().or_else(|| visit.procedure.clone());
    let differs = [
        ("/survey", survey.is_some_and(|survey| survey.id != visit.survey)),
        ("/service_point", desk.is_some_and(|desk| desk.id != visit.desk)),
        ("/rated_agency", rated.is_some_and(|rated| rated.id != visit.agency)),
        ("/procedure", visit.procedure.is_some() && procedure != visit.procedure),
    ];
    for (place, _) in differs.into_iter().filter(|(_, differs)| *differs) {
        faults.at(place, FaultKind::Visit(VisitFault::Mismatch));
    }
    facets.procedure = procedure;
    if answered.day.is_some() && !visit.covers(answered.at) {
        let (from, to) = (visit.issued_at(), visit.expires_at());
        faults.at("/id", FaultKind::Visit(VisitFault::OutOfTime { from, to }));
    }
}
