//! An attack on random tables: whatever is shown, and what is known to be empty, is a system of linear equations over
//! the finest cells; elimination finds all that follows from it. It shares no code with what it attacks but the types.

use super::{Cell, Mask, PeopleCounts, Unit, Value};
use crate::domain::ids::AgencyId;
use crate::domain::tree::Depth;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A Mersenne prime. What follows over the rationals follows over this field, unless it divides a denominator.
const PRIME: u128 = (1 << 61) - 1;

/// Untold: counted in everybody, but not given as a value.
const UNTOLD: u32 = 99;

/// Agency, month 0..12, facet (0 if there are none) and value.
type Leaf = (usize, usize, u8, u32);

/// An agency by its place in a table.
fn agency(place: usize) -> AgencyId {
    AgencyId(place.try_into().unwrap())
}

#[derive(Debug, Clone)]
struct Table {
    /// Parent of each agency, a smaller number.
    parents: Vec<Option<usize>>,
    leaves: BTreeMap<Leaf, u64>,
    facets: u8,
}

impl Table {
    fn mask(&self, min_n: u64) -> Mask {
        let agencies = self.parents.iter().enumerate().map(|(id, parent)| (agency(id), parent.map(agency)));
        let mut counts = PeopleCounts::new(agencies);
        for (&(place, month, facet, value), &people) in &self.leaves {
            let month = Unit { year: 2026, place: month };
            if facet <= 1 {
                counts.add(agency(place), month, None, people);
            }
            if facet > 0 && value != UNTOLD {
                counts.add(agency(place), month, Some(Value { facet, value }), people);
            }
        }
        counts.mask(min_n)
    }

    fn is_below(&self, root: AgencyId, place: usize) -> bool {
        std::iter::successors(Some(place), |place| self.parents[*place]).any(|place| agency(place) == root)
    }

    fn holds(&self, cell: &Cell, leaf: &Leaf) -> bool {
        let agencies = match cell.depth {
            Depth::SelfOnly => cell.agency == agency(leaf.0),
            Depth::Subtree => self.is_below(cell.agency, leaf.0),
        };
        let month = leaf.1;
        let unit = cell.unit.place == month || cell.unit.place == 12 + month / 3 || cell.unit.place == 16;
        let value = match cell.value {
            None => leaf.2 <= 1,
            Some(value) => (value.facet, value.value) == (leaf.2, leaf.3),
        };
        agencies && unit && value
    }

    fn leaves_of(&self, cell: &Cell) -> BTreeSet<Leaf> {
        self.leaves.keys().filter(|leaf| self.holds(cell, leaf)).copied().collect()
    }

    fn people(&self, leaves: &BTreeSet<Leaf>) -> u64 {
        leaves.iter().map(|leaf| self.leaves[leaf]).sum()
    }

    fn values(&self) -> BTreeSet<Option<Value>> {
        let value =
            |(_, _, facet, value): &Leaf| (*facet > 0).then_some(Value { facet: *facet, value: *value });
        self.leaves.keys().map(value).chain([None]).collect()
    }

    fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for agency in (0..self.parents.len()).map(agency) {
            for depth in [Depth::SelfOnly, Depth::Subtree] {
                for place in 0..17 {
                    let unit = Unit { year: 2026, place };
                    let cell = |value| Cell { agency, depth, unit, value };
                    cells.extend(self.values().into_iter().map(cell));
                }
            }
        }
        cells.retain(|cell| !self.leaves_of(cell).is_empty());
        cells
    }

    /// For each total and hierarchy its parts.
    fn parts(&self, total: &Cell) -> Vec<Vec<Cell>> {
        let mut agencies = Vec::new();
        if total.depth == Depth::Subtree {
            agencies.push(Cell { depth: Depth::SelfOnly, ..*total });
            let is_child = |place: &usize| self.parents[*place].map(agency) == Some(total.agency);
            let children = (0..self.parents.len()).filter(is_child).map(agency);
            agencies.extend(children.map(|agency| Cell { agency, ..*total }));
        }
        let places = match total.unit.place {
            16 => 12..16,
            quarter @ 12..16 => (quarter - 12) * 3..(quarter - 12) * 3 + 3,
            _ => 0..0,
        };
        let units = places.map(|place| Cell { unit: Unit { place, ..total.unit }, ..*total }).collect();
        // Months are parts of the year too, whatever quarters they are of.
        let months = if total.unit.place == 16 { 0..12 } else { 0..0 };
        let months = months.map(|place| Cell { unit: Unit { place, ..total.unit }, ..*total }).collect();
        let mut parts = vec![agencies, units, months];
        for facet in 1..=self.facets {
            let values = self.values().into_iter().flatten().filter(|value| value.facet == facet);
            parts.push(
                values
                    .filter(|_| total.value.is_none())
                    .map(|value| Cell { value: Some(value), ..*total })
                    .collect(),
            );
        }
        parts.iter_mut().for_each(|parts| parts.retain(|part| !self.leaves_of(part).is_empty()));
        parts
    }
}

