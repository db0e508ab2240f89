//! What a mask does, told by small cases; ten people are the minimum.

use super::{Cell, Mask, PeopleCounts, Unit, Value};
use crate::domain::ids::AgencyId;
use crate::domain::tree::Depth;

const PROVINCE: AgencyId = AgencyId(1);
const MIN_N: u64 = 10;

fn month(month: u32) -> Unit {
    Unit::month(2026, month).unwrap()
}

fn quarter() -> Unit {
    Unit::quarter(2026, 1).unwrap()
}

fn year() -> Unit {
    Unit::year(2026)
}

fn commune(number: i32) -> AgencyId {
    AgencyId(10 + number)
}

/// A province of some communes.
fn province(communes: i32) -> PeopleCounts {
    let below = (1..=communes).map(|number| (commune(number), Some(PROVINCE)));
    PeopleCounts::new(below.chain([(PROVINCE, None)]))
}

fn shows(mask: &Mask, agency: AgencyId, unit: Unit) -> bool {
    mask.shows(&Cell { agency, depth: Depth::Subtree, unit, value: None })
}

fn value(number: u32) -> Option<Value> {
    Some(Value { facet: 1, value: number })
}

fn shows_value(mask: &Mask, agency: AgencyId, unit: Unit, number: u32) -> bool {
    mask.shows(&Cell { agency, depth: Depth::Subtree, unit, value: value(number) })
}

#[test]
fn one_small_commune_among_three_takes_the_next_larger_with_it() {
    let mut counts = province(3);
    for (number, people) in [(1, 3), (2, 20), (3, 50)] {
        counts.add(commune(number), month(1), None, people);
    }
    let mask = counts.mask(MIN_N);
    for unit in [month(1), quarter(), year()] {
        assert!(!shows(&mask, commune(1), unit) && !shows(&mask, commune(2), unit));
        assert!(shows(&mask, commune(3), unit) && shows(&mask, PROVINCE, unit));
    }
}

#[test]
fn one_small_month_costs_a_rectangle_and_no_total() {
    let mut counts = province(3);
    for number in 1..=3 {
        for m in 1..=12 {
            counts.add(commune(number), month(m), None, 100 + u64::from(m));
        }
    }
    let mut sparse = province(3);
    for number in 1..=3 {
        for m in 1..=12 {
            sparse.add(
                commune(number),
                month(m),
                None,
                if (number, m) == (1, 5) { 4 } else { 100 + u64::from(m) },
            );
        }
    }
    assert_eq!(counts.mask(MIN_N).size().1, 0);
    let mask = sparse.mask(MIN_N);
    // Two communes, each the agency alone and with its (empty) subtree, in two months of one quarter.
    assert_eq!(mask.size().1, 8);
    assert!(!shows(&mask, commune(1), month(5)) && !shows(&mask, commune(1), month(4)));
    assert!(shows(&mask, commune(1), Unit::quarter(2026, 2).unwrap()) && shows(&mask, PROVINCE, month(5)));
}

#[test]
fn the_only_part_falls_with_its_total() {
    let mut counts = PeopleCounts::new([(AgencyId(0), None), (PROVINCE, Some(AgencyId(0)))]);
    counts.add(PROVINCE, month(1), None, 4);
    counts.add(AgencyId(0), month(1), None, 30);
    let mask = counts.mask(MIN_N);
    // The province's 4 are the country's 34 less its own 30: one of these has to go, and the smaller does.
    let own = Cell { agency: AgencyId(0), depth: Depth::SelfOnly, unit: month(1), value: None };
    assert!(!shows(&mask, PROVINCE, month(1)) && !shows(&mask, PROVINCE, year()) && !mask.shows(&own));
    assert!(shows(&mask, AgencyId(0), year()));
}

#[test]
fn two_small_communes_that_make_one_small_sum_need_a_third() {
    let mut counts = province(4);
    for (number, people) in [(1, 3), (2, 4), (3, 20), (4, 50)] {
        counts.add(commune(number), month(1), None, people);
    }
    let mask = counts.mask(MIN_N);
    assert!(!shows(&mask, commune(3), year()) && shows(&mask, commune(4), year()));
}

#[test]
fn a_rare_value_takes_another_with_it_and_everybody_stays() {
    let mut counts = province(6);
    for number in 1..=6 {
        for (v, people) in [(1, 40), (2, 30), (3, if number == 1 { 2 } else { 25 })] {
            counts.add(commune(number), month(1), value(v), people);
        }
    }
    let mask = counts.mask(MIN_N);
    assert!(!shows_value(&mask, commune(1), month(1), 3) && !shows_value(&mask, commune(2), month(1), 3));
    assert!(!shows_value(&mask, commune(1), month(1), 2) && shows_value(&mask, commune(1), month(1), 1));
    assert!(shows_value(&mask, PROVINCE, month(1), 3) && shows(&mask, commune(1), month(1)));
}

#[test]
fn who_did_not_tell_is_guarded_too() {
    let mut counts = province(1);
    counts.add(commune(1), month(1), None, 40);
    for (v, people) in [(1, 12), (2, 25)] {
        counts.add(commune(1), month(1), value(v), people);
    }
    let mask = counts.mask(MIN_N);
    // 40 - 12 - 25 = 3 people told nothing.
    assert!(!shows_value(&mask, PROVINCE, year(), 1) && shows_value(&mask, PROVINCE, year(), 2));
}

#[test]
fn a_country_of_few_shows_nothing_and_nobody_is_no_secret() {
    let mut counts = province(2);
    counts.add(commune(1), month(1), None, 9);
    let mask = counts.mask(MIN_N);
    assert_eq!(mask.size(), (9, 9));
    assert!(shows(&mask, commune(2), year()) && shows(&mask, commune(1), month(2)));
    assert!(shows(&mask, commune(1), Unit::year(2025)) && shows(&mask, AgencyId(99), year()));
}

#[test]
fn a_mask_knows_where_somebody_had_answered() {
    let mut counts = province(2);
    counts.add(commune(1), month(1), value(1), 9);
    let mask = counts.mask(MIN_N);
    assert!(mask.knows(commune(1), month(1), None) && mask.knows(commune(1), month(1), value(1)));
    assert!(!mask.knows(commune(1), month(1), value(2)) && !mask.knows(commune(1), month(2), None));
    assert!(!mask.knows(PROVINCE, month(1), None) && !mask.knows(commune(2), month(1), None));
}

#[test]
fn agencies_in_a_circle_stand_alone() {
    let mut counts = PeopleCounts::new([(AgencyId(1), Some(AgencyId(2))), (AgencyId(2), Some(AgencyId(1)))]);
    counts.add(AgencyId(1), month(1), None, 3);
    counts.add(AgencyId(2), month(1), None, 30);
    let mask = counts.mask(MIN_N);
    assert!(!shows(&mask, AgencyId(1), year()) && shows(&mask, AgencyId(2), year()));
}
