//! Laws that hold for every input, tested on random ones.

mod blocks;
mod comparisons;
mod drags;
mod uncertainty;

use super::bands::Band;
use super::combine::{Figures, Question, figures};
use super::confidence::Confidence;
use super::evidence::Evidence;
use super::formula::Formula;
use super::interval::wilson;
use super::rounding::Rounded;
use super::{Exact, IndexValue, ratio};
use crate::catalogue::{built_in, parse};
use crate::domain::distribution::{Distribution, Moments};
use crate::domain::questionnaire::{Kind, QuestionnaireVersion};
use crate::domain::tally::Tally;
use crate::domain::tree::Share;
use num_traits::ToPrimitive;
use proptest::collection::vec;
use proptest::prelude::*;

fn version(place: usize) -> QuestionnaireVersion {
    parse(&built_in().remove(place)).unwrap().questionnaire.unwrap().version
}

/// What some people's answers (ordinals, 0 for not applicable) add up to.
fn tallied(version: &QuestionnaireVersion, people: &[Vec<u8>]) -> Tally {
    let mut tally = Tally::empty(version);
    let parts = version.parts();
    for person in people {
        for (count, ordinal) in tally.counts.iter_mut().zip(person) {
            count.count(*ordinal);
        }
        for (moment, places) in tally.moments.iter_mut().zip(&parts) {
            moment.add(&Moments::of(version, places, person));
        }
    }
    tally
}

/// The evidence of groups of people with their shares.
fn shared(version: &QuestionnaireVersion, groups: &[(&[Vec<u8>], Share)]) -> Evidence {
    let mut evidence = Evidence::new(version);
    groups.iter().for_each(|(people, share)| evidence.add(&tallied(version, people).into(), *share));
    evidence
}

fn evidence(version: &QuestionnaireVersion, people: &[Vec<u8>]) -> Evidence {
    shared(version, &[(people, Share::from_integer(1))])
}

fn ask(formula: Formula) -> Question {
    Question { formula, confidence: Confidence::P95, min_n: 0, population: None }
}

fn computed(formula: Formula, version: &QuestionnaireVersion, people: &[Vec<u8>]) -> Figures {
    figures(version, &evidence(version, people), &ask(formula))
}

fn cells(figures: &Figures) -> Vec<&IndexValue> {
    let elements = figures.elements.iter();
    let parts = elements.flat_map(|element| std::iter::once(&element.value).chain(&element.criteria));
    std::iter::once(&figures.whole).chain(parts).collect()
}

fn people(criteria: usize, top: u8) -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(0..=top, criteria), 1..40)
}

/// Half up by another road: whole division of integers.
fn half_up(numerator: u64, denominator: u64) -> i32 {
    let (n, d) = (u128::from(numerator), u128::from(denominator));
    i32::try_from((n * 200 + d) / (2 * d)).unwrap()
}

