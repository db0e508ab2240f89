//! The proof that the tallies are right: everything is counted again from the raw responses, month by month, each where
//! its standing puts it: among those that count, among the flagged, or nowhere.

use super::audit::record_alone;
use super::clock::Clock;
use super::folding::by_number;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::ids::SurveyId;
use crate::domain::period::Grain;
use crate::domain::standing::Standing;
use crate::domain::survey::Survey;
use crate::domain::tally::Tally;
use crate::error::{Error, Result};
use crate::store::ingest_batches::{Unfolded, fold_resume, fold_suspend, tail_all, tail_clear};
use crate::store::installation::kept_from_find;
use crate::store::kept_totals::{KeptTotals, kept_totals_all};
use crate::store::partitions::{partitions_hold, partitions_months};
use crate::store::responses::responses_each;
use crate::store::standings::standings_of_days;
use crate::store::surveys::surveys_all;
use crate::store::tallies::{
    Tallied, TallyDelta, TallyKey, TallySpan, tallies_add, tallies_months, tallies_of_months,
    tallies_of_span, tallies_replace,
};
use crate::store::{Conn, Db, take_your_time};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::slice::from_ref;
use std::sync::Arc;

/// Most differences that are listed.
const MOST: usize = 20;

/// What the recount found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Responses counted.
    pub responses: u64,
    /// Where tallies and responses differ, the first few.
    pub differences: Vec<String>,
}

/// Counts every response again and compares with tallies and tail, as of one moment. With `repair` the tallies
/// are made anew from the responses. Months whose responses were dropped cannot be counted again: their tallies
/// are left as they are; years are held against their months, whatever those are made from.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn verify(db: &Db, repair: bool) -> Result<Verification> {
    let mut conn = db.conn().await?;
    if !repair {
        return conn
            .build_transaction()
            .read_only()
            .repeatable_read()
            .run(async |conn| Recount::begin(conn).await?.compare(conn).await)
            .await;
    }
    // Beforehand and by itself: the repair sees one moment only, and must not keep everybody else from the log for as long
    // as it takes. A repair that finds nothing to do has an entry too.
    let begun = Entry {
        action: Action::TalliesRepairStarted,
        agency: None,
        object: "tallies".into(),
        details: Vec::new(),
    };
    record_alone(db, By::CommandLine, &begun, Clock::System.now()).await?;
    // Suspended before the snapshot is taken, so that no fold is under way in it. What is committed meanwhile
    // is not in the snapshot, neither as responses nor as tail, and is folded afterwards.
    fold_suspend(&mut conn).await?;
    let repair = async |conn: &mut Conn| {
        let mut recount = Recount::begin(conn).await?;
        let repaired = recount.months(conn, true).await?;
        recount.years(conn).await?;
        if !recount.differences.is_empty() {
            recount.repair(conn, &repaired).await?;
        }
        Ok(recount.found())
    };
    let result = conn.build_transaction().repeatable_read().run(repair).await;
    fold_resume(&mut conn).await?;
    result
}

/// A recount in one snapshot.
struct Recount {
    surveys: HashMap<SurveyId, Arc<Survey>>,
    kept: KeptTotals,
    /// First day whose responses are kept; nothing from before can be counted again.
    kept_from: NaiveDate,
    /// Months that there are responses or tallies of.
    months: BTreeSet<NaiveDate>,
    tail: Vec<Unfolded>,
    responses: u64,
    differences: Vec<String>,
}

impl Recount {
    async fn begin(conn: &mut Conn) -> Result<Self> {
        // Before the snapshot: a month dropped in between would be missing from the responses and not from the tallies.
        partitions_hold(conn).await?;
        take_your_time(conn).await?;
        let mut months: BTreeSet<NaiveDate> = tallies_months(conn).await?.into_iter().collect();
        months.extend(partitions_months(conn).await?);
        Ok(Self {
            surveys: by_number(&surveys_all(conn).await?),
            kept: kept_totals_all(conn).await?,
            // Where nothing was dropped: 1970, before which no UUIDv7 is.
            kept_from: kept_from_find(conn).await?.unwrap_or_default(),
            months,
            tail: tail_all(conn).await?,
            responses: 0,
            differences: Vec::new(),
        })
    }

    async fn compare(mut self, conn: &mut Conn) -> Result<Verification> {
        self.months(conn, false).await?;
        self.years(conn).await?;
        Ok(self.found())
    }

    fn found(self) -> Verification {
        Verification { responses: self.responses, differences: self.differences }
    }

    /// Compares days and months. With `repair` those that differ are made anew as soon as they are counted; gives
    /// the months of which that was done.
    async fn months(&mut self, conn: &mut Conn, repair: bool) -> Result<BTreeSet<NaiveDate>> {
        let mut repaired = BTreeSet::new();
        for month in self.countable() {
            let counted = self.counted(conn, month).await?;
            let mut held = BTreeMap::new();
            for span in spans(month) {
                held.extend(tallies_of_span(conn, &self.surveys, span).await?);
            }
            self.add_tail(&mut held, month)?;
            if self.differ(&counted, &held) && repair {
                tallies_replace(conn, &spans(month), &counted).await?;
                repaired.insert(month);
            }
        }
        Ok(repaired)
    }

