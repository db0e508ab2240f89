//! Drags: what each element and criterion contributes to the gap between a figure and its target, so that an office
//! knows what to change first.
//!
//! The whole is the mean of the criteria that count (`super::combine`), so each of k criteria has the weight 1/k, and an
//! element of c criteria c/k. A criterion contributes (target - value) / k to the gap target - whole; those above the
//! target contribute less than nothing. Exact contributions of all criteria, and likewise of all elements, add up to
//! the gap. What is shown is rounded, each number once, so the shown numbers may miss the gap by a few hundredths: the
//! remainder is told beside them.
//!
//! Desk points are a sum, not a mean: an indicator is held against its share of the target, one k-th, and contributes
//! what it lacks of that. Scaled up to nine indicators the share is one ninth, and what it lacks counts 9/k times.
//!
//! Only what the figures show goes in. A criterion that is withheld is no part of the shown whole, so it contributes
//! nothing to the shown gap, and subtracting all other contributions leaves nothing of it.

use super::Exact;
use super::combine::{Figures, IndexValue};
use super::formula::{DESK_INDICATORS, Formula};
use super::rounding::Rounded;
use super::target::Attainment;
use super::{ratio, whole};
use std::cmp::Reverse;

/// What one element or criterion contributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Drag {
    /// Its place in the questionnaire, among the elements or among all criteria.
    pub place: usize,
    /// Its own figure.
    pub value: IndexValue,
    /// How many of the criteria that count it is made of; 0 if none.
    pub criteria: u64,
    /// What its own figure would have to be for it to contribute nothing; `None` if it counts nowhere.
    pub goal: Option<Rounded>,
    /// Its part of the gap: above 0 it drags, below 0 it lifts. `None` if it counts nowhere.
    pub contribution: Option<Rounded>,
    /// The same before rounding. Not to be shown.
    pub exact: Option<Exact>,
    /// Its own figure held against its goal.
    pub attainment: Attainment,
}

/// What everything contributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Drags {
    /// Target minus whole, both as they are published; `None` if the whole has no value.
    pub gap: Option<Rounded>,
    /// The same before rounding the whole. Not to be shown.
    pub exact: Option<Exact>,
    /// How many criteria the whole is made of.
    pub criteria_counted: u64,
    /// The whole held against the target.
    pub attainment: Attainment,
    /// The elements, the largest contribution first; what counts nowhere last, equals in the questionnaire's order.
    pub elements: Vec<Drag>,
    /// The criteria, likewise.
    pub criteria: Vec<Drag>,
    /// What the elements' contributions as they are shown miss of the gap as it is shown.
    pub elements_remainder: Option<Rounded>,
    /// What the criteria's do.
    pub criteria_remainder: Option<Rounded>,
}

/// What a part of so many criteria has to be, and how much of what it lacks is part of the gap.
struct Share {
    goal: Exact,
    scale: Exact,
}

/// Of `part` of the `all` criteria that count.
fn share(formula: Formula, at_least: &Exact, (part, all): (u64, u64), is_criterion: bool) -> Share {
    match formula {
        Formula::SatisfiedShare | Formula::MeanNormalised | Formula::MeanRescaled => {
            Share { goal: at_least.clone(), scale: ratio(part, all) }
        }
        Formula::DeskPoints => Share { goal: at_least * ratio(part, all), scale: whole(1) },
        // A single indicator is never scaled up, several are.
        Formula::DeskPointsRescaled if is_criterion => {
            Share { goal: at_least / whole(DESK_INDICATORS), scale: ratio(DESK_INDICATORS, all) }
        }
        Formula::DeskPointsRescaled => Share { goal: at_least.clone(), scale: ratio(part, all) },
    }
}

/// What contributes how much to the gap between the whole and `at_least`, in the formula's unit.
pub fn drags(figures: &Figures, at_least: Rounded) -> Drags {
    let (formula, target) = (figures.formula, at_least.exact());
    let counts = |value: &IndexValue| figures.whole.value.is_some() && value.exact.is_some();
    let counted = |values: &[IndexValue]| -> u64 {
        u64::try_from(values.iter().filter(|value| counts(value)).count()).unwrap_or(u64::MAX)
    };
    let all: u64 = figures.elements.iter().map(|element| counted(&element.criteria)).sum();
    let drag = |place: usize, value: &IndexValue, part: u64, is_criterion: bool| {
        let of = share(formula, &target, (part, all.max(1)), is_criterion);
        let exact = value.exact.as_ref().filter(|_| part > 0).map(|value| (&of.goal - value) * &of.scale);
        Drag {
            place,
            value: value.clone(),
            criteria: part,
            goal: exact.as_ref().map(|_| Rounded::half_up(&of.goal)),
            contribution: exact.as_ref().map(Rounded::half_up),
            attainment: Attainment::of(value, &of.goal),
            exact,
        }
    };
    let elements = figures.elements.iter().enumerate();
    let elements =
        elements.map(|(place, element)| drag(place, &element.value, counted(&element.criteria), false));
    let criteria = figures.elements.iter().flat_map(|element| &element.criteria).enumerate();
    let criteria = criteria.map(|(place, value)| drag(place, value, u64::from(counts(value)), true));
    let (elements, criteria) = (ordered(elements.collect()), ordered(criteria.collect()));
    let gap = figures.whole.value.map(|value| at_least.minus(value));
    Drags {
        gap,
        exact: figures.whole.exact.as_ref().map(|value| &target - value),
        criteria_counted: all,
        attainment: Attainment::of(&figures.whole, &target),
        elements_remainder: remainder(gap, &elements),
        criteria_remainder: remainder(gap, &criteria),
        elements,
        criteria,
    }
}

fn ordered(mut drags: Vec<Drag>) -> Vec<Drag> {
    // Stable: equals stay in the questionnaire's order.
    drags.sort_by(|one, two| Reverse(&one.exact).cmp(&Reverse(&two.exact)));
    drags
}

fn remainder(gap: Option<Rounded>, drags: &[Drag]) -> Option<Rounded> {
    let shown = drags.iter().filter_map(|drag| drag.contribution);
    gap.map(|gap| gap.minus(shown.fold(Rounded::ZERO, Rounded::plus)))
}
