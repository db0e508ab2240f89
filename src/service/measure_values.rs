//! Values of measures: entered by administrators, read by everybody. Nothing is computed here but changes.

use super::Services;
use super::audit;
use super::catalogue::current;
use super::measures::{known, known_id};
use crate::auth::{Actor, policy};
use crate::domain::agency::Agency;
use crate::domain::amount::Amount;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::ids::{AgencyId, ClientId};
use crate::domain::measure::{Mark, Measure, MeasureCode};
use crate::domain::measure_value::{
    Change, Holder, MeasureValue, Next, Rank, SourceDocument, Statement, newest,
};
use crate::domain::period::{Period, day_of};
use crate::domain::tree::AgencyTree;
use crate::error::{Error, ErrorCode, FaultKind, Faults, MeasureFault, Place, Result};
use crate::store::measure_values::{measure_values_insert, measure_values_list};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::NaiveDate;

/// Most periods of a series; gaps count.
const MOST_POINTS: usize = 1000;

/// What an administrator enters. A field that was absent or faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone, Default)]
pub struct ValueDraft {
    /// The period.
    pub period: Option<Period>,
    /// The value.
    pub value: Option<Amount>,
    /// The place in the published list.
    pub rank: Option<i64>,
    /// The length of the list.
    pub out_of: Option<i64>,
    /// The document.
    pub source: Option<SourceDocument>,
    /// How far it can be relied on.
    pub mark: Option<Mark>,
    /// Why it is assumed.
    pub assumed_because: Option<String>,
    /// The revision that is corrected.
    pub replaces: Option<i64>,
    /// Whether every field could be read; what is missing is told only then.
    pub clean: bool,
}

/// What drafts are held against.
pub(super) struct Rules<'r> {
    /// The measure.
    pub measure: &'r Measure,
    /// The agency, `None`: the whole country.
    pub agency: Option<AgencyId>,
    /// The tree of agencies.
    pub tree: &'r AgencyTree,
    /// Today in Viet Nam.
    pub today: NaiveDate,
}

impl Rules<'_> {
    /// The statement of a draft, if it keeps every rule; `at` gives the place of a field.
    pub(super) fn statement(
        &self,
        draft: &ValueDraft,
        at: &dyn Fn(&str) -> Place,
        faults: &mut Faults,
    ) -> Option<Statement> {
        let mut broken = |field: &str, kind: FaultKind| faults.push(at(field), kind);
        if let Some(period) = &draft.period {
            if period.from() > self.today {
                broken("period", FaultKind::PeriodNotBegun);
            } else if !self.is_there(period) {
                broken("period", FaultKind::Measure(MeasureFault::AgencyNotThere));
            }
        }
        if draft.value.is_some_and(|value| !self.measure.takes(value)) {
            let (least, most) = self.measure.scale;
            let [least, most] = [least, most].map(|bound| bound.map(|bound| bound.to_string()));
            broken("value", FaultKind::Measure(MeasureFault::OffScale { least, most }));
        }
        let rank = match (draft.rank, draft.out_of) {
            (Some(_), _) if self.agency.is_none() => {
                broken("rank", FaultKind::Measure(MeasureFault::CountryHasNoRank));
                None
            }
            (Some(rank), Some(out_of)) => {
                let rank = Rank::new(rank, out_of);
                if rank.is_none() {
                    broken("rank", FaultKind::Measure(MeasureFault::RankBeyondList));
                }
                rank
            }
            (Some(_), None) if draft.clean => {
                broken("out_of", FaultKind::Missing);
                None
            }
            (None, Some(_)) if draft.clean => {
                broken("rank", FaultKind::Missing);
                None
            }
            _ => None,
        };
        if draft.clean && draft.value.is_none() && draft.rank.is_none() && draft.out_of.is_none() {
            broken("value", FaultKind::Measure(MeasureFault::NothingSaid));
        }
        if draft.clean && (draft.mark == Some(Mark::Assumed)) != draft.assumed_because.is_some() {
            broken("assumed_because", FaultKind::Measure(MeasureFault::ReasonOfAssumed));
        }
        let source = draft.source.clone()?;
        Some(Statement { value: draft.value, rank, source, assumed_because: draft.assumed_because.clone() })
    }

    /// Whether the agency existed on a day of the period.
    fn is_there(&self, period: &Period) -> bool {
        let valid = self.agency.map(|agency| self.tree.get(agency).map(|agency| agency.valid));
        valid.is_none_or(|valid| {
            valid
                .is_some_and(|valid| valid.from < period.to() && valid.to.is_none_or(|to| period.from() < to))
        })
    }
}

