//! What the public may see of a breakdown.
//!
//! Slices share the cells of everybody with the index, so one mask has to guard all facets together; over thousands of
//! agencies, months and values it would take seconds. The public therefore gets breakdowns of the country and of the
//! agencies at the top (provinces) alone, by channel, gender and age band; the mask over those is made for each question.

use super::{COUNTRY, Sight, Withheld, parents};
use crate::domain::facet::Facet;
use crate::domain::ids::AgencyId;
use crate::domain::period::Grain;
use crate::domain::subject::Subject;
use crate::domain::survey::Survey;
use crate::domain::tree::Depth;
use crate::error::{FaultKind, FigureFault, Result};
use crate::index::suppression::{Cell, Mask, PeopleCounts, Unit, Value};
use crate::service::figures::Setting;
use chrono::{Datelike, NaiveDate};
use compact_str::CompactString;
use std::collections::HashMap;

/// Facets of few values.
const PUBLIC: [Facet; 3] = [Facet::Channel, Facet::Gender, Facet::AgeBand];

/// Most years of a public breakdown.
const MOST_YEARS: usize = 5;

/// What the public may see of a subject's slices.
pub struct SliceSight {
    mask: Mask,
    node: AgencyId,
    units: Vec<Unit>,
    values: HashMap<(Facet, CompactString), Value>,
    /// Whether the mask would need cells hidden that the index shows.
    nothing: bool,
}

/// What the public may see of the question's slices by `facet`.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`](crate::error::ErrorCode::ValidationFailed) for what only those in charge may ask;
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn slice_sight(
    setting: &Setting<'_>,
    sight: &Sight,
    facet: Facet,
    days: (NaiveDate, NaiveDate),
) -> Result<SliceSight> {
    let refuse = || setting.refuse("by", FaultKind::Figure(FigureFault::BreakdownInCharge));
    let below: Vec<_> = parents(&setting.catalogue.tree, setting.head.tree_day());
    let tops: Vec<AgencyId> =
        below.iter().filter(|(_, parent)| *parent == Some(COUNTRY)).map(|(id, _)| *id).collect();
    let node = match (&setting.subject, setting.subject.only()) {
        (Subject::Country, _) => COUNTRY,
        (_, Some(agency)) if tops.contains(&agency) && setting.head.depth == Depth::Subtree => agency,
        _ => return Err(refuse()),
    };
    let months = months(days);
    if !PUBLIC.contains(&facet) || months.len() > 12 * MOST_YEARS {
        return Err(refuse());
    }
    let mut people = PeopleCounts::new(
        std::iter::once((COUNTRY, None)).chain(tops.iter().map(|top| (*top, Some(COUNTRY)))),
    );
    let mut values = HashMap::new();
    for facet in PUBLIC {
        add(setting, &setting.head.survey, facet, (&tops, &months), (&mut people, &mut values)).await?;
    }
    let mask = people.mask(setting.head.min_n);
    let years = Unit::covering(Grain::Year.start(days.0), Grain::Year.end(Grain::Year.start(days.1)));
    let units: Vec<Unit> = years.into_iter().flatten().flat_map(Unit::within_year).collect();
    let hides_more = |agency: &AgencyId| {
        let cell = |unit| Cell { agency: *agency, depth: Depth::Subtree, unit, value: None };
        units.iter().any(|unit| !mask.shows(&cell(*unit)) && sight.shows(&cell(*unit)))
    };
    let nothing = tops.iter().chain([&COUNTRY]).any(hides_more);
    Ok(SliceSight { mask, node, units: Unit::covering(days.0, days.1).unwrap_or_default(), values, nothing })
}

/// First days of the months of every year the days touch: a mask is made of whole years.
fn months(days: (NaiveDate, NaiveDate)) -> Vec<NaiveDate> {
    let last = Grain::Year.end(Grain::Year.start(days.1.pred_opt().unwrap_or(days.1)));
    let next = |month: &NaiveDate| Some(Grain::Month.end(*month)).filter(|month| *month < last);
    std::iter::successors(Some(Grain::Year.start(days.0)), next).take(12 * MOST_YEARS + 1).collect()
}

/// Adds everybody's values of a facet, the one of those who told none included.
async fn add(
    setting: &Setting<'_>,
    survey: &Survey,
    facet: Facet,
    (tops, months): (&[AgencyId], &[NaiveDate]),
    (people, values): (&mut PeopleCounts, &mut HashMap<(Facet, CompactString), Value>),
) -> Result<()> {
    let places: Vec<(AgencyId, NaiveDate)> =
        tops.iter().flat_map(|top| months.iter().map(|month| (*top, *month))).collect();
    let cells: Vec<_> = places
        .iter()
        .map(|(top, month)| {
            setting.cell_of(&Subject::Agencies(vec![*top]), (*month, Grain::Month.end(*month)))
        })
        .collect();
    let counted = setting.count(survey, Some(facet), &cells).await?;
    for ((top, month), by) in places.iter().zip(&counted) {
        let Some(unit) = Unit::month(month.year(), month.month()) else { continue };
        for (word, counted) in by {
            let next = u32::try_from(values.len()).unwrap_or(u32::MAX);
            let value = values.entry((facet, word.clone())).or_insert_with(|| Value {
                facet: u8::try_from(facet.number()).unwrap_or(u8::MAX),
                value: next,
            });
            people.add(*top, unit, Some(*value), counted.people());
        }
    }
    Ok(())
}

impl SliceSight {
    /// Whether a slice may be shown.
    pub fn shows(&self, facet: Facet, value: &CompactString) -> bool {
        let Some(value) = self.values.get(&(facet, value.clone())).filter(|_| !self.nothing) else {
            return false;
        };
        self.units.iter().all(|unit| {
            let cell = Cell { agency: self.node, depth: Depth::Subtree, unit: *unit, value: Some(*value) };
            self.mask.shows(&cell)
        })
    }

    /// What has to be withheld of a slice, and these criteria in any case.
    pub fn withheld(&self, facet: Facet, value: &CompactString, criteria: &[usize]) -> Withheld {
        Withheld { everything: !self.shows(facet, value), criteria: criteria.to_vec() }
    }
}
