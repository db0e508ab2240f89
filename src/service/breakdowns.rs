//! A figure by the values of a facet.

use super::Services;
use super::counting::Counted;
use super::figures::{Asked, Head, IndexValue, Setting, evidence};
use super::participation::Participation;
use super::visibility::Withheld;
use super::visibility::slices::slice_sight;
use crate::auth::Actor;
use crate::auth::policy::Audience;
use crate::domain::facet::Facet;
use crate::domain::ids::ServicePointId;
use crate::domain::period::{Grain, units};
use crate::error::{Error, FaultKind, Faults, FigureFault, Place, Result};
use chrono::{DateTime, NaiveDate, Utc};
use compact_str::CompactString;

/// A figure broken down.
#[derive(Debug, Clone)]
pub struct BreakdownReport {
    /// What was asked.
    pub head: Head,
    /// By which facet.
    pub facet: Facet,
    /// Everything together.
    pub all: IndexValue,
    /// How many of those who could have answered did, of everything together.
    pub participation: Option<Participation>,
    /// By value, sorted; those who told none come last.
    pub slices: Vec<Slice>,
    /// When the newest response in it arrived; `None` if everything is hidden.
    pub watermark: Option<DateTime<Utc>>,
}

/// One value of the facet.
#[derive(Debug, Clone)]
pub struct Slice {
    /// Its code; `None`: not told.
    pub value: Option<String>,
    /// Its Vietnamese name, where a code needs one.
    pub name: Option<String>,
    /// The whole of those who told it.
    pub whole: IndexValue,
}

/// Reads a breakdown. Facets are counted by month, so the period must be whole months.
///
/// # Errors
/// As [`Setting::new`]; [`ErrorCode::ValidationFailed`](crate::error::ErrorCode::ValidationFailed) for a period that
/// begins or ends inside a month.
pub async fn read(
    services: &Services,
    actor: &Actor,
    (asked, facet): (&Asked, Option<Facet>),
    mut faults: Faults,
) -> Result<BreakdownReport> {
    if asked.period.as_ref().is_some_and(|period| !is_months(period.from(), period.to())) {
        faults.push(Place::Parameter("period".into()), FaultKind::Figure(FigureFault::WholeMonths));
    }
    let setting = Setting::new(services, actor, asked, faults).await?;
    let facet = facet.ok_or_else(|| Error::internal("a breakdown without facet"))?;
    let days = (setting.head.period.from(), setting.head.period.to());
    let survey = setting.head.survey.clone();
    let cell = setting.cell(days);
    // Where the tree of each day counts and it changed inside a month, nobody knows which of the month's responses
    // came before.
    if cell.spans.iter().any(|span| !is_months(span.from, span.to)) {
        return Err(setting.refuse("as_of", FaultKind::Figure(FigureFault::WholeMonths)));
    }
    let by = setting.count(&survey, Some(facet), std::slice::from_ref(&cell)).await?;
    let by = by.into_iter().next().unwrap_or_default();
    // Everybody is in one slice or another, the one of those who told nothing included.
    let everything = by.values().flatten().fold(Counted::default(), |mut sum, (share, tally)| {
        sum.add(*share, tally.clone());
        sum
    });
    let sight = setting.sight(&survey, &[days]).await?;
    let withheld = setting.withheld(&sight, days, &cell);
    let mut evidence = evidence(&survey, Some(&everything));
    evidence.withhold(withheld.clone());
    let dossiers = setting.dossiers(std::slice::from_ref(&cell)).await?.pop().flatten();
    let participation = Participation::of(&evidence, dossiers);
    let (figures, watermark) = setting.figures_of(&evidence, participation.map(|found| found.dossiers));
    let participation = participation.and_then(|found| found.beside(&figures.whole, &evidence));
    let public = match setting.audience() {
        Audience::Public => Some(slice_sight(&setting, &sight, facet, days).await?),
        Audience::InCharge => None,
    };
    // In no slice of the public: where too few of a slice answered one, the slices of other months, in which enough did,
    // would tell what they said.
    let lacking = survey.lacking().concat();
    let slice = |(value, counted): (&CompactString, &Counted)| {
        let mut hidden =
            public.as_ref().map_or_else(Withheld::default, |sight| sight.withheld(facet, value, &lacking));
        hidden.and(withheld.clone());
        let (code, name) = named(&setting, facet, value);
        Slice { value: code, name, whole: setting.figures(Some(counted), hidden).0.whole }
    };
    let mut slices: Vec<Slice> = by.iter().map(slice).collect();
    slices.sort_by(|a, b| (a.value.is_none(), &a.value).cmp(&(b.value.is_none(), &b.value)));
    Ok(BreakdownReport { facet, all: figures.whole, participation, slices, watermark, head: setting.head })
}

/// Whether the days `from..to` are whole months.
fn is_months(from: NaiveDate, to: NaiveDate) -> bool {
    units(from, to).iter().all(|unit| unit.grain != Grain::Day)
}

/// Code and name of a stored value: desks are stored by number.
fn named(setting: &Setting<'_>, facet: Facet, value: &str) -> (Option<String>, Option<String>) {
    if value.is_empty() {
        return (None, None);
    }
    let desk = match facet {
        Facet::ServicePoint => value.parse().ok().and_then(|id| setting.catalogue.desk(ServicePointId(id))),
        _ => None,
    };
    match desk {
        Some(desk) => (Some(desk.code.clone()), Some(desk.name.clone())),
        None => (Some(value.to_owned()), None),
    }
}
