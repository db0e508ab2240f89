//! Where an agency stands by every measure: the newest statements beside each other, with what changed, who is
//! responsible, and apart from them what this service computes itself.

use super::Services;
use super::catalogue::{Catalogue, current};
use super::figures::{Asked, Confidence, Flagged, fielded};
use super::indexes::{self, IndexReport};
use super::measure_values::all_of;
use super::measures::known;
use super::targets::{TargetItem, on_measures};
use crate::auth::Actor;
use crate::catalogue::measures;
use crate::domain::agency::Agency;
use crate::domain::ids::AgencyId;
use crate::domain::measure::{Measure, MeasureCode};
use crate::domain::measure_value::{Change, Duty, Holder, MeasureValue, duties_on, newest};
use crate::domain::period::{Period, day_of};
use crate::domain::questionnaire::Kind;
use crate::domain::subject::SubjectCode;
use crate::domain::survey::Survey;
use crate::domain::tree::{AsOf, Depth};
use crate::error::{Error, ErrorCode, Faults, Result};
use crate::index::not_dissatisfied::share;
pub use crate::index::rounding::Rounded;
use crate::store::measure_duties::measure_duties_list;
use crate::store::{Conn, SILENCE};
use std::sync::Arc;

/// Surveys whose figures are computed beside the published ones.
const MOST_SURVEYS: usize = 5;

/// The table of an agency or the whole country.
#[derive(Debug, Clone)]
pub struct TrackerTable {
    /// The agency; `None`: the whole country.
    pub agency: Option<Agency>,
    /// The period that was asked for; `None`: the newest statement about each measure.
    pub period: Option<Period>,
    /// A row for each measure, in the order of the catalogue.
    pub rows: Vec<TrackerRow>,
    /// Agencies with whose work it goes on; their statements are their own.
    pub predecessors: Vec<Agency>,
    /// Agencies that go on with its work.
    pub successors: Vec<Agency>,
}

/// One measure.
#[derive(Debug, Clone)]
pub struct TrackerRow {
    /// The measure.
    pub measure: &'static Measure,
    /// What counts; `None`: nothing was entered, which is not zero.
    pub value: Option<MeasureValue>,
    /// Against the period right before; `None` where nothing was entered for it.
    pub change: Option<Change>,
    /// Who is responsible today, or at the agency's end.
    pub duty: Option<Duty<Agency>>,
    /// What shall be reached in the period asked about, or in that of the value; `None` for the whole country.
    pub target: Option<TargetItem>,
}

/// A figure of this service beside a published one. Not the published index.
#[derive(Debug, Clone)]
pub struct Computed {
    /// The measure it stands beside.
    pub measure: MeasureCode,
    /// Our index, with everything needed to judge it.
    pub report: IndexReport,
    /// Share of answers that are not "dissatisfied", in percent; see [`share`]. Only beside 766.
    pub ratio: Option<Rounded>,
}

/// The table. In a period longer than a measure's own the newest statement within it counts, in a shorter one that about
/// the period it lies in.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`], [`ErrorCode::Unavailable`].
pub async fn tracker_table(
    services: &Services,
    holder: &Holder,
    period: Option<&Period>,
) -> Result<TrackerTable> {
    let catalogue = current(services).await?;
    let agency = known(&catalogue, holder).ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let id = agency.map(|agency| agency.id);
    let all = newest(all_of(services, id).await?);
    let duties = duties(services, &catalogue, agency).await?;
    let row = |measure: &'static Measure| {
        let value = chosen(measure, period, &all);
        TrackerRow {
            measure,
            change: value.and_then(|value| Change::of(measure, value, &all)),
            value: value.cloned(),
            duty: duties.iter().find(|duty| duty.measure == measure.code).cloned(),
            target: None,
        }
    };
    let mut rows: Vec<TrackerRow> = measures().iter().map(row).collect();
    if let Some(agency) = agency {
        aim(services, &catalogue, (agency, period), &mut rows).await?;
    }
    let tree = &catalogue.tree;
    let relatives = |ids: Vec<AgencyId>| -> Vec<Agency> {
        let others = ids.into_iter().filter(|other| Some(*other) != id);
        others.filter_map(|other| tree.get(other).cloned()).collect()
    };
    let before = id.map(|id| tree.predecessors(id).iter().map(|one| one.predecessor).collect());
    let after = id.map(|id| tree.successors(id).iter().map(|one| one.successor).collect());
    Ok(TrackerTable {
        agency: agency.cloned(),
        period: period.cloned(),
        rows,
        predecessors: relatives(before.unwrap_or_default()),
        successors: relatives(after.unwrap_or_default()),
    })
}

