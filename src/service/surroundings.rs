//! What stands around a figure: the agencies above and below, and the surveys that ask there. For pages, which are for
//! nobody in particular; answered from the catalogue in memory.

use super::Services;
use super::catalogue::{Catalogue, current};
use super::figures::fielded;
use crate::auth::Actor;
use crate::auth::policy::read_figures;
use crate::domain::agency::Agency;
use crate::domain::ids::AgencyId;
use crate::domain::period::day_of;
use crate::domain::questionnaire::Kind;
use crate::domain::subject::{Subject, SubjectCode};
use crate::domain::survey::{Survey, SurveyState};
use crate::domain::text::folded;
use crate::error::{Error, ErrorCode, Result};
use crate::store::surveys::surveys_answered;
use crate::store::{Conn, SILENCE};
use chrono::NaiveDate;
use std::cmp::Reverse;
use std::sync::Arc;

/// What stands around a subject today.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Its agencies as they were named; empty for the whole country.
    pub agencies: Vec<Agency>,
    /// The agencies above it, from the top; empty for several together.
    pub above: Vec<Agency>,
    /// The agencies right below it, by name without diacritics; those at the top for the whole country, none for several together.
    pub below: Vec<Agency>,
    /// Every survey, those that are fielded here and open before others. What people answered does not change the order.
    pub surveys: Vec<Nearby>,
    /// The one that is shown if none is named; `None` if there is none at all.
    pub usual: Option<Arc<Survey>>,
    /// Today in Viet Nam.
    pub today: NaiveDate,
}

/// A survey, seen from a subject.
#[derive(Debug, Clone)]
pub struct Nearby {
    /// The survey.
    pub survey: Arc<Survey>,
    /// Whether it is fielded at one of the agencies or somewhere below.
    pub fielded: bool,
    /// Its state today.
    pub state: SurveyState,
}

/// What stands around a subject, for the public.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`]; [`ErrorCode::TokenMissing`] where figures are not public; [`ErrorCode::Unavailable`] if the
/// database is away.
pub async fn fetch(services: &Services, code: &SubjectCode) -> Result<Surroundings> {
    let (catalogue, today) = (current(services).await?, day_of(services.clock.now()));
    let agencies = named(&catalogue, code);
    let subject = agencies.as_ref().map(|agencies| subject(agencies));
    // Who may not read learns nothing about which agencies exist.
    let asked = subject.as_ref().unwrap_or(&Subject::Country);
    read_figures(&Actor::Anonymous, &catalogue.tree, asked, services.rules.public_figures)?;
    let agencies = agencies.ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let roots: Vec<AgencyId> = agencies.iter().map(|agency| agency.id).collect();
    let (above, mut below) = match (code, roots.as_slice()) {
        (SubjectCode::Country, _) => (Vec::new(), tops(&catalogue, today)),
        (_, [root]) => (path(&catalogue, *root, today), children(&catalogue, *root, today)),
        _ => (Vec::new(), Vec::new()),
    };
    below.sort_by_cached_key(|agency| (folded(&agency.name), agency.code.clone()));
    let answered = async |conn: &mut Conn| surveys_answered(conn).await;
    let answered = services.db.within(SILENCE, answered).await?;
    let mut surveys: Vec<Nearby> =
        catalogue.surveys.values().map(|s| nearby(&catalogue, s, &roots, today)).collect();
    surveys.sort_by_cached_key(|nearby| (Reverse(here(nearby)), liked(nearby)));
    let usual = surveys
        .iter()
        .min_by_key(|nearby| (Reverse((here(nearby), answered.contains(&nearby.survey.id))), liked(nearby)));
    let usual = usual.map(|nearby| nearby.survey.clone());
    Ok(Surroundings { agencies, above, below, surveys, usual, today })
}

/// Where people can answer now.
fn here(nearby: &Nearby) -> (bool, bool) {
    (nearby.fielded, nearby.state == SurveyState::Open)
}

/// Real ones before samples, SIPAS before desk ratings, then the newest.
fn liked(nearby: &Nearby) -> impl Ord + use<> {
    let survey = &nearby.survey;
    let good = (!survey.sample, survey.questionnaire.kind == Kind::Sipas, survey.window.from);
    (Reverse(good), survey.code.clone())
}

fn nearby(catalogue: &Catalogue, survey: &Arc<Survey>, roots: &[AgencyId], today: NaiveDate) -> Nearby {
    Nearby {
        fielded: fielded(catalogue, survey, roots),
        state: survey.state_on(today),
        survey: survey.clone(),
    }
}

/// `None` if one of them is unknown.
fn named(catalogue: &Catalogue, code: &SubjectCode) -> Option<Vec<Agency>> {
    match code {
        SubjectCode::Country => Some(Vec::new()),
        SubjectCode::Agencies(codes) => codes.iter().map(|code| catalogue.tree.find(code).cloned()).collect(),
    }
}

fn subject(agencies: &[Agency]) -> Subject {
    match agencies {
        [] => Subject::Country,
        agencies => Subject::Agencies(agencies.iter().map(|agency| agency.id).collect()),
    }
}

fn path(catalogue: &Catalogue, root: AgencyId, today: NaiveDate) -> Vec<Agency> {
    let tree = &catalogue.tree;
    let above = std::iter::successors(tree.parent_on(root, today), |id| tree.parent_on(*id, today));
    let mut path: Vec<Agency> = above.filter_map(|id| tree.get(id).cloned()).collect();
    path.reverse();
    path
}

fn children(catalogue: &Catalogue, root: AgencyId, today: NaiveDate) -> Vec<Agency> {
    let tree = &catalogue.tree;
    by_code(tree.children_on(root, today).into_iter().filter_map(|id| tree.get(id).cloned()).collect())
}

fn tops(catalogue: &Catalogue, today: NaiveDate) -> Vec<Agency> {
    let tree = &catalogue.tree;
    let tops = tree.histories().filter(|history| history.valid.covers(today));
    let tops = tops.filter(|history| tree.parent_on(history.id, today).is_none());
    by_code(tops.map(|history| history.on(today)).collect())
}

fn by_code(mut agencies: Vec<Agency>) -> Vec<Agency> {
    agencies.sort_by(|one, other| one.code.as_str().cmp(other.code.as_str()));
    agencies
}
