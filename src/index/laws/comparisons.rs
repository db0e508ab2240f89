//! Laws of comparisons and rankings.

use super::super::comparison::{Comparison, compare};
use super::super::interval::Interval;
use super::super::ranking::{Change, Ranking, Reason, Standing, change, rank};
use super::*;

/// A figure of any value and interval, in hundredths; some without interval, some of nobody.
fn shown() -> impl Strategy<Value = IndexValue> {
    let bounds = (proptest::option::weighted(0.9, 0..300_i32), 0..60_i32, 0..60_i32);
    (bounds, proptest::bool::weighted(0.9), 0..30_u64, proptest::bool::weighted(0.1)).prop_map(
        |((value, below, above), has_interval, n, suppressed)| {
            let at = |hundredths: i32| Rounded::half_up(&Exact::new(hundredths.into(), 100.into()));
            let interval = |value: i32| Interval { low: at(value - below), high: at(value + above) };
            if suppressed {
                return IndexValue { suppressed, ..IndexValue::default() };
            }
            IndexValue {
                value: value.map(at),
                interval: value.filter(|_| has_interval).map(interval),
                n: Some(if value.is_some() { n + 1 } else { 0 }),
                ..IndexValue::default()
            }
        },
    )
}

/// The same by the definition, comparing everybody with everybody.
fn rank_slowly(figures: &[IndexValue], min_n: u64) -> Vec<Standing> {
    let is_in = |figure: &IndexValue| figure.value.is_some() && figure.n.unwrap() >= min_n;
    let others: Vec<&IndexValue> = figures.iter().filter(|figure| is_in(figure)).collect();
    let count = |is: &dyn Fn(&IndexValue) -> bool| {
        u64::try_from(others.iter().filter(|other| is(other)).count()).unwrap()
    };
    let standing = |figure: &IndexValue| {
        if figure.suppressed {
            return Standing::Unranked(Reason::Suppressed);
        }
        let Some(value) = figure.value else { return Standing::Unranked(Reason::NoResponses) };
        if !is_in(figure) {
            return Standing::Unranked(Reason::TooFew);
        }
        let rank = 1 + count(&|other| other.value > Some(value));
        let (best, worst) = match figure.interval {
            None => (1, count(&|_| true)),
            Some(mine) => (
                1 + count(&|other| other.interval.is_some_and(|theirs| theirs.low > mine.high)),
                count(&|_| true)
                    - count(&|other| other.interval.is_some_and(|theirs| theirs.high < mine.low)),
            ),
        };
        Standing::Ranked { rank, best, worst }
    };
    figures.iter().map(standing).collect()
}

proptest! {
    #[test]
    fn a_ranking_is_what_its_definition_says(figures in vec(shown(), 0..40), min_n in 0..15_u64) {
        let Ranking { standings, ranked } = rank(&figures, min_n);
        prop_assert_eq!(&standings, &rank_slowly(&figures, min_n));
        let mut ranks = Vec::new();
        for (standing, figure) in standings.iter().zip(&figures) {
            if let Standing::Ranked { rank, best, worst } = standing {
                prop_assert!(1 <= *best && best <= rank && rank <= worst && *worst <= ranked);
                ranks.push((*rank, figure.value.unwrap()));
            }
        }
        // 1224: a rank is one more than the number of better ones, so ranks skip after ties.
        ranks.sort_unstable();
        prop_assert_eq!(u64::try_from(ranks.len()).unwrap(), ranked);
        for (place, (rank, value)) in (1..).zip(&ranks) {
            let first = ranks.iter().position(|(_, other)| other == value).unwrap();
            prop_assert!(*rank == u64::try_from(first).unwrap() + 1 && *rank <= place);
        }
    }

    #[test]
    fn comparing_the_other_way_round_changes_signs(
        one in people(19, 5), two in people(19, 5), populations in proptest::array::uniform2(proptest::option::of(1..99_u64)),
    ) {
        let version = version(0);
        for formula in Formula::of_kind(Kind::Sipas) {
            let whole = |people: &[Vec<u8>], population| {
                figures(&version, &evidence(&version, people), &Question { population, ..ask(formula) }).whole
            };
            let (a, b) = (whole(&one, populations[0]), whole(&two, populations[1]));
            let (there, back) = (compare(&a, &b), compare(&b, &a));
            let signed = |hundredths: Rounded| -hundredths.hundredths();
            prop_assert_eq!(there.difference.map(Rounded::hundredths), back.difference.map(signed));
            prop_assert_eq!(there.distinguishable, back.distinguishable);
            prop_assert_eq!(there.interval.is_some(), a.interval.is_some() && b.interval.is_some());
            if let (Some(interval), Some(other), Some(difference)) = (there.interval, back.interval, there.difference) {
                prop_assert!(interval.low <= difference && difference <= interval.high);
                // Bounds round away from zero, so both directions agree to the last digit.
                prop_assert_eq!(interval.low.hundredths(), signed(other.high));
                prop_assert_eq!(interval.high.hundredths(), signed(other.low));
                let excludes = interval.low.hundredths() > 0 || interval.high.hundredths() < 0;
                prop_assert_eq!(there.distinguishable, Some(excludes));
            }
            prop_assert_ne!(compare(&a, &a).distinguishable, Some(true));
        }
    }

    /// A difference is at least as unsure as the surer of the two figures, and no more than both together.
    #[test]
    fn a_difference_is_less_sure_than_either_figure(one in people(19, 5), two in people(19, 5)) {
        let version = version(0);
        let whole = |people: &[Vec<u8>]| computed(Formula::SatisfiedShare, &version, people).whole;
        let (a, b) = (whole(&one), whole(&two));
        if let (Some(a_in), Some(b_in), Some(c)) = (a.interval, b.interval, compare(&a, &b).interval) {
            let width = |interval: Interval| interval.high.hundredths() - interval.low.hundredths();
            prop_assert!(width(c) >= width(a_in).max(width(b_in)) - 2);
            prop_assert!(width(c) <= width(a_in) + width(b_in) + 2);
        }
    }
}

