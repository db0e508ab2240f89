//! How many people wrote something, by month and by the agencies right below; never what.

use crate::auth::Actor;
use crate::domain::agency::Agency;
use crate::domain::bucket::Step;
use crate::domain::ids::AgencyId;
use crate::domain::period::{Grain, day_of};
use crate::domain::subject::Subject;
use crate::domain::tree::Share;
use crate::error::{Faults, Result};
use crate::index::IndexValue;
use crate::service::Services;
use crate::service::counting::Cell;
use crate::service::figures::{Asked, Setting};
use crate::service::rankings::RankingReport;
use crate::service::series::{self, SeriesQuery};
use crate::store::comments::comments_count;
use crate::store::{Conn, SILENCE};
use chrono::{Datelike, Months, NaiveDate};
use std::collections::{BTreeMap, HashMap};

/// How many commented.
#[derive(Debug, Clone)]
pub struct CommentCounts {
    /// By month, with its code.
    pub by_month: Vec<(String, Told)>,
    /// By agency right below.
    pub by_agency: Vec<(Agency, Told)>,
}

/// How many of those who answered commented; nothing where too few answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// People who answered.
    pub people: Option<u64>,
    /// How many of them commented.
    pub comments: Option<u64>,
}

/// Counts of a month by agency.
type Counts = HashMap<AgencyId, u64>;

/// How many commented in a period that is over; `None` otherwise, and where comments of it may be deleted already, or the
/// tree changes within it.
pub(super) async fn read(
    services: &Services,
    actor: &Actor,
    asked: &Asked,
    ranking: &RankingReport,
) -> Result<Option<CommentCounts>> {
    let setting = Setting::new(services, actor, asked, Faults::default()).await?;
    let (from, to) = (setting.head.period.from(), setting.head.period.to());
    let cell = setting.cell((from, to));
    let today = day_of(services.clock.now());
    if to > today || from < kept_from(services, today) || cell.spans.len() > 1 {
        return Ok(None);
    }
    let query = SeriesQuery { asked: asked.clone(), step: Some(Step::Month), part: "whole".into() };
    let months = series::read(services, actor, &query, Faults::default()).await?;
    let (scope, survey) = (setting.scope(std::slice::from_ref(&cell)), setting.head.survey.id);
    let count = async |conn: &mut Conn| {
        let (mut counts, mut month) = (BTreeMap::<NaiveDate, Counts>::new(), from);
        while month < to {
            let next = Grain::Month.end(month);
            counts.insert(month, comments_count(conn, &scope, survey, (month, next)).await?);
            month = next;
        }
        Ok(counts)
    };
    let counts = services.db.within(SILENCE, count).await?;
    let least = services.rules.min_n_comments;
    let by_month = months.points.iter().map(|point| {
        let of_month = counts.get(&point.bucket.from).into_iter();
        (point.bucket.code.clone(), told(&point.value, least, || sum(&cell, of_month)))
    });
    let by_agency = ranking.entries.iter().map(|entry| {
        let below = setting.cell_of(&Subject::Agencies(vec![entry.agency.id]), (from, to));
        (entry.agency.clone(), told(&entry.whole, least, || sum(&below, counts.values())))
    });
    Ok(Some(CommentCounts { by_month: by_month.collect(), by_agency: by_agency.collect() }))
}

/// The comments of a cell where its people are shown and there are enough of them.
fn told(value: &IndexValue, least: u64, comments: impl FnOnce() -> u64) -> Told {
    let shown = value.n.filter(|n| !value.suppressed && *n >= least);
    // Nobody answered: that is no secret, and nobody can have commented.
    let nobody = value.n == Some(0) && !value.suppressed;
    Told {
        people: value.n.filter(|_| !value.suppressed),
        comments: if nobody { Some(0) } else { shown.map(|n| comments().min(n)) },
    }
}

/// Comments about the members of a cell; those that a split divided are nobody's.
fn sum<'c>(cell: &Cell, counts: impl Iterator<Item = &'c Counts>) -> u64 {
    let whole = Share::from_integer(1);
    let members = || cell.spans.iter().flat_map(|span| &span.members).filter(|(_, share)| *share == whole);
    counts.map(|counts| members().filter_map(|(agency, _)| counts.get(agency)).sum::<u64>()).sum()
}

/// First day whose comments are surely still there.
fn kept_from(services: &Services, today: NaiveDate) -> NaiveDate {
    let rules = &services.rules;
    let months = [rules.comment_retention_months, rules.retention_months].into_iter().flatten().min();
    let month = today.with_day(1).unwrap_or(today);
    months.and_then(|months| month.checked_sub_months(Months::new(months))).unwrap_or(NaiveDate::MIN)
}
