//! What a question names, held against the catalogue.

use super::Asked;
use crate::domain::agency::Agency;
use crate::domain::ids::AgencyId;
use crate::domain::subject::{Subject, SubjectCode};
use crate::domain::survey::Survey;
use crate::domain::tree::{AsOf, Depth};
use crate::error::{FaultKind, Faults, Place};
use crate::index::Formula;
use crate::service::catalogue::Catalogue;
use std::sync::Arc;

/// The subject and its agencies; `None` if one of them is unknown. What lies below another of them today adds nothing
/// to a figure by today's tree; by other trees it may have stood elsewhere, see [`Subject::spans`].
pub(super) fn subject(catalogue: &Catalogue, asked: &Asked) -> Option<(Subject, Vec<Agency>)> {
    let SubjectCode::Agencies(codes) = &asked.subject else { return Some((Subject::Country, Vec::new())) };
    let mut agencies: Vec<Agency> = Vec::new();
    for code in codes {
        let agency = catalogue.tree.find(code)?;
        if !agencies.iter().any(|known| known.id == agency.id) {
            agencies.push(agency.clone());
        }
    }
    if asked.depth == Depth::Subtree && asked.as_of == AsOf::Now {
        let all = agencies.clone();
        let above = |agency: &Agency| {
            all.iter().any(|other| other.id != agency.id && catalogue.tree.contains(other.id, agency.id))
        };
        agencies.retain(|agency| !above(agency));
    }
    Some((Subject::Agencies(agencies.iter().map(|agency| agency.id).collect()), agencies))
}

/// The survey of a code, or a fault.
pub fn survey(
    catalogue: &Catalogue,
    code: &str,
    parameter: &'static str,
    faults: &mut Faults,
) -> Option<Arc<Survey>> {
    let survey = catalogue.surveys.get(code).cloned();
    if survey.is_none() {
        faults.push(Place::Parameter(parameter.into()), FaultKind::UnknownSurvey);
    }
    survey
}

/// The formula of an id, or a fault; the first of the survey's kind if none is named.
pub fn formula(survey: &Survey, id: Option<&str>, faults: &mut Faults) -> Option<Formula> {
    let kind = survey.questionnaire.kind;
    let fault = |kind| faults.push(Place::Parameter("formula".into()), kind);
    match id {
        None => Formula::of_kind(kind).next(),
        Some(id) => Formula::parse(id, kind).map_err(fault).ok(),
    }
}

/// Whether a survey is fielded at one of the roots or somewhere below; no roots: the whole country.
pub fn fielded(catalogue: &Catalogue, survey: &Survey, roots: &[AgencyId]) -> bool {
    let tree = &catalogue.tree;
    roots.is_empty()
        || roots.iter().any(|agency| {
            survey.covers(tree, *agency) || survey.agencies.iter().any(|root| tree.contains(*agency, *root))
        })
}