fn satisfied(version: &QuestionnaireVersion, satisfied: usize, n: usize) -> IndexValue {
    let people: Vec<Vec<u8>> = (0..n)
        .map(|i| {
            let mut person = vec![0; 19];
            person[16] = if i < satisfied { 5 } else { 2 };
            person
        })
        .collect();
    computed(Formula::SatisfiedShare, version, &people).elements[4].criteria[0].clone()
}

/// Example (a) of Newcombe 1998: 56/70 against 48/80 gives 0.0524 to 0.3339 by method 10.
#[test]
fn shares_are_compared_as_in_newcombes_example() {
    let version = version(0);
    let found = compare(&satisfied(&version, 56, 70), &satisfied(&version, 48, 80));
    assert_eq!(found.difference.map(Rounded::hundredths), Some(2000));
    let interval = found.interval.unwrap();
    assert_eq!((interval.low.hundredths(), interval.high.hundredths()), (524, 3339));
    assert_eq!(found.distinguishable, Some(true));
    let alike = compare(&satisfied(&version, 9, 10), &satisfied(&version, 3, 10));
    assert_eq!(alike.interval.map(|interval| interval.low.hundredths()), Some(1705), "example (b)");
}

/// Two means of levels by hand: Welch with s² = 2 of 20 people (mean 3, s²/n = 20·2/19/20) and no spread known
/// from 10 people.
#[test]
fn means_are_compared_by_welch() {
    let version = version(0);
    let cell = |levels: &[u8]| {
        let people: Vec<Vec<u8>> = levels
            .iter()
            .map(|level| {
                let mut person = vec![0; 19];
                person[16] = *level;
                person
            })
            .collect();
        computed(Formula::MeanNormalised, &version, &people).elements[4].criteria[0].clone()
    };
    let one = cell(&[1, 2, 3, 4, 5].repeat(4));
    let two = cell(&[4, 5].repeat(10));
    let found = compare(&one, &two);
    assert_eq!(found.difference.map(Rounded::hundredths), Some(-3000));
    // Variances of the means: 2/19 and 0.25/19; freedom 19·(2.25)²/(4 + 0.0625) = 23.68.
    let (variance, freedom) = (2.25 / 19.0, 19.0 * 2.25 * 2.25 / 4.0625);
    let half = 20.0 * Confidence::P95.student(freedom).unwrap() * f64::sqrt(variance);
    let interval = found.interval.unwrap();
    assert!((interval.low.to_f64() + 30.0 + half).abs() < 0.0051, "{interval:?} {half}");
    assert!((interval.high.to_f64() + 30.0 - half).abs() < 0.0051, "{interval:?} {half}");
    assert_eq!(found.distinguishable, Some(true));
    let unknown = compare(&one, &cell(&[4; 10]));
    assert_eq!(unknown.difference.map(Rounded::hundredths), Some(-2000));
    assert_eq!((unknown.interval, unknown.distinguishable), (None, None), "nobody differs: nothing is known");
}

#[test]
fn what_is_no_value_of_one_rule_has_no_difference() {
    let desk = version(1);
    let nine = |indicators: usize| {
        let people: Vec<Vec<u8>> = (0..20_u8)
            .map(|i| (0..4).map(|place| if place < indicators { 1 + i % 3 } else { 0 }).collect())
            .collect();
        computed(Formula::DeskPoints, &desk, &people).whole
    };
    assert_eq!(compare(&nine(4), &nine(3)), Comparison::default());
    assert_eq!(compare(&nine(3), &nine(3)).difference.map(Rounded::hundredths), Some(0));
    let sipas = satisfied(&version(0), 5, 10);
    assert_eq!(compare(&sipas, &nine(4)), Comparison::default());
    let hidden = IndexValue { suppressed: true, ..IndexValue::default() };
    assert_eq!(compare(&sipas, &hidden), Comparison::default());
}

#[test]
fn ties_share_the_better_rank_and_a_change_tells_whether_it_is_one() {
    let version = version(0);
    let [a, b, c, d] = [(90, 100), (180, 200), (60, 100), (1, 2)].map(|(k, n)| satisfied(&version, k, n));
    let now = rank(&[a.clone(), b.clone(), c.clone(), d.clone()], 10);
    let at = |rank, best, worst| Standing::Ranked { rank, best, worst };
    assert_eq!(now.standings, [at(1, 1, 2), at(1, 1, 2), at(3, 3, 3), Standing::Unranked(Reason::TooFew)]);
    assert_eq!(now.ranked, 3);
    let before = rank(&[c.clone(), b.clone(), a.clone()], 10);
    let gained = change((&a, now.standings[0]), (&c, before.standings[0]));
    assert_eq!((gained.places, gained.value.difference.map(Rounded::hundredths)), (Some(2), Some(3000)));
    assert_eq!(gained.value.distinguishable, Some(true));
    let Change { places, value } = change((&d, now.standings[3]), (&c, before.standings[0]));
    assert_eq!((places, value.distinguishable), (None, Some(false)));
}
