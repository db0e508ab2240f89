//! Targets set, changed and ended by administrators. Nothing is rewritten: each call that changes something adds a row.

use crate::auth::{Actor, policy};
use crate::catalogue::measure;
use crate::domain::agency::AgencyCode;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::amount::Amount;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::measure::MeasureCode;
use crate::domain::period::Period;
use crate::domain::target::{Aim, Target, TargetSubject};
use crate::error::{Error, ErrorCode, FaultKind, Faults, FigureFault, MeasureFault, Place, Result};
use crate::index::Formula;
use crate::service::Services;
use crate::service::audit;
use crate::service::catalogue::{Catalogue, current};
use crate::store::targets::{NewTarget, target_history, target_insert};
use crate::store::{AsyncConnection, Conn, SILENCE};
use num_traits::ToPrimitive;
use std::sync::Arc;

/// Which target. What was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone)]
pub struct TargetPlace {
    /// Of whom.
    pub agency: Option<AgencyCode>,
    /// About what.
    pub subject: Option<TargetSubject>,
    /// For when.
    pub period: Option<Period>,
}

/// What is to be set. What was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone)]
pub struct TargetDraft {
    /// What shall be reached.
    pub aim: Aim,
    /// The plan or decision it stands in.
    pub basis: Option<String>,
}

/// A target, and whether the call changed nothing.
#[derive(Debug)]
pub struct SetTarget {
    /// As it stands now.
    pub target: Target,
    /// Whether it stood so before.
    pub replayed: bool,
}

/// Who sets a target, and where.
struct Grant<'a> {
    client: &'a Client,
    catalogue: Arc<Catalogue>,
    agency: AgencyId,
    scope: AgencyScope,
}

async fn grant<'a>(services: &Services, actor: &'a Actor, code: Option<&AgencyCode>) -> Result<Grant<'a>> {
    let client = policy::target_setter(actor)?;
    let catalogue = current(services).await?;
    let agency = code.and_then(|code| catalogue.tree.find(code)).map(|agency| agency.id);
    let scope = agency.and_then(|agency| policy::set_targets(client, &catalogue.tree, agency));
    let (agency, scope) = agency.zip(scope).ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    Ok(Grant { client, catalogue, agency, scope })
}

/// Sets a target, or changes the one that was set. `faults` are those the reader found already.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::AgencyNotFound`] also outside the client's
/// subtree; [`ErrorCode::TargetConflict`] if another one changes it at the same moment;
/// [`ErrorCode::ValidationFailed`], also for an unknown survey, formula or measure, or a value off its scale.
pub async fn set(
    services: &Services,
    actor: &Actor,
    place: TargetPlace,
    draft: TargetDraft,
    mut faults: Faults,
) -> Result<SetTarget> {
    let grant = grant(services, actor, place.agency.as_ref()).await?;
    let survey = match &place.subject {
        Some(TargetSubject::Figure { survey, formula }) => {
            check_figure(&grant.catalogue, (survey, formula), draft.aim, &mut faults)
        }
        Some(TargetSubject::Measure(code)) => {
            check_measure(code, place.period.as_ref(), draft.aim, &mut faults);
            None
        }
        None => None,
    };
    let (Some(subject), Some(period), true) = (place.subject, place.period, faults.is_empty()) else {
        return Err(Error::invalid(faults.into_vec(), services.clock.now()));
    };
    let change = Change { subject, period, survey, aim: Some(draft.aim), basis: draft.basis };
    enter(services, &grant, place.agency.as_ref(), change).await
}

/// Ends a target: from then on the one of the agency above counts, or none. May be repeated.
///
/// # Errors
/// As [`set`]; [`ErrorCode::TargetNotFound`] if none was ever set.
pub async fn end(services: &Services, actor: &Actor, place: TargetPlace) -> Result<SetTarget> {
    let grant = grant(services, actor, place.agency.as_ref()).await?;
    let missing = || Error::new(ErrorCode::TargetNotFound);
    let (subject, period) = place.subject.zip(place.period).ok_or_else(missing)?;
    let survey = match &subject {
        TargetSubject::Figure { survey, .. } => {
            Some(grant.catalogue.surveys.get(survey.as_str()).ok_or_else(missing)?.id)
        }
        TargetSubject::Measure(_) => None,
    };
    let change = Change { subject, period, survey, aim: None, basis: None };
    enter(services, &grant, place.agency.as_ref(), change).await
}

/// What is to stand from now on.
struct Change {
    subject: TargetSubject,
    period: Period,
    survey: Option<SurveyId>,
    aim: Option<Aim>,
    basis: Option<String>,
}