    /// Compares the years with what the months hold now.
    async fn years(&mut self, conn: &mut Conn) -> Result<()> {
        let years: BTreeSet<NaiveDate> = self.months.iter().map(|month| Grain::Year.start(*month)).collect();
        for year in years {
            let span = TallySpan { grain: Grain::Year, from: year, to: Grain::Year.end(year) };
            let held = tallies_of_span(conn, &self.surveys, span).await?;
            let months = tallies_of_months(conn, &self.surveys, (span.from, span.to)).await?;
            self.differ(&months, &held);
        }
        Ok(())
    }

    /// Months whose responses are kept.
    fn countable(&self) -> Vec<NaiveDate> {
        self.months.iter().copied().filter(|month| *month >= self.kept_from).collect()
    }

    /// Every response of a month, in the tallies or not yet.
    async fn counted(&mut self, conn: &mut Conn, month: NaiveDate) -> Result<BTreeMap<TallyKey, Tally>> {
        let (mut delta, mut responses) = (TallyDelta::default(), 0);
        let days = (month, Grain::Month.end(month));
        let standings = standings_of_days(conn, days).await?;
        responses_each(conn, days, |response| {
            responses += 1;
            let standing = standings.get(&response.id.uuid()).copied().unwrap_or(Standing::Counted);
            if let Some(tallied) = Tallied::of(standing) {
                delta.count(self.survey(response.survey)?, from_ref(&response), tallied);
            }
            Ok(())
        })
        .await?;
        self.responses += responses;
        Ok(without_years(delta.complete(&self.kept)))
    }

    fn survey(&self, id: SurveyId) -> Result<&Survey> {
        let unknown = || Error::internal(format!("no survey {id:?}"));
        self.surveys.get(&id).map(AsRef::as_ref).ok_or_else(unknown)
    }

    fn tail_of(&self, of: impl Fn(NaiveDate) -> bool) -> Result<BTreeMap<TallyKey, Tally>> {
        let mut delta = TallyDelta::default();
        for response in self.tail.iter().filter(|response| of(response.day())) {
            // Only what is folded has another standing.
            delta.count(self.survey(response.survey)?, from_ref(response), Tallied::Counted);
        }
        Ok(without_years(delta.complete(&self.kept)))
    }

    fn add_tail(&self, held: &mut BTreeMap<TallyKey, Tally>, month: NaiveDate) -> Result<()> {
        for (key, more) in self.tail_of(|day| Grain::Month.start(day) == month)? {
            held.entry(key).and_modify(|tally| tally.add(&more)).or_insert(more);
        }
        Ok(())
    }

    /// Lists the first differences and tells whether there are any. When a response arrived is not compared.
    fn differ(&mut self, counted: &BTreeMap<TallyKey, Tally>, held: &BTreeMap<TallyKey, Tally>) -> bool {
        let mut differ = false;
        for key in counted.keys().chain(held.keys().filter(|key| !counted.contains_key(key))) {
            let (counted, held) = (counted.get(key), held.get(key));
            let same = match (counted, held) {
                (Some(counted), Some(held)) => {
                    counted.counts == held.counts && counted.moments == held.moments
                }
                (counted, held) => counted.is_none() && held.is_none(),
            };
            if same {
                continue;
            }
            differ = true;
            if self.differences.len() >= MOST {
                break;
            }
            let people = |tally: Option<&Tally>| tally.map_or(0, Tally::people);
            let (counted, held) = (people(counted), people(held));
            self.differences.push(format!(
                "{key}: {counted} people in the responses, {held} in the tallies, or other answers"
            ));
        }
        differ
    }

    /// Makes the years anew from all months, of which some were just `repaired`: with their part of the tail, so the
    /// rest of it is added here.
    async fn repair(&mut self, conn: &mut Conn, repaired: &BTreeSet<NaiveDate>) -> Result<()> {
        let rest = self.tail_of(|day| !repaired.contains(&Grain::Month.start(day)))?;
        tallies_add(conn, &rest).await?;
        tail_clear(conn).await?;
        let years: BTreeSet<NaiveDate> =
            tallies_months(conn).await?.into_iter().map(|month| Grain::Year.start(month)).collect();
        for year in years {
            let span = TallySpan { grain: Grain::Year, from: year, to: Grain::Year.end(year) };
            let months = tallies_of_months(conn, &self.surveys, (span.from, span.to)).await?;
            tallies_replace(conn, &[span], &months).await?;
        }
        Ok(())
    }
}

/// The rows of a month: its days and itself.
fn spans(month: NaiveDate) -> [TallySpan; 2] {
    let to = Grain::Month.end(month);
    [Grain::Day, Grain::Month].map(|grain| TallySpan { grain, from: month, to })
}

/// Years hold other months too.
fn without_years(mut tallies: BTreeMap<TallyKey, Tally>) -> BTreeMap<TallyKey, Tally> {
    tallies.retain(|key, _| key.grain != Grain::Year);
    tallies
}
