//! Targets read: which hold for an agency and a period, and how far the figures are from them. Setting them is in
//! [`setting`].
//!
//! A target belongs to the agency it was set for. Who goes on with the work of an agency that ended does not go on with its
//! targets: they were set for other people and other desks.

pub mod setting;

use super::Services;
use super::catalogue::{Catalogue, current};
use super::figures::{Asked, Confidence, Flagged, Head, IndexValue, not_in_tree};
use super::indexes;
use super::measure_values::value_of;
use crate::auth::Actor;
use crate::auth::policy::read_figures;
use crate::catalogue::measure;
use crate::domain::agency::{Agency, AgencyCode};
use crate::domain::ids::AgencyId;
use crate::domain::measure::{Mark, Measure, MeasureCode};
use crate::domain::measure_value::Holder;
use crate::domain::period::{Period, day_of};
use crate::domain::subject::{Subject, SubjectCode};
use crate::domain::target::{Aim, Target, TargetSubject};
use crate::domain::tree::{AgencyTree, AsOf, Depth};
use crate::error::{Error, ErrorCode, Faults, Result};
use crate::index::rounding::Rounded;
pub use crate::index::target::Attainment;
use crate::index::target::distance;
use crate::store::targets::{target_history, targets_newest};
use crate::store::{Conn, SILENCE};
use chrono::{DateTime, NaiveDate, Utc};

/// What is asked of targets. A parameter that was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone)]
pub struct TargetsAsked {
    /// Of which agency.
    pub agency: AgencyCode,
    /// A year, quarter or month.
    pub period: Option<Period>,
    /// By which tree targets are inherited and figures are made.
    pub as_of: AsOf,
    /// Of every interval.
    pub confidence: Confidence,
}

/// The targets that hold for an agency and a period.
#[derive(Debug, Clone)]
pub struct TargetReport {
    /// The agency.
    pub agency: Agency,
    /// The period asked about.
    pub period: Period,
    /// By which tree.
    pub as_of: AsOf,
    /// Today.
    pub today: NaiveDate,
    /// Of every interval.
    pub confidence: Confidence,
    /// One for each subject, by subject.
    pub items: Vec<TargetItem>,
}

/// A target and how far it is.
#[derive(Debug, Clone)]
pub struct TargetItem {
    /// What shall be reached.
    pub held: HeldTarget,
    /// What was reached.
    pub reached: Reached,
    /// What was reached minus what shall be, in ten-thousandths of the unit; `None` without either.
    pub distance: Option<i32>,
    /// Places above the rank that shall be reached, below 0 under it; `None` without either.
    pub places: Option<i64>,
    /// Whether it was reached.
    pub attainment: Attainment,
}

/// A target in force, and whose it is.
#[derive(Debug, Clone)]
pub struct HeldTarget {
    /// The target.
    pub target: Target,
    /// What shall be reached.
    pub aim: Aim,
    /// For whom it was set: the agency itself or the nearest above it that has one.
    pub set_for: Agency,
    /// Whether that is another agency.
    pub inherited: bool,
}

/// What was reached.
#[derive(Debug, Clone)]
pub enum Reached {
    /// A figure of ours, about the agency with everything below and the period asked about.
    Figure(Box<ReachedFigure>),
    /// What others published, for the target's own period.
    Entered {
        /// The index.
        measure: &'static Measure,
        /// What was entered; `None` if nothing was.
        entered: Option<Entered>,
    },
}

/// A figure of ours.
#[derive(Debug, Clone)]
pub struct ReachedFigure {
    /// What was asked.
    pub head: Head,
    /// The whole.
    pub value: IndexValue,
    /// When the newest response in it arrived.
    pub watermark: Option<DateTime<Utc>>,
}

/// What others published.
#[derive(Debug, Clone, Copy)]
pub struct Entered {
    /// The value.
    pub value: Option<crate::domain::amount::Amount>,
    /// The rank.
    pub rank: Option<u32>,
    /// Among how many.
    pub out_of: Option<u32>,
    /// Whether it was read in its source or is assumed.
    pub mark: Mark,
}

