//! What contributions to a gap have to obey.

use super::*;
use crate::index::drags::{Drag, drags};
use crate::index::target::Attainment;
use num_traits::Zero;

fn sum(drags: &[Drag]) -> Exact {
    drags.iter().filter_map(|drag| drag.exact.as_ref()).fold(Exact::zero(), |sum, part| sum + part)
}

/// Every formula of a questionnaire, and a target on its scale.
fn asked() -> impl Strategy<Value = (usize, usize, i32)> {
    (0..2_usize, 0..3_usize, 0..10_000_i32)
}

fn formula_of(version: &QuestionnaireVersion, which: usize) -> Formula {
    let all: Vec<Formula> = Formula::of_kind(version.kind).collect();
    all[which % all.len()]
}

proptest! {
    #[test]
    fn contributions_add_up_to_the_gap_to_the_last_digit(
        (place, which, target) in asked(), answers in people(19, 5), min_n in 0..12_u64, third in any::<bool>(),
    ) {
        let version = version(place);
        let formula = formula_of(&version, which);
        let top = if version.kind == Kind::Sipas { 5 } else { 3 };
        let answers: Vec<Vec<u8>> = answers.iter()
            .map(|person| person.iter().take(version.criteria.len()).map(|level| (*level).min(top)).collect())
            .collect();
        let share = if third { Share::new(1, 3) } else { Share::from_integer(1) };
        let evidence = shared(&version, &[(&answers, share), (&answers[..answers.len() / 2], Share::from_integer(1))]);
        let figures = figures(&version, &evidence, &Question { min_n, ..ask(formula) });
        let at_least = Rounded::of_hundredths(target);
        let drags = drags(&figures, at_least);
        if let Some(exact) = &drags.exact {
            prop_assert_eq!(&sum(&drags.criteria), exact);
            prop_assert_eq!(&sum(&drags.elements), exact);
            // Closed by bringing every criterion to its goal: what it would add is what it contributes.
            let whole = figures.whole.exact.clone().unwrap();
            prop_assert_eq!(whole + sum(&drags.criteria), at_least.exact());
            // Each shown number is half a hundredth off at most, the whole's too.
            let parts = drags.criteria.iter().filter(|drag| drag.contribution.is_some());
            let parts = u32::try_from(parts.count()).unwrap();
            let off = drags.criteria_remainder.unwrap().hundredths().unsigned_abs();
            prop_assert!(2 * off <= parts + 1, "{off} of {parts}");
        } else {
            prop_assert!(drags.gap.is_none() && drags.criteria_remainder.is_none());
            prop_assert!(drags.criteria.iter().chain(&drags.elements).all(|drag| drag.contribution.is_none()));
        }
        // In order, what counts nowhere last; each place once.
        for parts in [&drags.criteria, &drags.elements] {
            prop_assert!(parts.windows(2).all(|two| two[0].exact >= two[1].exact));
            prop_assert!(parts.iter().all(|drag| drag.exact.is_some() == (drag.criteria > 0)));
        }
        let mut places: Vec<usize> = drags.criteria.iter().map(|drag| drag.place).collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..version.criteria.len()).collect::<Vec<_>>());
        // What is withheld or left out contributes nothing and says nothing.
        for drag in drags.criteria.iter().filter(|drag| drag.value.suppressed) {
            prop_assert!(drag.contribution.is_none() && drag.goal.is_none() && drag.exact.is_none());
            prop_assert_eq!(drag.attainment, Attainment::Suppressed);
        }
    }

    /// Whatever the criterion, raising the target by one point raises the gap by one point.
    #[test]
    fn the_gap_moves_with_the_target(answers in people(19, 5), target in 0..9_000_i32, which in 0..3_usize) {
        let version = version(0);
        let figures = computed(formula_of(&version, which), &version, &answers);
        let gap = |target: i32| drags(&figures, Rounded::of_hundredths(target)).gap;
        let moved = gap(target).zip(gap(target + 100)).map(|(one, two)| two.minus(one).hundredths());
        prop_assert!(moved.is_none_or(|moved| moved == 100));
    }
}

#[test]
fn a_worked_gap() {
    // Ten people: everything at level 4 but the first criterion, which is at level 1 for all of them.
    let version = version(0);
    let person: Vec<u8> = std::iter::once(1).chain(std::iter::repeat_n(4, 18)).collect();
    let figures = computed(Formula::SatisfiedShare, &version, &vec![person; 10]);
    let drags = drags(&figures, Rounded::of_hundredths(9_800));
    // 18/19 of 100 are 94.74; the gap of 3.26 is 98/19 = 5.16 of the first and 18 times -2/19 = -0.11 of the others.
    assert_eq!(drags.gap.map(Rounded::hundredths), Some(326));
    let shown: Vec<i32> =
        drags.criteria.iter().filter_map(|drag| drag.contribution).map(Rounded::hundredths).collect();
    assert_eq!((shown[0], &shown[1..]), (516, &[-11; 18][..]));
    assert_eq!(drags.criteria_remainder.map(Rounded::hundredths), Some(326 - 516 + 18 * 11));
    assert_eq!((drags.criteria[0].place, drags.elements[0].place, drags.criteria_counted), (0, 0, 19));
}

#[test]
fn an_indicator_is_held_against_its_share_of_the_points() {
    let version = version(1);
    let count = version.criteria.len();
    // Everybody gives two points but to the first indicator, which gets none.
    let person: Vec<u8> = std::iter::once(1).chain(std::iter::repeat_n(3, count - 1)).collect();
    let people = vec![person; 5];
    let points = drags(&computed(Formula::DeskPoints, &version, &people), Rounded::of_hundredths(800));
    assert_eq!(count, 4);
    assert_eq!(points.gap.map(Rounded::hundredths), Some(200), "8 less 6");
    let first = &points.criteria[0];
    assert_eq!(
        (first.place, first.goal, first.contribution),
        (0, Some(Rounded::of_hundredths(200)), first.goal)
    );
    let scaled =
        drags(&computed(Formula::DeskPointsRescaled, &version, &people), Rounded::of_hundredths(1_800));
    // 6 x 9/4 = 13.5 of 18; two points lacking count 9/4 times.
    assert_eq!(scaled.gap.map(Rounded::hundredths), Some(450));
    assert_eq!(scaled.criteria[0].contribution.map(Rounded::hundredths), Some(450));
    assert_eq!(scaled.criteria[0].goal.map(Rounded::hundredths), Some(200));
    assert_eq!(scaled.criteria[1].contribution, Some(Rounded::ZERO));
}