/// Enters a value, or corrects one. `faults` are those the reader found already.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::AgencyNotFound`] also outside the client's
/// subtree; [`ErrorCode::MeasureNotFound`]; [`ErrorCode::ValidationFailed`]; [`ErrorCode::MeasureValueConflict`] if it
/// does not name the newest revision.
pub async fn enter(
    services: &Services,
    actor: &Actor,
    (holder, measure): (Option<&Holder>, Option<&'static Measure>),
    draft: ValueDraft,
    mut faults: Faults,
) -> Result<MeasureValue> {
    let client = policy::measure_enterer(actor)?;
    let catalogue = current(services).await?;
    let not_found = || Error::new(ErrorCode::AgencyNotFound);
    let holder = holder.ok_or_else(not_found)?;
    let agency = known_id(&catalogue, holder).ok_or_else(not_found)?;
    let scope = policy::enter_measures(client, &catalogue.tree, agency).ok_or_else(not_found)?;
    let measure = measure.ok_or_else(|| Error::new(ErrorCode::MeasureNotFound))?;
    let now = services.clock.now();
    let rules = Rules { measure, agency, tree: &catalogue.tree, today: day_of(now) };
    let statement = rules.statement(&draft, &in_body, &mut faults);
    let (Some(statement), Some(period), true) = (statement, draft.period, faults.is_empty()) else {
        return Err(Error::invalid(faults.into_vec(), now));
    };
    let store = async |conn: &mut Conn| -> Result<MeasureValue> {
        let all = measure_values_list(conn, &[agency]).await?.into_iter().map(|(_, value)| value).collect();
        let held = newest(all).into_iter().find(|held| held.measure == measure.code && held.period == period);
        let revision = match (Next::of(held.as_ref(), &statement, draft.replaces), held) {
            (Next::Same, Some(held)) => return Ok(held),
            (Next::Revision(revision), _) => revision,
            (Next::Same | Next::Conflict(_), held) => {
                let revision = held.map_or(0, |held| held.revision);
                return Err(Error::new(ErrorCode::MeasureValueConflict)
                    .detail(format!("the newest revision is {revision}")));
            }
        };
        let value = entered((measure, period, revision, statement), client.id, now);
        measure_values_insert(conn, &scope, &[(agency, value.clone())]).await?;
        let entry = Entry {
            action: Action::MeasureValueEntered,
            agency,
            object: holder.to_string(),
            details: vec![
                ("measure", measure.code.to_string()),
                ("period", value.period.code().unwrap_or_default().to_owned()),
                ("revision", revision.to_string()),
            ],
        };
        audit::record(conn, By::Client(client), &entry, now).await?;
        Ok(value)
    };
    services.db.within(SILENCE, async |conn| conn.transaction(store).await).await
}

/// The place of a field in the body, or of the period in the path.
fn in_body(field: &str) -> Place {
    match field {
        "period" => Place::Parameter(field.into()),
        field => Place::Pointer(format!("/{field}")),
    }
}

/// A statement as it is entered now.
pub(super) fn entered(
    (measure, period, revision, statement): (&Measure, Period, i32, Statement),
    entered_by: ClientId,
    entered_at: chrono::DateTime<chrono::Utc>,
) -> MeasureValue {
    let (code, version) = (measure.code.clone(), measure.version);
    MeasureValue { measure: code, version, period, revision, statement, entered_by, entered_at }
}

/// A measure over time, for one agency or the whole country.
#[derive(Debug, Clone)]
pub struct MeasureSeries {
    /// The measure.
    pub measure: &'static Measure,
    /// The agency; `None`: the whole country.
    pub agency: Option<Agency>,
    /// Every period from the first that something is said of to the last, gaps too.
    pub points: Vec<Point>,
}

/// One period of a series.
#[derive(Debug, Clone)]
pub struct Point {
    /// The period.
    pub period: Period,
    /// Periods with the same number can be compared; a break begins another one. From 1.
    pub segment: usize,
    /// What counts; `None`: a gap.
    pub value: Option<MeasureValue>,
    /// Against the period before.
    pub change: Option<Change>,
    /// What was said before and does not count any more, oldest first.
    pub replaced: Vec<MeasureValue>,
}

/// Reads a series.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`], [`ErrorCode::Unavailable`].
pub async fn series(
    services: &Services,
    holder: &Holder,
    measure: &'static Measure,
) -> Result<MeasureSeries> {
    let catalogue = current(services).await?;
    let agency = known(&catalogue, holder).ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let all = all_of(services, agency.map(|agency| agency.id)).await?;
    let of_measure: Vec<MeasureValue> =
        all.into_iter().filter(|value| value.measure == measure.code).collect();
    Ok(MeasureSeries { measure, agency: agency.cloned(), points: points(measure, &of_measure) })
}

fn points(measure: &'static Measure, all: &[MeasureValue]) -> Vec<Point> {
    let counting = newest(all.to_vec());
    let first = counting.iter().min_by_key(|value| value.period.from()).map(|value| value.period.clone());
    let last = counting.iter().map(|value| value.period.from()).max();
    let periods = std::iter::successors(first, |period| measure.frequency.after(period));
    let periods =
        periods.take_while(|period| last.is_some_and(|last| period.from() <= last)).take(MOST_POINTS);
    let (mut segment, mut before): (usize, Option<Period>) = (1, None);
    let point = |period: Period| {
        if before.as_ref().is_some_and(|before| measure.break_between(before, &period).is_some()) {
            segment += 1;
        }
        before = Some(period.clone());
        let value = counting.iter().find(|value| value.period == period).cloned();
        let change = value.as_ref().and_then(|value| Change::of(measure, value, &counting));
        let older = |old: &&MeasureValue| {
            old.period == period && value.as_ref().is_some_and(|value| old.revision < value.revision)
        };
        let replaced = all.iter().filter(older).cloned().collect();
        Point { period, segment, change, replaced, value }
    };
    periods.map(point).collect()
}

/// What counts for a measure, a holder and a period; for targets.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`], [`ErrorCode::Unavailable`].
pub async fn value_of(
    services: &Services,
    holder: &Holder,
    measure: &MeasureCode,
    period: &Period,
) -> Result<Option<MeasureValue>> {
    let catalogue = current(services).await?;
    let agency = known_id(&catalogue, holder).ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let all = all_of(services, agency).await?;
    Ok(newest(all).into_iter().find(|value| value.measure == *measure && value.period == *period))
}

/// Everything that was entered about an agency, or the whole country.
pub(super) async fn all_of(services: &Services, agency: Option<AgencyId>) -> Result<Vec<MeasureValue>> {
    let read = async |conn: &mut Conn| measure_values_list(conn, &[agency]).await;
    let all = services.db.within(SILENCE, read).await?;
    Ok(all.into_iter().map(|(_, value)| value).collect())
}

/// Whether the reader is shown which client entered a value: those who may enter some.
pub fn may_see_enterer(actor: &Actor) -> bool {
    policy::may_see_enterer(actor)
}