/// An agency, if the reader may read figures of it.
fn readable(services: &Services, catalogue: &Catalogue, actor: &Actor, code: &AgencyCode) -> Result<Agency> {
    let public = services.rules.public_figures;
    let agency = catalogue.tree.find(code).ok_or_else(|| match (actor, public) {
        // Who may not read learns nothing about which agencies exist.
        (Actor::Anonymous, false) => Error::new(ErrorCode::TokenMissing),
        _ => Error::new(ErrorCode::AgencyNotFound),
    })?;
    read_figures(actor, &catalogue.tree, &Subject::Agencies(vec![agency.id]), public)?;
    Ok(agency.clone())
}

/// The agency and those above it on a day, from itself upwards.
fn chain(tree: &AgencyTree, agency: AgencyId, day: NaiveDate) -> Vec<AgencyId> {
    std::iter::successors(Some(agency), |id| tree.parent_on(*id, day)).collect()
}

/// The targets in force for an agency by the tree of a day; one for each subject.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub(super) async fn in_force(
    services: &Services,
    catalogue: &Catalogue,
    (agency, day): (AgencyId, NaiveDate),
    period: &Period,
) -> Result<Vec<HeldTarget>> {
    let (chain, periods) = (chain(&catalogue.tree, agency, day), Target::periods_for(period));
    let read = async |conn: &mut Conn| targets_newest(conn, &chain, &periods).await;
    let targets = Target::in_force(&chain, &periods, services.db.within(SILENCE, read).await?);
    let held = |target: Target| {
        let (set_for, aim) = (catalogue.tree.get(target.agency)?.clone(), target.aim?);
        Some(HeldTarget { inherited: set_for.id != agency, set_for, aim, target })
    };
    Ok(targets.into_iter().filter_map(held).collect())
}

/// The targets that hold for an agency and a period, with figures and distances; figures as the same reader would get
/// them by [`indexes::read`]. `faults` are those the reader of the request found already.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`]; [`ErrorCode::TokenMissing`] where figures are not public;
/// [`ErrorCode::ValidationFailed`], also for a tree without the agency.
pub async fn targets_of(
    services: &Services,
    actor: &Actor,
    asked: &TargetsAsked,
    faults: Faults,
) -> Result<TargetReport> {
    let (catalogue, today) = (current(services).await?, day_of(services.clock.now()));
    let agency = readable(services, &catalogue, actor, &asked.agency)?;
    let Some(period) = asked.period.clone().filter(|_| faults.is_empty()) else {
        return Err(Error::invalid(faults.into_vec(), services.clock.now()));
    };
    let day = tree_day(asked.as_of, &period, today);
    if asked.as_of != AsOf::Then && !catalogue.tree.exists_on(agency.id, day) {
        return Err(not_in_tree(services, &catalogue.tree, &[agency]));
    }
    let mut items = Vec::new();
    for held in in_force(services, &catalogue, (agency.id, day), &period).await? {
        items.extend(match held.target.subject.clone() {
            TargetSubject::Figure { survey, formula } => {
                Some(of_figure(services, actor, (asked, &period), (survey, formula), held).await?)
            }
            TargetSubject::Measure(code) => of_measure(services, &asked.agency, &code, held).await?,
        });
    }
    Ok(TargetReport { agency, period, as_of: asked.as_of, today, confidence: asked.confidence, items })
}

/// The targets on one index of others that hold for an agency in a period, by the tree of that time: the agency may have
/// ended.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub(super) async fn on_measures(
    services: &Services,
    catalogue: &Catalogue,
    agency: &Agency,
    period: &Period,
) -> Result<Vec<(MeasureCode, TargetItem)>> {
    let day = tree_day(AsOf::Then, period, day_of(services.clock.now()));
    let mut items = Vec::new();
    for held in in_force(services, catalogue, (agency.id, day), period).await? {
        if let TargetSubject::Measure(code) = held.target.subject.clone() {
            let item = of_measure(services, &agency.code, &code, held).await?;
            items.extend(item.map(|item| (code, item)));
        }
    }
    Ok(items)
}

/// The day whose tree says who is above whom, as [`Head::tree_day`].
pub(super) fn tree_day(as_of: AsOf, period: &Period, today: NaiveDate) -> NaiveDate {
    match as_of {
        AsOf::Now => today,
        AsOf::On(day) => day,
        AsOf::Then => period.to().pred_opt().unwrap_or(today).min(today),
    }
}