/// What is known, in echelon form: rows by the place of their first number, which is 1.
#[derive(Default)]
struct Known(BTreeMap<usize, Vec<u128>>);

impl Known {
    fn reduce(&self, mut row: Vec<u128>) -> Vec<u128> {
        for (place, known) in &self.0 {
            let factor = row[*place];
            if factor != 0 {
                for (number, other) in row.iter_mut().zip(known) {
                    *number = (*number + PRIME * PRIME - factor * other) % PRIME;
                }
            }
        }
        row
    }

    fn learn(&mut self, row: Vec<u128>) {
        let row = self.reduce(row);
        if let Some(place) = row.iter().position(|number| *number != 0) {
            let inverse = power(row[place], PRIME - 2);
            self.0.insert(place, row.iter().map(|number| number * inverse % PRIME).collect());
        }
    }

    fn tells(&self, row: Vec<u128>) -> bool {
        self.reduce(row).iter().all(|number| *number == 0)
    }
}

fn power(base: u128, exponent: u128) -> u128 {
    let (mut result, mut square, mut rest) = (1, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result = result * square % PRIME;
        }
        square = square * square % PRIME;
        rest >>= 1;
    }
    result
}

/// What the mask lets out that it should not, by attack; of the table's counts and of what it hides.
fn leaks(table: &Table, min_n: u64, mask: &Mask) -> Vec<String> {
    let place: BTreeMap<Leaf, usize> =
        table.leaves.keys().enumerate().map(|(place, leaf)| (*leaf, place)).collect();
    let row = |leaves: &BTreeSet<Leaf>| {
        let mut row = vec![0; place.len()];
        leaves.iter().for_each(|leaf| row[place[leaf]] = 1);
        row
    };
    let mut known = Known::default();
    // Each facet adds up to the same people.
    for agency in 0..table.parents.len() {
        for month in 0..12 {
            for facet in 2..=table.facets {
                let mut sums = vec![0; place.len()];
                for (leaf, place) in place.iter().filter(|(leaf, _)| (leaf.0, leaf.1) == (agency, month)) {
                    sums[*place] = if leaf.2 == 1 {
                        1
                    } else if leaf.2 == facet {
                        PRIME - 1
                    } else {
                        0
                    };
                }
                known.learn(sums);
            }
        }
    }
    let cells = table.cells();
    let untold = |cell: &Cell| cell.value.is_some_and(|value| value.value == UNTOLD);
    for cell in cells.iter().filter(|cell| !untold(cell) && mask.shows(cell)) {
        known.learn(row(&table.leaves_of(cell)));
    }
    let mut leaks = Vec::new();
    let mut secret = |what: String, leaves: &BTreeSet<Leaf>| {
        if (1..min_n).contains(&table.people(leaves)) && known.tells(row(leaves)) {
            leaks.push(what);
        }
    };
    for cell in &cells {
        secret(format!("{cell:?}"), &table.leaves_of(cell));
        for parts in table.parts(cell) {
            let small: Vec<_> = parts
                .iter()
                .map(|part| table.leaves_of(part))
                .filter(|leaves| table.people(leaves) < min_n)
                .collect();
            for some in 1_u32..1 << small.len().min(10) {
                let chosen = small.iter().zip(0..).filter(|(_, bit)| some >> bit & 1 == 1);
                let leaves = chosen.flat_map(|(leaves, _)| leaves.iter().copied()).collect();
                secret(format!("{some:b} of the parts {parts:?}"), &leaves);
            }
        }
    }
    leaks
}