async fn enter(
    services: &Services,
    grant: &Grant<'_>,
    code: Option<&AgencyCode>,
    change: Change,
) -> Result<SetTarget> {
    let now = services.clock.now();
    let store = async |conn: &mut Conn| -> Result<SetTarget> {
        let known = target_history(conn, grant.agency, &change.subject, &change.period).await?;
        let newest = known.into_iter().next_back();
        if change.aim.is_none() && newest.is_none() {
            return Err(Error::new(ErrorCode::TargetNotFound));
        }
        let replaces = newest.as_ref().map(|newest| newest.seq);
        let same = |newest: &Target| newest.aim == change.aim && newest.basis == change.basis;
        if let Some(target) = newest.filter(same) {
            return Ok(SetTarget { target, replayed: true });
        }
        let new = NewTarget {
            agency: grant.agency,
            subject: &change.subject,
            survey: change.survey,
            period: &change.period,
            aim: change.aim,
            basis: change.basis.as_deref(),
            replaces,
            by: grant.client.id,
            at: now,
        };
        let seq = target_insert(conn, &grant.scope, &new).await?;
        let seq = seq.ok_or_else(|| Error::new(ErrorCode::TargetConflict))?;
        let target = Target {
            seq,
            agency: grant.agency,
            subject: change.subject,
            period: change.period,
            aim: change.aim,
            basis: change.basis,
            replaces,
            set_by: grant.client.id,
            set_at: now,
        };
        audit::record(conn, By::Client(grant.client), &entry(&target, code), now).await?;
        Ok(SetTarget { target, replayed: false })
    };
    services.db.within(SILENCE, async |conn| conn.transaction(store).await).await
}

fn entry(target: &Target, code: Option<&AgencyCode>) -> Entry {
    let mut details = vec![
        ("subject", target.subject.to_string()),
        ("period", target.period.code().unwrap_or_default().to_owned()),
        ("target", target.seq.to_string()),
    ];
    let aim = target.aim;
    details.extend(aim.and_then(|aim| aim.at_least).map(|value| ("at_least", value.to_string())));
    details.extend(aim.and_then(|aim| aim.rank_at_most).map(|rank| ("rank_at_most", rank.to_string())));
    Entry {
        action: if aim.is_some() { Action::TargetSet } else { Action::TargetEnded },
        agency: Some(target.agency),
        object: code.map(ToString::to_string).unwrap_or_default(),
        details,
    }
}

fn at(pointer: &str) -> Place {
    Place::Pointer(pointer.into())
}

/// A figure has a value on its formula's range, with the decimals it is published with, and no rank.
fn check_figure(
    catalogue: &Catalogue,
    (survey, formula): (&str, &str),
    aim: Aim,
    faults: &mut Faults,
) -> Option<SurveyId> {
    if aim.rank_at_most.is_some() {
        faults.push(at("/rank_at_most"), FaultKind::Unknown);
    }
    if aim.at_least.is_none() && !faults.any_at("/at_least") {
        faults.push(at("/at_least"), FaultKind::Missing);
    }
    let subject = || Place::Parameter("subject".into());
    let Some(survey) = catalogue.surveys.get(survey) else {
        faults.push(subject(), FaultKind::UnknownSurvey);
        return None;
    };
    let version = &survey.questionnaire;
    match Formula::parse(formula, version.kind) {
        Err(kind) => faults.push(subject(), kind),
        Ok(formula) => {
            let at_least = aim.at_least.into_iter();
            let fault = at_least.filter_map(|value| off_scale(formula, version.criteria.len(), value));
            fault.for_each(|kind| faults.push(at("/at_least"), kind));
        }
    }
    Some(survey.id)
}

/// Why a figure of a formula cannot be asked to reach this value.
pub fn off_scale(formula: Formula, criteria: usize, value: Amount) -> Option<FaultKind> {
    let (least, most) = formula.range(criteria);
    if !(least..=most).contains(&value.to_f64()) {
        let bound = |bound: f64| bound.to_i64().unwrap_or_default();
        return Some(FaultKind::OutOfRange { min: bound(least), max: bound(most) });
    }
    (value.ten_thousandths() % 100 != 0).then_some(FaultKind::Figure(FigureFault::TwoDecimals))
}

/// A measure has a value on its scale, a rank or both, for a period as long as its own.
fn check_measure(code: &MeasureCode, period: Option<&Period>, aim: Aim, faults: &mut Faults) {
    let nothing = aim.at_least.is_none() && aim.rank_at_most.is_none();
    if nothing && !faults.any_at("/at_least") && !faults.any_at("/rank_at_most") {
        faults.push(at("/at_least"), FaultKind::Missing);
    }
    let Some(measure) = measure(code) else {
        let kind = FaultKind::Measure(MeasureFault::UnknownMeasure);
        return faults.push(Place::Parameter("subject".into()), kind);
    };
    if let Some(Err(kind)) = period.and_then(Period::code).map(|code| measure.frequency.parse_period(code)) {
        faults.push(Place::Parameter("period".into()), kind);
    }
    if aim.at_least.is_some_and(|value| !measure.takes(value)) {
        let bound = |bound: Option<Amount>| bound.map(|bound| bound.to_string());
        let (least, most) = (bound(measure.scale.0), bound(measure.scale.1));
        let kind = FaultKind::Measure(MeasureFault::OffScale { least, most });
        faults.push(at("/at_least"), kind);
    }
}