async fn of_figure(
    services: &Services,
    actor: &Actor,
    (asked, period): (&TargetsAsked, &Period),
    (survey, formula): (String, String),
    held: HeldTarget,
) -> Result<TargetItem> {
    let question = Asked {
        subject: SubjectCode::Agencies(vec![asked.agency.clone()]),
        depth: Depth::Subtree,
        survey: Some(survey),
        period: Some(period.clone()),
        formula: Some(formula),
        as_of: asked.as_of,
        confidence: asked.confidence,
        flagged: Flagged::Excluded,
    };
    let report = indexes::read(services, actor, &question, Faults::default()).await?;
    let value = report.figures.whole;
    let at_least = hundredths(&held.aim);
    let (distance, attainment) = match at_least {
        Some(at_least) => (distance(&value, at_least), Attainment::of(&value, &at_least.exact())),
        None => (None, Attainment::NoValue),
    };
    Ok(TargetItem {
        held,
        reached: Reached::Figure(Box::new(ReachedFigure {
            head: report.head,
            value,
            watermark: report.watermark,
        })),
        distance: distance.map(|distance| distance.hundredths().saturating_mul(100)),
        places: None,
        attainment,
    })
}

/// What a figure of ours shall reach; it has two decimals since it was set.
pub(super) fn hundredths(aim: &Aim) -> Option<Rounded> {
    aim.at_least.map(|at_least| Rounded::of_hundredths(at_least.ten_thousandths() / 100))
}

async fn of_measure(
    services: &Services,
    agency: &AgencyCode,
    code: &MeasureCode,
    held: HeldTarget,
) -> Result<Option<TargetItem>> {
    // A measure that is in no catalogue any more has nothing to be held against.
    let Some(measure) = measure(code) else { return Ok(None) };
    let entered = entered(services, agency, code, &held.target.period).await?;
    let value = entered.and_then(|entered| entered.value).zip(held.aim.at_least);
    let rank = entered.and_then(|entered| entered.rank).zip(held.aim.rank_at_most);
    let distance = value.map(|(value, at_least)| value.minus(at_least));
    let places = rank.map(|(rank, at_most)| i64::from(at_most) - i64::from(rank));
    let asked = [held.aim.at_least.is_some(), held.aim.rank_at_most.is_some()];
    let known = [distance.map(|distance| distance >= 0), places.map(|places| places >= 0)];
    let parts = || asked.iter().zip(known).filter(|(asked, _)| **asked).map(|(_, known)| known);
    let attainment = if parts().any(|known| known == Some(false)) {
        Attainment::Missed
    } else if parts().any(|known| known.is_none()) {
        Attainment::NoValue
    } else {
        Attainment::Met
    };
    Ok(Some(TargetItem {
        held,
        reached: Reached::Entered { measure, entered },
        distance,
        places,
        attainment,
    }))
}

/// What others published about the agency in a period.
async fn entered(
    services: &Services,
    agency: &AgencyCode,
    code: &MeasureCode,
    period: &Period,
) -> Result<Option<Entered>> {
    let holder = Holder::Agency(agency.clone());
    let value = value_of(services, &holder, code, period).await?;
    Ok(value.map(|value| Entered {
        value: value.statement.value,
        rank: value.statement.rank.and_then(|rank| u32::try_from(rank.rank()).ok()),
        out_of: value.statement.rank.and_then(|rank| u32::try_from(rank.out_of()).ok()),
        mark: value.statement.mark(),
    }))
}

/// Everything that was ever set for an agency about one subject and period, in the order of setting.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`]; [`ErrorCode::TokenMissing`] where figures are not public;
/// [`ErrorCode::TargetNotFound`] if nothing ever was.
pub async fn history(
    services: &Services,
    actor: &Actor,
    code: &AgencyCode,
    (subject, period): (&TargetSubject, &Period),
) -> Result<Vec<Target>> {
    let catalogue = current(services).await?;
    let agency = readable(services, &catalogue, actor, code)?.id;
    let read = async |conn: &mut Conn| target_history(conn, agency, subject, period).await;
    let history = services.db.within(SILENCE, read).await?;
    if history.is_empty() { Err(Error::new(ErrorCode::TargetNotFound)) } else { Ok(history) }
}
