//! Laws of shares, confidence levels and the finite-population correction.

use super::super::combine::whole_of;
use super::super::interval::Interval;
use super::*;

fn share() -> impl Strategy<Value = Share> {
    // Also what two splits one after the other make.
    (1..=10_000_u64, 1..=10_000_u64, 1..=9_999_u64)
        .prop_map(|(one, two, odd)| Share::new(one, 10_000) * Share::new(two.min(odd), odd))
}

/// A version and people who fit it.
fn surveyed() -> impl Strategy<Value = (usize, Vec<Vec<u8>>)> {
    prop_oneof![(Just(0_usize), people(19, 5)), (Just(1_usize), people(4, 3))]
}

fn width(interval: Interval) -> i32 {
    interval.high.hundredths() - interval.low.hundredths()
}

fn is_within(inner: Interval, outer: Interval) -> bool {
    outer.low <= inner.low && inner.high <= outer.high
}

/// A bound with a small-sample correction may move by the last digit only.
const CLOSE: i32 = 1;

proptest! {
    // Exact arithmetic on odd denominators is slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// By the road of integers and by that of exact ratios: one share for everybody changes nothing but the mark
    /// and the counts.
    #[test]
    fn one_share_for_all_changes_no_value_and_no_interval((place, people) in surveyed(), share in share()) {
        let version = version(place);
        for formula in Formula::of_kind(version.kind) {
            let plain = computed(formula, &version, &people);
            let shared = figures(&version, &shared(&version, &[(&people, share)]), &ask(formula));
            prop_assert_eq!(&plain.whole.left_out, &shared.whole.left_out);
            prop_assert_eq!(plain.band, shared.band);
            for (plain, shared) in cells(&plain).into_iter().zip(cells(&shared)) {
                prop_assert_eq!((plain.value, plain.n), (shared.value, shared.n));
                prop_assert_eq!(plain.interval.is_some(), shared.interval.is_some());
                if let Some((one, two)) = plain.interval.zip(shared.interval) {
                    prop_assert!((one.low.hundredths() - two.low.hundredths()).abs() <= CLOSE);
                    prop_assert!((one.high.hundredths() - two.high.hundredths()).abs() <= CLOSE);
                }
                prop_assert!(!plain.estimated);
                let answered = people.iter().flatten().any(|answer| *answer > 0);
                prop_assert_eq!(shared.estimated, answered && share != Share::from_integer(1));
            }
        }
    }

    #[test]
    fn adding_in_parts_with_shares_of_one_is_adding_at_once((place, people) in surveyed(), cut in 0..40_usize) {
        let version = version(place);
        let (one, two) = people.split_at(cut.min(people.len()));
        let parts = shared(&version, &[(one, Share::from_integer(1)), (two, Share::new(7, 7))]);
        for formula in Formula::of_kind(version.kind) {
            prop_assert_eq!(figures(&version, &parts, &ask(formula)), computed(formula, &version, &people));
        }
    }

    /// Two halves of the same people are those people; what is divided is shown as divided.
    #[test]
    fn shares_of_the_same_people_add_up((place, people) in surveyed(), share in share()) {
        let version = version(place);
        let rest = Share::from_integer(1) - share;
        let evidence = shared(&version, &[(&people, share), (&people, rest)]);
        for formula in Formula::of_kind(version.kind) {
            let plain = computed(formula, &version, &people);
            let halves = figures(&version, &evidence, &ask(formula));
            for (plain, halves) in cells(&plain).into_iter().zip(cells(&halves)) {
                prop_assert_eq!(plain.value, halves.value);
                prop_assert_eq!(plain.counts, halves.counts);
            }
        }
    }

    #[test]
    fn numerator_and_denominator_give_the_value(
        one in people(19, 5), two in people(19, 5), first in share(), second in share(),
    ) {
        let version = version(0);
        let evidence = shared(&version, &[(&one, first), (&two, second)]);
        for formula in Formula::of_kind(Kind::Sipas) {
            let found = figures(&version, &evidence, &ask(formula));
            for criterion in found.elements.iter().flat_map(|element| &element.criteria) {
                let of = criterion.fraction.map(|(numerator, denominator)| {
                    Rounded::half_up(&(ratio(numerator, denominator) * ratio(100, 1)))
                });
                prop_assert_eq!(of, criterion.value);
                let value = criterion.value;
                let holds = |interval: Interval| Some(interval.low) <= value && value <= Some(interval.high);
                prop_assert!(criterion.interval.is_none_or(holds));
            }
        }
    }

    /// A small share of some people's answers moves the value little: between those of the two groups.
    #[test]
    fn a_weighted_criterion_lies_between_its_groups(
        one in people(19, 5), two in people(19, 5), share in share(), place in 0..19_usize,
    ) {
        let version = version(0);
        let value = |evidence: &Evidence| {
            figures(&version, evidence, &ask(Formula::MeanRescaled)).elements.into_iter()
                .flat_map(|element| element.criteria).nth(place).unwrap().value
        };
        let (a, b) = (value(&evidence(&version, &one)), value(&evidence(&version, &two)));
        let both = value(&shared(&version, &[(&one, Share::from_integer(1)), (&two, share)]));
        if let (Some(a), Some(b)) = (a, b) {
            prop_assert!(Some(a.min(b)) <= both && both <= Some(a.max(b)));
        } else {
            prop_assert_eq!(both, a.or(b));
        }
    }

    #[test]
    fn a_higher_confidence_never_narrows((place, people) in surveyed(), population in proptest::option::of(1..80_u64)) {
        let version = version(place);
        for formula in Formula::of_kind(version.kind) {
            let by = |confidence| {
                figures(&version, &evidence(&version, &people), &Question { confidence, population, ..ask(formula) })
            };
            let [low, middle, high] = Confidence::ALL.map(by);
            for (inner, outer) in [(&low, &middle), (&middle, &high)] {
                for (inner, outer) in cells(inner).into_iter().zip(cells(outer)) {
                    prop_assert_eq!(inner.value, outer.value);
                    prop_assert_eq!(inner.interval.is_some(), outer.interval.is_some());
                    if let Some((inner, outer)) = inner.interval.zip(outer.interval) {
                        prop_assert!(is_within(inner, outer), "{inner:?} {outer:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn knowing_how_many_there_are_only_narrows(
        (place, people) in surveyed(), population in 0..200_u64, more in 1..1000_u64,
    ) {
        let version = version(place);
        let evidence = evidence(&version, &people);
        for formula in Formula::of_kind(version.kind) {
            let by = |population| figures(&version, &evidence, &Question { population, ..ask(formula) });
            let (small, large, unknown) = (by(Some(population)), by(Some(population + more)), by(None));
            let unlimited = by(Some(u64::MAX));
            let all = cells(&small).into_iter().zip(cells(&large)).zip(cells(&unknown)).zip(cells(&unlimited));
            for (((small, large), unknown), unlimited) in all {
                prop_assert_eq!((small.value, small.n), (unknown.value, unknown.n));
                prop_assert_eq!(unlimited.interval, unknown.interval);
                for (inner, outer) in [(small, large), (large, unknown)] {
                    if let Some((inner, outer)) = inner.interval.zip(outer.interval) {
                        prop_assert!(width(inner) <= width(outer));
                        // A census shows the value of a desk indicator after its rounding to tenths.
                        prop_assert!(version.kind == Kind::Desk || is_within(inner, outer), "{inner:?} {outer:?}");
                    }
                }
                let answered = small.n.is_some_and(|n| n > 0);
                if answered && population == 0 {
                    prop_assert_eq!(small.interval, small.value.map(|value| Interval { low: value, high: value }));
                }
            }
        }
    }

    #[test]
    fn a_census_is_no_estimate(people in vec(vec(1..=5_u8, 19), 1..40), beyond in 0..5_u64) {
        let version = version(0);
        let n = u64::try_from(people.len()).unwrap();
        let population = Some(n.saturating_sub(beyond).max(1));
        for formula in Formula::of_kind(Kind::Sipas) {
            let found = figures(&version, &evidence(&version, &people), &Question { population, ..ask(formula) });
            for cell in cells(&found) {
                prop_assert_eq!(cell.interval, cell.value.map(|value| Interval { low: value, high: value }));
            }
        }
    }

    #[test]
    fn the_whole_alone_is_the_whole_among_the_rest(
        (place, people) in surveyed(), share in proptest::option::of(share()), min_n in 0..12_u64,
        population in proptest::option::of(1..80_u64),
    ) {
        let version = version(place);
        let share = share.unwrap_or(Share::from_integer(1));
        let evidence = shared(&version, &[(&people, share)]);
        for formula in Formula::of_kind(version.kind) {
            let question = Question { min_n, population, ..ask(formula) };
            prop_assert_eq!(whole_of(&version, &evidence, &question), figures(&version, &evidence, &question).whole);
        }
    }
}

/// Ten full forms that agree to the last answer beside ninety short ones about the first criterion, of which half are
/// satisfied: the ten are no census of what the ninety were not asked.
#[test]
fn a_few_who_agree_do_not_make_the_whole_sure() {
    let version = version(0);
    let full = std::iter::repeat_n(vec![1_u8; 19], 10);
    let short = (0..90).map(|i| {
        let mut answers = vec![0; 19];
        answers[0] = if i % 2 == 0 { 5 } else { 1 };
        answers
    });
    let people: Vec<_> = full.chain(short).collect();
    for formula in [Formula::SatisfiedShare, Formula::MeanRescaled] {
        let found = computed(formula, &version, &people);
        // 45 of 100 in one of 19 criteria.
        assert_eq!(found.whole.value.map(Rounded::hundredths), Some(237));
        let high = found.whole.interval.unwrap().high.hundredths();
        // If the upper bound of the ten (Clopper and Pearson 1934: 30.85 %) is what the ninety think: 18/19 of that.
        assert!(high >= 237 + 3_085 * 18 / 19, "{formula:?}: {high}");
    }
}

/// n = 100 of N = 199: the correction is 99/198 = 1/2, so the interval is that of 200 people out of a crowd.
#[test]
fn half_of_the_people_are_worth_twice_as_many() {
    let version = version(0);
    let person = |level: u8| vec![level; 19];
    let people: Vec<_> = (0..100).map(|i| person(if i < 80 { 5 } else { 1 })).collect();
    let twice: Vec<_> = people.iter().chain(&people).cloned().collect();
    let by = |people: &[Vec<u8>], population| {
        let question = Question { population, ..ask(Formula::SatisfiedShare) };
        figures(&version, &evidence(&version, people), &question)
    };
    let (corrected, crowd) = (by(&people, Some(199)), by(&twice, None));
    let intervals =
        |of: &Figures| of.elements.iter().flat_map(|e| &e.criteria).map(|c| c.interval).collect::<Vec<_>>();
    assert_eq!(intervals(&corrected), intervals(&crowd));
    // Wilson 1927 by hand: 160 of 200.
    let interval = corrected.elements[0].criteria[0].interval.unwrap();
    assert_eq!((interval.low.hundredths(), interval.high.hundredths()), (7391, 8495));
}

/// 2 levels by 100 people, half of them counting a quarter: by hand, with w = 1 and 1/4.
#[test]
fn a_weighted_mean_has_the_error_of_the_weighted_people() {
    let version = version(0);
    let only = |level: u8| {
        let mut person = vec![0; 19];
        person[16] = level;
        person
    };
    let one: Vec<_> = (0..50).map(|i| only(if i < 25 { 5 } else { 3 })).collect();
    let two: Vec<_> = (0..50).map(|i| only(if i < 10 { 5 } else { 3 })).collect();
    let evidence = shared(&version, &[(&one, Share::from_integer(1)), (&two, Share::new(1, 4))]);
    let found = figures(&version, &evidence, &ask(Formula::MeanNormalised));
    let cell = &found.elements[4].criteria[0];
    // Mean level: (25·5 + 25·3 + (10·5 + 40·3)/4) / 62.5 = 242.5/62.5 = 3.88; smallest whole fraction: times 2
    // and by 5.
    assert_eq!(cell.value.map(Rounded::hundredths), Some(7760));
    assert_eq!(cell.fraction, Some((485, 625)));
    assert_eq!((cell.n, cell.estimated), (Some(100), true));
    assert_eq!(cell.counts.unwrap().levels, [0, 0, 35, 0, 28], "27.5 and 35 weighted");
    // Deviations 1.12 (5) and -0.88 (3): Σw²d² = 25·1.2544 + 25·0.7744 + (10·1.2544 + 40·0.7744)/16 = 53.44.
    let variance: f64 =
        (25.0 * 1.2544 + 25.0 * 0.7744 + (10.0 * 1.2544 + 40.0 * 0.7744) / 16.0) / (62.5 * 62.5);
    let kish = 62.5 * 62.5 / (50.0 + 50.0 / 16.0);
    let half = 20.0 * Confidence::P95.student(kish - 1.0).unwrap() * (variance * kish / (kish - 1.0)).sqrt();
    let interval = cell.interval.unwrap();
    assert!((interval.high.to_f64() - 77.6 - half).abs() < 0.0051, "{interval:?} {half}");
    assert!((77.6 - half - interval.low.to_f64()).abs() < 0.0051, "{interval:?} {half}");
}