fn tables(agencies: usize, months: usize, facets: u8, values: u32) -> impl Strategy<Value = Table> {
    let parents = (1..=agencies).prop_flat_map(|count| {
        (0..count).map(|id| prop::option::weighted(0.9, 0..id.max(1))).collect::<Vec<_>>()
    });
    let months = prop::sample::subsequence(vec![0, 1, 2, 3, 4, 6, 11], 1..=months);
    (parents, months, 0..=facets, 1..=4_u32)
        .prop_flat_map(move |(parents, months, facets, gaps)| {
            let parents: Vec<_> =
                parents.into_iter().zip(0..).map(|(parent, id)| parent.filter(|p| *p < id)).collect();
            let count = || prop_oneof![gaps => Just(0_u64), 2 => 1..4_u64, 1 => 4..10_u64, 2 => 10..40_u64];
            let leaf = prop::collection::vec((count(), 0..values.max(1)), 1..=3);
            let cells = parents.len() * months.len();
            let second = prop::collection::vec((0..values.max(1), 0..=20_u64), cells);
            (Just(parents), Just(months), Just(facets), prop::collection::vec(leaf, cells), second)
        })
        .prop_map(|(parents, months, facets, counts, second)| {
            let mut leaves = BTreeMap::new();
            let places =
                (0..parents.len()).flat_map(|agency| months.iter().map(move |month| (agency, *month)));
            for ((agency, month), (counts, (value, share))) in places.zip(counts.into_iter().zip(second)) {
                let people: u64 = counts.iter().map(|(people, _)| people).sum();
                if facets == 0 {
                    leaves.insert((agency, month, 0, 0), people);
                    continue;
                }
                for (people, value) in counts {
                    *leaves.entry((agency, month, 1, value)).or_default() += people;
                }
                if facets == 2 {
                    *leaves.entry((agency, month, 2, value)).or_default() += people.min(share);
                    *leaves.entry((agency, month, 2, UNTOLD)).or_default() += people - people.min(share);
                }
            }
            leaves.retain(|_, people| *people > 0);
            Table { parents, leaves, facets }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 2))]

    #[test]
    fn nothing_small_follows_from_agencies_and_time(table in tables(6, 5, 0, 1), min_n in 2..=10_u64) {
        let leaks = leaks(&table, min_n, &table.mask(min_n));
        prop_assert!(leaks.is_empty(), "{leaks:#?}");
    }

    #[test]
    fn nothing_small_follows_from_facets_either(table in tables(4, 3, 2, 3), min_n in 2..=10_u64) {
        let leaks = leaks(&table, min_n, &table.mask(min_n));
        prop_assert!(leaks.is_empty(), "{leaks:#?}");
    }

    /// Counts grow where somebody had answered: the mask made before still withstands the attack.
    #[test]
    fn a_mask_outlives_growth(table in tables(4, 3, 1, 3), growth in prop::collection::vec(0..12_u64, 1..40), min_n in 2..=10_u64) {
        let mask = table.mask(min_n);
        let mut grown = table;
        for (people, more) in grown.leaves.values_mut().zip(growth.iter().cycle()) {
            *people += more;
        }
        let leaks = leaks(&grown, min_n, &mask);
        prop_assert!(leaks.is_empty(), "{leaks:#?}");
    }
}

/// The attack finds what hiding only the small cells gives away, so its silence means something.
#[test]
fn the_attack_works() {
    let leaves =
        BTreeMap::from([((0, 0, 0, 0), 30), ((1, 0, 0, 0), 3), ((1, 1, 0, 0), 40), ((2, 0, 0, 0), 20)]);
    let table = Table { parents: vec![None, Some(0), Some(0)], leaves, facets: 0 };
    let only_small = table.mask(0);
    assert!(!leaks(&table, 10, &only_small).is_empty());
    assert!(leaks(&table, 10, &table.mask(10)).is_empty());
}