proptest! {
    #[test]
    fn values_and_intervals_stay_in_range(people in people(19, 5)) {
        let version = version(0);
        for formula in Formula::of_kind(Kind::Sipas) {
            let least = if formula == Formula::MeanNormalised { 2000 } else { 0 };
            for cell in cells(&computed(formula, &version, &people)) {
                if let Some(value) = cell.value {
                    prop_assert!((least..=10_000).contains(&value.hundredths()));
                    if let Some(interval) = cell.interval {
                        prop_assert!(interval.low <= value && value <= interval.high, "{cell:?}");
                        prop_assert!((least..=10_000).contains(&interval.low.hundredths()));
                        prop_assert!((least..=10_000).contains(&interval.high.hundredths()));
                    }
                } else {
                    prop_assert_eq!(cell.n, Some(0));
                }
            }
        }
    }

    #[test]
    fn the_order_of_people_does_not_matter(mut people in people(19, 5)) {
        let version = version(0);
        let before = computed(Formula::SatisfiedShare, &version, &people);
        people.reverse();
        prop_assert_eq!(before, computed(Formula::SatisfiedShare, &version, &people));
    }

    #[test]
    fn counts_of_two_groups_add_up(one in people(19, 5), two in people(19, 5)) {
        let version = version(0);
        let mut sum = tallied(&version, &one);
        sum.add(&tallied(&version, &two));
        let together: Vec<_> = one.into_iter().chain(two).collect();
        prop_assert_eq!(sum, tallied(&version, &together));
    }

    #[test]
    fn a_better_answer_never_lowers_a_value(mut people in people(19, 5), place in 0..19_usize, who in 0..40_usize) {
        let version = version(0);
        let who = who % people.len();
        let answer = people[who][place];
        prop_assume!((1..5).contains(&answer));
        for formula in Formula::of_kind(Kind::Sipas) {
            people[who][place] = answer;
            let before = computed(formula, &version, &people);
            people[who][place] = answer + 1;
            let after = computed(formula, &version, &people);
            for (before, after) in cells(&before).into_iter().zip(cells(&after)) {
                prop_assert!(before.value <= after.value);
            }
        }
    }

    #[test]
    fn not_applicable_changes_no_value_but_is_counted(people in people(19, 5), place in 0..19_usize) {
        let version = version(0);
        let before = computed(Formula::MeanRescaled, &version, &people);
        let mut more = people.clone();
        more.push(vec![0; 19]);
        let after = computed(Formula::MeanRescaled, &version, &more);
        for (before, after) in cells(&before).into_iter().zip(cells(&after)) {
            prop_assert_eq!((before.value, before.n, before.interval), (after.value, after.n, after.interval));
        }
        let (before, after) = (tallied(&version, &people).counts[place], tallied(&version, &more).counts[place]);
        prop_assert_eq!(before.not_applicable + 1, after.not_applicable);
    }

    /// Some took a short form that asks one criterion, which need not be answered; of the others too few took the full one.
    #[test]
    fn what_few_answered_in_full_is_no_part_of_what_more_answered_in_short(
        full in vec(vec(1..=5_u8, 19), 1..9), short in vec(1..=5_u8, 10..20), place in 0..19_usize,
    ) {
        let version = version(0);
        let one = |level: &u8| (0..19).map(|at| if at == place { *level } else { 0 }).collect();
        let people: Vec<Vec<u8>> = full.into_iter().chain(short.iter().map(one)).collect();
        let everybody = u64::try_from(people.len()).ok();
        for formula in Formula::of_kind(Kind::Sipas) {
            let question = Question { min_n: 10, ..ask(formula) };
            let found = figures(&version, &evidence(&version, &people), &question);
            let shown: Vec<_> = cells(&found).into_iter().filter(|cell| !cell.suppressed).cloned().collect();
            prop_assert_eq!(shown.len(), 3);
            for cell in shown {
                prop_assert_eq!((cell.n, cell.value), (everybody, found.whole.value));
                prop_assert_eq!(cell.interval, found.whole.interval);
            }
        }
    }

    #[test]
    fn a_single_criterion_is_the_plain_rule(levels in proptest::array::uniform5(0..1000_u64)) {
        let version = version(0);
        let counts = Distribution { not_applicable: 7, levels };
        let n: u64 = levels.iter().sum();
        prop_assume!(n > 0);
        let sum: u64 = levels.iter().zip(1..).map(|(count, level)| count * level).sum();
        let by = |formula: Formula| {
            let fraction = formula.fraction(&version.scales[0], &counts);
            Rounded::half_up(&formula.combined_fractions([fraction].into_iter(), true).unwrap()).hundredths()
        };
        prop_assert_eq!(by(Formula::SatisfiedShare), half_up((levels[3] + levels[4]) * 100, n));
        prop_assert_eq!(by(Formula::MeanNormalised), half_up(sum * 100, 5 * n));
        prop_assert_eq!(by(Formula::MeanRescaled), half_up((sum - n) * 100, 4 * n));
    }

    #[test]
    fn rounding_is_half_up_on_exact_numbers(numerator in 0..1_000_000_u64, denominator in 1..100_000_u64) {
        prop_assume!(numerator / denominator < 100_000);
        let rounded = Rounded::half_up(&ratio(numerator, denominator));
        prop_assert_eq!(rounded.hundredths(), half_up(numerator, denominator));
        prop_assert!((rounded.to_f64() - ratio(numerator, denominator).to_f64().unwrap()).abs() <= 0.005 + 1e-9);
    }

    #[test]
    fn wilson_holds_its_share_and_narrows(successes in 0..500_u32, more in 0..500_u32) {
        let n = f64::from(successes + more + 1);
        let p = f64::from(successes) / n;
        let (low, high) = wilson(p, n, Confidence::P95);
        prop_assert!(0.0 <= low && low <= p && p <= high && high <= 1.0);
        let (surer_low, surer_high) = wilson(p, n * 4.0, Confidence::P95);
        prop_assert!(surer_high - surer_low < high - low);
    }

    #[test]
    fn desk_points_stay_within_two_an_indicator(people in people(4, 3)) {
        let version = version(1);
        for formula in Formula::of_kind(Kind::Desk) {
            let found = computed(formula, &version, &people);
            let answered = i32::try_from(4 - found.whole.left_out.len()).unwrap();
            let most = if formula == Formula::DeskPoints { 200 * answered } else { 1800 };
            prop_assert!(found.whole.value.is_none_or(|value| (0..=most).contains(&value.hundredths())));
            for criterion in &found.elements[0].criteria {
                let bounds = criterion.interval.map(|interval| (interval.low.hundredths(), interval.high.hundredths()));
                prop_assert!(bounds.is_none_or(|(low, high)| 0 <= low && high <= 200), "{bounds:?}");
            }
            let by_points = computed(Formula::DeskPoints, &version, &people);
            prop_assert_eq!(&found.elements[0].criteria, &by_points.elements[0].criteria);
            prop_assert_eq!(found.band.is_some(), formula == Formula::DeskPointsRescaled && answered > 0);
        }
    }

    /// What the public sees does not depend on what is withheld from it: other answers of the few change
    /// nothing, so nothing about them can be computed, by whatever arithmetic.
    #[test]
    fn what_is_shown_does_not_depend_on_what_is_withheld(
        people in people(19, 5),
        other in vec(vec(1..=5_u8, 3), 40),
        few in 1..12_usize,
        min_n in 2..15_u64,
        population in proptest::option::of(1..100_u64),
    ) {
        let version = version(0);
        let mut people = people;
        let few = few.min(people.len());
        for (place, person) in people.iter_mut().enumerate() {
            person[..16].iter_mut().for_each(|answer| *answer = (*answer).max(1));
            person[16..].fill(0);
            if place < few {
                person[16..].copy_from_slice(&other[place]);
            }
        }
        prop_assume!(u64::try_from(few).unwrap() < min_n);
        let mut changed = people.clone();
        for (place, person) in changed.iter_mut().take(few).enumerate() {
            person[16..].copy_from_slice(&other[39 - place]);
        }
        for formula in Formula::of_kind(Kind::Sipas) {
            let shown = |people: &[Vec<u8>]| {
                let question = Question { min_n, population, ..ask(formula) };
                figures(&version, &evidence(&version, people), &question)
            };
            let before = shown(&people);
            prop_assert_eq!(&before, &shown(&changed));
            for cell in cells(&before) {
                prop_assert!(cell.suppressed || cell.n.is_some_and(|n| n == 0 || n >= min_n));
                let nothing = IndexValue { suppressed: true, ..IndexValue::default() };
                prop_assert!(!cell.suppressed || *cell == nothing);
            }
        }
    }

    #[test]
    fn a_mean_of_complete_answers_has_the_error_of_the_persons_means(people in vec(vec(1..=5_u8, 16), 2..40)) {
        let version = version(0);
        let people: Vec<Vec<u8>> = people.into_iter().map(|mut person| { person.extend([0; 3]); person }).collect();
        let found = computed(Formula::MeanRescaled, &version, &people).whole;
        let means: Vec<f64> =
            people.iter().map(|person| person.iter().map(|answer| f64::from(*answer)).sum::<f64>() / 16.0).collect();
        let n = f64::from(u32::try_from(means.len()).unwrap());
        let mean = means.iter().sum::<f64>() / n;
        let error = (means.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
        if let Some(interval) = found.interval {
            let t = (mean - 1.0) * 25.0 - interval.low.to_f64();
            // Between the normal quantile and Student's for one degree of freedom.
            prop_assert!(interval.low.hundredths() == 0 || (t > 1.95 * 25.0 * error - 0.02 && t < 12.8 * 25.0 * error + 0.02));
        }
    }
}

#[test]
fn everybody_at_the_top_is_the_maximum_and_at_the_bottom_the_minimum() {
    let version = version(0);
    for (level, expected) in [(5, [10_000, 10_000, 10_000]), (1, [0, 2000, 0])] {
        for (formula, expected) in Formula::of_kind(Kind::Sipas).zip(expected) {
            let found = computed(formula, &version, &vec![vec![level; 19]; 30]);
            assert!(cells(&found).iter().all(|cell| cell.value.map(Rounded::hundredths) == Some(expected)));
        }
    }
}

#[test]
fn the_whole_is_the_mean_of_all_criteria_not_of_elements_or_answers() {
    let version = version(0);
    // One person satisfied with the four criteria of access alone; three criteria of feedback unanswered.
    let person: Vec<u8> = (0..19)
        .map(|place| {
            if place < 4 {
                5
            } else if place < 16 {
                1
            } else {
                0
            }
        })
        .collect();
    let found = computed(Formula::SatisfiedShare, &version, &[person]);
    assert_eq!(
        found.whole.value.map(Rounded::hundredths),
        Some(2500),
        "4 of 16, not (100+0+0+0)/4 of elements"
    );
    assert_eq!(found.whole.left_out, [16, 17, 18]);
    assert_eq!(found.elements[4].value.value, None, "nobody is not zero");
}

#[test]
fn an_interval_at_the_edge_reaches_it() {
    assert_eq!(wilson(0.0, 7.0, Confidence::P95).0, 0.0);
    assert_eq!(wilson(1.0, 7.0, Confidence::P95).1, 1.0);
}

/// 19 points of 20 people are 0.95, which is rounded up to 1.0: four such indicators are exactly 9 of 18. One
/// point less is 0.90, and the band below.
#[test]
fn rounding_to_tenths_decides_the_band_at_a_border() {
    let version = version(1);
    for (points, total, band) in [(19, 900, Band::Fair), (18, 810, Band::Average)] {
        // Ordinal 1 is 0 points, 2 is 1 point.
        let people: Vec<Vec<u8>> =
            (0..20).map(|person| vec![if person < points { 2 } else { 1 }; 4]).collect();
        let found = computed(Formula::DeskPointsRescaled, &version, &people);
        assert_eq!((found.whole.value.map(Rounded::hundredths), found.band), (Some(total), Some(band)));
    }
}
