//! Reading an index: SQL counts, `index` computes, the audience decides what is shown.

use super::Services;
use super::catalogue::{Catalogue, current};
use super::counting::{Cell, count};
use crate::auth::Actor;
use crate::auth::policy::{Audience, read_figures};
use crate::domain::agency::{Agency, AgencyCode};
use crate::domain::period::{Period, day_of};
use crate::domain::subject::Subject;
use crate::domain::survey::Survey;
use crate::domain::tally::Tally;
use crate::domain::tree::{AsOf, Depth, Share};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result};
pub use crate::index::IndexValue;
use crate::index::rounding::Rounded;
use crate::index::{Confidence, Evidence, Figures, Formula, Question, figures};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What is asked. A parameter that is absent or was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone)]
pub struct IndexQuery {
    /// The agency.
    pub agency: AgencyCode,
    /// Alone or with everything below.
    pub depth: Depth,
    /// Code of the survey.
    pub survey: Option<String>,
    /// The period.
    pub period: Option<Period>,
    /// Formula id; the first of the survey's kind if absent.
    pub formula: Option<String>,
}

/// An index with everything needed to judge it.
#[derive(Debug, Clone)]
pub struct IndexReport {
    /// The agency.
    pub agency: Agency,
    /// Alone or with everything below.
    pub depth: Depth,
    /// The survey.
    pub survey: Arc<Survey>,
    /// Whether the survey is fielded at the agency or somewhere below; if not, there is nothing to count.
    pub fielded: bool,
    /// The period.
    pub period: Period,
    /// The figures, small cells hidden where the audience requires it.
    pub figures: Figures,
    /// The whole by every formula of the kind: which one is official is not verified, so all are shown.
    pub by_formula: Vec<(Formula, Option<Rounded>)>,
    /// When the newest response in it arrived; `None` without responses or if the whole is hidden.
    pub watermark: Option<DateTime<Utc>>,
    /// Fewest people a shown value is made from.
    pub min_n: u64,
}

/// Reads an index. `faults` are those the reader of the request found already.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`]; [`ErrorCode::TokenMissing`] where figures are not public;
/// [`ErrorCode::ValidationFailed`] for an unknown survey or a formula of another kind.
pub async fn read(
    services: &Services,
    actor: &Actor,
    query: IndexQuery,
    faults: Faults,
) -> Result<IndexReport> {
    let catalogue = current(services).await?;
    let unknown = || Error::new(ErrorCode::AgencyNotFound);
    let agency = catalogue.tree.find(&query.agency);
    // Who may not read learns nothing about which agencies exist.
    let agency = match (agency, actor, services.rules.public_figures) {
        (None, Actor::Anonymous, false) => return Err(Error::new(ErrorCode::TokenMissing)),
        (agency, ..) => agency.ok_or_else(unknown)?,
    };
    let (survey, formula, period) = subject(&catalogue, &query, faults)
        .map_err(|faults| Error::invalid(faults.into_vec(), services.clock.now()))?;
    let whose = Subject::Agencies(vec![agency.id]);
    let today = day_of(services.clock.now());
    let spans = whose.spans(&catalogue.tree, query.depth, AsOf::Now, today, (period.from(), period.to()));
    let members = spans.iter().flat_map(|span| &span.members).map(|(agency, _)| *agency).collect();
    let (scope, audience) =
        read_figures(actor, &catalogue.tree, &whose, members, services.rules.public_figures)?;
    let root = (query.depth == Depth::Subtree).then_some(agency.id.0);
    let counted = count(&services.db, &scope, &survey, None, &[Cell { spans, root }]).await?;
    let mut tally = Tally::empty(&survey.questionnaire);
    counted.iter().flat_map(|by| by.values()).flat_map(|by| by.values()).for_each(|more| tally.add(more));
    let min_n = match audience {
        Audience::Public => services.rules.min_n_public,
        Audience::InCharge => 0,
    };
    let mut evidence = Evidence::new(&survey.questionnaire);
    evidence.add(&tally, Share::from_integer(1));
    let ask = |formula| Question { formula, confidence: Confidence::default(), min_n, population: None };
    let by = |formula| figures(&survey.questionnaire, &evidence, &ask(formula));
    let figures = by(formula);
    Ok(IndexReport {
        agency: agency.clone(),
        depth: query.depth,
        fielded: survey.covers(&catalogue.tree, agency.id)
            || survey.agencies.iter().any(|root| catalogue.tree.contains(agency.id, *root)),
        period,
        by_formula: Formula::of_kind(survey.questionnaire.kind)
            .map(|formula| (formula, by(formula).whole.value))
            .collect(),
        // When the only few answered is theirs to know.
        watermark: tally.watermark.filter(|_| !figures.whole.suppressed),
        figures,
        min_n,
        survey,
    })
}

fn subject(
    catalogue: &Catalogue,
    query: &IndexQuery,
    mut faults: Faults,
) -> std::result::Result<(Arc<Survey>, Formula, Period), Faults> {
    let mut fault = |name: &str, kind| faults.push(Place::Parameter(name.into()), kind);
    let survey = query.survey.as_ref().and_then(|code| {
        let survey = catalogue.surveys.get(code);
        if survey.is_none() {
            fault("survey", FaultKind::UnknownSurvey);
        }
        survey
    });
    let formula = survey.and_then(|survey| {
        let kind = survey.questionnaire.kind;
        match &query.formula {
            None => Formula::of_kind(kind).next(),
            Some(id) => Formula::parse(id, kind).map_err(|kind| fault("formula", kind)).ok(),
        }
    });
    match (survey, formula, &query.period) {
        (Some(survey), Some(formula), Some(period)) if faults.is_empty() => {
            Ok((survey.clone(), formula, period.clone()))
        }
        _ => Err(faults),
    }
}