/// Adds the targets that hold in the period asked about, or in that of each row's value.
async fn aim(
    services: &Services,
    catalogue: &Catalogue,
    (agency, period): (&Agency, Option<&Period>),
    rows: &mut [TrackerRow],
) -> Result<()> {
    let of_row =
        |row: &TrackerRow| period.cloned().or_else(|| row.value.as_ref().map(|value| value.period.clone()));
    let mut known: Vec<(Period, Vec<(MeasureCode, TargetItem)>)> = Vec::new();
    for row in rows {
        let Some(period) = of_row(row) else { continue };
        if !known.iter().any(|(asked, _)| *asked == period) {
            let targets = on_measures(services, catalogue, agency, &period).await?;
            known.push((period.clone(), targets));
        }
        let targets = known.iter().filter(|(asked, _)| *asked == period).flat_map(|(_, targets)| targets);
        row.target = targets.into_iter().find(|(code, _)| *code == row.measure.code).map(|(_, t)| t.clone());
    }
    Ok(())
}

fn chosen<'v>(
    measure: &Measure,
    period: Option<&Period>,
    all: &'v [MeasureValue],
) -> Option<&'v MeasureValue> {
    let of_measure = all.iter().filter(|value| value.measure == measure.code);
    let Some(period) = period else { return of_measure.max_by_key(|value| value.period.from()) };
    let holds = |outer: &Period, inner: &Period| outer.from() <= inner.from() && inner.to() <= outer.to();
    let fitting = of_measure.filter(|value| holds(period, &value.period) || holds(&value.period, period));
    fitting.max_by_key(|value| value.period.from())
}

async fn duties(
    services: &Services,
    catalogue: &Catalogue,
    agency: Option<&Agency>,
) -> Result<Vec<Duty<Agency>>> {
    let id = agency.map(|agency| agency.id);
    let read = async |conn: &mut Conn| measure_duties_list(conn, id).await;
    let all = services.db.within(SILENCE, read).await?;
    let today = day_of(services.clock.now());
    let last = agency.and_then(|agency| agency.valid.to).and_then(|to| to.pred_opt());
    let held = duties_on(&all, last.map_or(today, |last| last.min(today)));
    let named = |duty: Duty<AgencyId>| Duty {
        agency: duty.agency.and_then(|unit| catalogue.tree.get(unit).cloned()),
        measure: duty.measure,
        from: duty.from,
        unit_vi: duty.unit_vi,
        unit_en: duty.unit_en,
    };
    Ok(held.into_iter().map(named).collect())
}

/// What this service computes itself for the same agency and period, as the reader may see it: the whole of each SIPAS
/// survey that is fielded there and was open in the period, beside `sipas` and beside the satisfaction group of 766. Each
/// response by the tree of its day, as an index that is published for a year is about the agencies of that year.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn computed(
    services: &Services,
    actor: &Actor,
    holder: &Holder,
    period: &Period,
) -> Result<Vec<Computed>> {
    let catalogue = current(services).await?;
    let agency = known(&catalogue, holder).ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let codes = |code: &str| MeasureCode::parse(code).ok();
    let (Some(sipas), Some(group)) = (codes("sipas"), codes("766.mdhl")) else { return Ok(Vec::new()) };
    let mut computed = Vec::new();
    for survey in surveys(&catalogue, agency, period) {
        let asked = asked(holder, &survey, period);
        match indexes::read(services, actor, &asked, Faults::default()).await {
            Ok(report) => {
                let ratio = report.figures.whole.counts.as_ref().and_then(share);
                computed.push(Computed { measure: sipas.clone(), report: report.clone(), ratio: None });
                computed.push(Computed { measure: group.clone(), report, ratio });
            }
            // Not for this reader, or not in the tree of that time: then there is nothing beside.
            Err(error) if matches!(error.code, ErrorCode::TokenMissing | ErrorCode::ValidationFailed) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(computed)
}

/// The surveys that may have something to say, by code.
fn surveys(catalogue: &Catalogue, agency: Option<&Agency>, period: &Period) -> Vec<Arc<Survey>> {
    let roots: Vec<AgencyId> = agency.iter().map(|agency| agency.id).collect();
    let window = |survey: &Survey| {
        survey.window.from < period.to() && survey.window.to.is_none_or(|to| period.from() < to)
    };
    let of_kind = |survey: &&Arc<Survey>| survey.questionnaire.kind == Kind::Sipas && window(survey);
    let mut found: Vec<Arc<Survey>> = catalogue.surveys.values().filter(of_kind).cloned().collect();
    found.retain(|survey| fielded(catalogue, survey, &roots));
    found.sort_by(|one, other| one.code.cmp(&other.code));
    found.truncate(MOST_SURVEYS);
    found
}

fn asked(holder: &Holder, survey: &Survey, period: &Period) -> Asked {
    Asked {
        subject: match holder {
            Holder::Country => SubjectCode::Country,
            Holder::Agency(code) => SubjectCode::Agencies(vec![code.clone()]),
        },
        depth: Depth::Subtree,
        survey: Some(survey.code.clone()),
        period: Some(period.clone()),
        formula: None,
        as_of: AsOf::Then,
        confidence: Confidence::default(),
        flagged: Flagged::Excluded,
    }
}
