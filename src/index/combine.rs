//! From counts per criterion to criteria, elements and the whole.

use super::Exact;
use super::bands::Band;
use super::formula::{DESK_INDICATORS, Formula};
use super::interval::{Interval, interval, moments_of};
use super::rounding::Rounded;
use crate::domain::distribution::{Distribution, Moments};
use crate::domain::questionnaire::QuestionnaireVersion;
use num_traits::ToPrimitive;

/// A value with everything needed to judge and to recompute it (chỉ số hài lòng).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexValue {
    /// The figure; `None` if nobody answered or the cell is suppressed.
    pub value: Option<Rounded>,
    /// Its interval; `None` where the data cannot tell.
    pub interval: Option<Interval>,
    /// Respondents with at least one applicable answer; `None` if suppressed.
    pub n: Option<u64>,
    /// Numerator and denominator of a single criterion; combined values have no simple one.
    pub fraction: Option<(u64, u64)>,
    /// Counts per level, pooled over the criteria it combines; `None` if suppressed.
    pub counts: Option<Distribution>,
    /// Hidden because too few people answered, or because it would give a hidden one away.
    pub suppressed: bool,
}

/// The value of an element and of its criteria, in the questionnaire's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementFigures {
    /// The element.
    pub value: IndexValue,
    /// Its criteria.
    pub criteria: Vec<IndexValue>,
}

/// Every figure of one questionnaire version by one formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// By which rule.
    pub formula: Formula,
    /// The whole questionnaire.
    pub whole: IndexValue,
    /// Its elements.
    pub elements: Vec<ElementFigures>,
    /// Band of a desk rating, where the rule gives one.
    pub band: Option<Band>,
    /// Places of the criteria that nobody answered, which the whole leaves out.
    pub left_out: Vec<usize>,
}

/// Computes every figure. `counts` has one distribution for each criterion, `moments` the whole first and
/// then one for each element; missing ones count as empty.
pub fn figures(
    formula: Formula,
    version: &QuestionnaireVersion,
    counts: &[Distribution],
    moments: &[Moments],
) -> Figures {
    let empty = Distribution::default();
    let exact: Vec<Option<Exact>> = version
        .criteria
        .iter()
        .zip(counts.iter().chain(std::iter::repeat(&empty)))
        .map(|(criterion, counts)| formula.criterion(version.scale_of(criterion)?, counts))
        .collect();
    let part = |places: std::ops::Range<usize>, part: usize| -> (IndexValue, Option<Exact>) {
        let mut pooled = Distribution::default();
        counts.get(places.clone()).unwrap_or_default().iter().for_each(|counts| pooled.add(counts));
        let answered: Vec<Exact> = exact.get(places).unwrap_or_default().iter().flatten().cloned().collect();
        let value = formula.combined(&answered);
        let moments = moments.get(part).copied().unwrap_or_default();
        (combined(formula, answered.len(), value.as_ref(), pooled, &moments), value)
    };
    let (whole, whole_exact) = part(0..version.criteria.len(), 0);
    let elements = version.elements.iter().enumerate().map(|(place, element)| ElementFigures {
        value: part(element.criteria.clone(), place + 1).0,
        criteria: element
            .criteria
            .clone()
            .filter_map(|place| criterion(formula, version, place, counts, exact.get(place)?.as_ref()))
            .collect(),
    });
    let answered = exact.iter().flatten().count();
    Figures {
        formula,
        elements: elements.collect(),
        band: whole_exact.and_then(|value| band(formula, answered, &value)),
        left_out: exact
            .iter()
            .enumerate()
            .filter(|(_, value)| value.is_none())
            .map(|(place, _)| place)
            .collect(),
        whole,
    }
}

fn combined(
    formula: Formula,
    count: usize,
    value: Option<&Exact>,
    counts: Distribution,
    moments: &Moments,
) -> IndexValue {
    IndexValue {
        value: value.map(Rounded::half_up),
        interval: value.and_then(|value| interval(formula, count, value.to_f64()?, moments)),
        n: Some(u64::try_from(moments.respondents).unwrap_or(0)),
        fraction: None,
        counts: Some(counts),
        suppressed: false,
    }
}

fn criterion(
    formula: Formula,
    version: &QuestionnaireVersion,
    place: usize,
    counts: &[Distribution],
    value: Option<&Exact>,
) -> Option<IndexValue> {
    let scale = version.scale_of(version.criteria.get(place)?)?;
    let counts = counts.get(place).copied().unwrap_or_default();
    let moments = moments_of(scale, &counts);
    Some(IndexValue {
        fraction: Some(formula.fraction(scale, &counts)).filter(|(_, denominator)| *denominator > 0),
        ..combined(formula, 1, value, counts, &moments)
    })
}

/// The law bands a total of nine indicators; a sum of fewer would be banded too low. The scaled total is
/// banded as it is published, with two decimals, so that a reader can follow.
fn band(formula: Formula, answered: usize, value: &Exact) -> Option<Band> {
    match formula {
        Formula::DeskPoints if u64::try_from(answered).ok()? == DESK_INDICATORS => Some(Band::of(value)),
        Formula::DeskPointsRescaled => {
            let published = Exact::new(Rounded::half_up(value).hundredths().into(), 100.into());
            Some(Band::of(&published))
        }
        _ => None,
    }
}
