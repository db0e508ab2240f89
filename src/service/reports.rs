//! Reports: what there is to say about an agency and those right below it in a month, a quarter or a year, in one piece.
//!
//! A report tells nothing that the same reader would not be told by the single figures: it is put together from them, each
//! with its own suppression, which holds for all figures of one tree at once (see [`super::visibility`]). It is of the tree
//! of its period's last day, so that it says the same whenever it is asked for. Comments are counted only where the number
//! of people is shown: what subtraction tells of the others is then about as many people as it is for the number itself.

mod comments;
mod kept;
mod steering;

pub use comments::{CommentCounts, Told};
pub use kept::{DEFAULT_LIMIT, KeptReports, ListQuery, MAX_LIMIT, fetch, list};

use super::Services;
use super::comparisons::{self, ComparisonReport, Other};
use super::drags::DragReport;
use super::figures::Asked;
use super::indexes::{self, IndexReport};
use super::rankings::{self, RankingQuery, RankingReport};
use super::series::{self, SeriesQuery, SeriesReport};
use super::targets::{Reached, TargetReport};
use super::tracker::TrackerTable;
use crate::auth::Actor;
use crate::domain::bucket::Step;
use crate::domain::period::{Period, day_of};
use crate::domain::report::{Cadence, before, trend};
use crate::domain::tree::AsOf;
use crate::error::{Faults, Result};
use chrono::{DateTime, NaiveDate, Utc};

/// Fewest people a ranked child's figure is made from, as in rankings if nobody says otherwise.
const RANKED_FROM: u64 = 10;

/// How often the figures are read again if somebody answered while they were read; the last reading is then taken.
const READINGS: usize = 3;

/// What a report is asked about.
#[derive(Debug, Clone)]
pub struct ReportQuery {
    /// As of any figure; the period is a month, a quarter or a year. What it says of the tree is not looked at.
    pub asked: Asked,
    /// By which tree; absent: that of the period's last day, or of today while it is not over.
    pub as_of: Option<AsOf>,
}

/// Everything a report is made of.
#[derive(Debug, Clone)]
pub struct ReportFigures {
    /// Index, elements, criteria, participation.
    pub index: IndexReport,
    /// Against the period before; `None` where there is none.
    pub change: Option<ComparisonReport>,
    /// Those right below, and their changes.
    pub ranking: RankingReport,
    /// The whole in this period and those before.
    pub trend: SeriesReport,
    /// What each criterion contributes to the gap; `None` where no target is in force.
    pub drags: Option<DragReport>,
    /// Targets and how far they are; `None` for several agencies together and the whole country, which have none.
    pub targets: Option<TargetReport>,
    /// Where the agency stands by what others publish; `None` for several agencies together.
    pub tracker: Option<TrackerTable>,
    /// How many commented; `None` while the period is not over, or if comments of it may be deleted already.
    pub comments: Option<CommentCounts>,
    /// When the newest response in any part arrived.
    pub watermark: Option<DateTime<Utc>>,
}

/// Reads a report. `faults` are those the reader of the request found already.
///
/// # Errors
/// As [`Setting::new`](super::figures::Setting::new).
pub async fn read(
    services: &Services,
    actor: &Actor,
    query: &ReportQuery,
    faults: Faults,
) -> Result<ReportFigures> {
    let today = day_of(services.clock.now());
    let period = query.asked.period.as_ref();
    let as_of = query.as_of.unwrap_or_else(|| period.map_or(AsOf::Now, |period| last_day(period, today)));
    let asked = Asked { as_of, ..query.asked.clone() };
    let mut index = indexes::read(services, actor, &asked, faults).await?;
    let mut readings = 1;
    loop {
        let report = around(services, actor, &asked, index).await?;
        index = indexes::read(services, actor, &asked, Faults::default()).await?;
        if readings == READINGS || same(&report.index, &index) {
            return Ok(report);
        }
        readings += 1;
    }
}

/// The tree of the last day of a period that is over.
fn last_day(period: &Period, today: NaiveDate) -> AsOf {
    let last = period.to().pred_opt().filter(|_| period.to() <= today);
    last.map_or(AsOf::Now, AsOf::On)
}

/// Whether nobody answered between two readings.
fn same(one: &IndexReport, other: &IndexReport) -> bool {
    (one.watermark, one.figures.whole.n) == (other.watermark, other.figures.whole.n)
}

async fn around(
    services: &Services,
    actor: &Actor,
    asked: &Asked,
    index: IndexReport,
) -> Result<ReportFigures> {
    let period = &index.head.period;
    let earlier = before(period);
    let change = match &earlier {
        Some(earlier) => {
            let other = Other { subject: None, period: Some(earlier.clone()) };
            Some(comparisons::read(services, actor, (asked, &other), Faults::default()).await?)
        }
        None => None,
    };
    let query = RankingQuery { asked: asked.clone(), level: None, min_n: RANKED_FROM, against: earlier };
    let ranking = rankings::read(services, actor, &query, Faults::default()).await?;
    let (step, points) = steps(period);
    let asked_trend =
        Asked { period: trend(period, points).or_else(|| asked.period.clone()), ..asked.clone() };
    let query = SeriesQuery { asked: asked_trend, step: Some(step), part: "whole".into() };
    let trend = series::read(services, actor, &query, Faults::default()).await?;
    let comments = comments::read(services, actor, asked, &ranking).await?;
    let drags = steering::drags(services, actor, asked).await?;
    let targets = steering::targets(services, actor, asked).await?;
    let tracker = steering::tracker(services, asked).await?;
    let known = [index.watermark, change.as_ref().and_then(|change| change.watermark), ranking.watermark];
    let of_targets = targets.iter().flat_map(|report| &report.items).filter_map(|item| match &item.reached {
        Reached::Figure(figure) => figure.watermark,
        Reached::Entered { .. } => None,
    });
    let watermark = known.into_iter().flatten().chain(trend.watermark).chain(of_targets).max();
    Ok(ReportFigures { index, change, ranking, trend, drags, targets, tracker, comments, watermark })
}

/// The points of a trend: as long as the period, and how many.
fn steps(period: &Period) -> (Step, u32) {
    match Cadence::of(period) {
        Some(Cadence::Month) | None => (Step::Month, 13),
        Some(Cadence::Quarter) => (Step::Quarter, 8),
        Some(Cadence::Year) => (Step::Year, 5),
    }
}
