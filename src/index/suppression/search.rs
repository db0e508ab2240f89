//! Looks for the swap that hides the least.

use super::shield::{Along, Place, Shield};
use super::swap::{Between, Swap, Times, Who};
use super::table::EVERYBODY;
use super::unit::{parts_of, whole_of};

/// How far a search goes: leaves of the cell, other values for each, partners at each height of the tree; and swaps in
/// all, fewer if one is found that hides few people. More would hide a little less and take longer; it is safe with any.
const LEAVES: usize = 2;
const VALUES: usize = 3;
const PARTNERS: usize = 6;
const SWAPS: usize = 256;
const SWAPS_IF_CHEAP: usize = 64;
const CHEAP: u64 = 200;

/// A search under way.
struct Search {
    /// What the cell has to be tied along.
    along: Option<Along>,
    place: Place,
    best: Swap,
    cost: u64,
    /// The one looked at.
    next: Swap,
    left: usize,
}

impl Search {
    fn new(place: Place, along: Option<Along>) -> Self {
        let (best, next) = (Swap::nothing(), Swap::nothing());
        Self { along, place, best, cost: u64::MAX, next, left: SWAPS }
    }

    const fn is_over(&self) -> bool {
        let enough = if self.cost < CHEAP { SWAPS - SWAPS_IF_CHEAP } else { 0 };
        self.cost == 0 || self.left <= enough
    }
}

impl Shield<'_> {
    /// The swap that hides the fewest people more of those that change the cell, and that tie it to more of its total
    /// along the hierarchy. There is always one, which changes everything above one of the cell's leaves.
    pub(super) fn cheapest(&self, place: Place, along: Option<Along>) -> Swap {
        let mut search = Search::new(place, along);
        let mut leaves = Vec::with_capacity(LEAVES);
        self.leaves(place.node, place.unit, place.column, &mut leaves);
        let value = (place.column != EVERYBODY).then_some(place.column);
        self.last_resort(&mut search, &leaves);
        for (leaf, month) in leaves {
            for times in self.times(&search, leaf, month) {
                if let Some(column) = value {
                    for other in self.other_values(&search, leaf, month) {
                        self.among_agencies(leaf, times, Who::Changed(column, other), &mut search);
                    }
                }
                self.among_agencies(leaf, times, Who::Somebody(value), &mut search);
                if search.is_over() {
                    return search.best;
                }
            }
        }
        search.best
    }

    /// The swap that there always is: it changes everything above one of the cell's leaves.
    pub(super) fn widest(&self, place: Place) -> Swap {
        let mut search = Search::new(place, None);
        let mut leaves = Vec::new();
        self.leaves(place.node, place.unit, place.column, &mut leaves);
        self.last_resort(&mut search, &leaves);
        search.best
    }

    fn last_resort(&self, search: &mut Search, leaves: &[(usize, usize)]) {
        if let Some(&(gains, month)) = leaves.first() {
            let value = (search.place.column != EVERYBODY).then_some(search.place.column);
            let alone = Between { gains, loses: None };
            self.consider(alone, Times::one(month), Who::Somebody(value), search);
        }
    }

    /// Some of the leaves of a cell: agencies alone in a month.
    fn leaves(&self, node: usize, unit: usize, column: usize, found: &mut Vec<(usize, usize)>) {
        if found.len() >= LEAVES || self.table.cell(node, unit, column).is_none() {
            return;
        }
        if unit >= 12 {
            parts_of(unit).for_each(|part| self.leaves(node, part, column, found));
        } else if self.nodes.parts(node).is_empty() {
            found.push((node, unit));
        } else {
            self.nodes.parts(node).iter().for_each(|part| self.leaves(*part, unit, column, found));
        }
    }

    /// One month with another one outside the unit of the cell, those of its quarter first, and one month alone.
    fn times(&self, search: &Search, leaf: usize, month: usize) -> Vec<Times> {
        let Search { place, along, .. } = *search;
        let cell = |unit| self.table.cell(place.node, unit, place.column);
        let useful = |times: &Times| {
            let tied = |(one, other)| {
                along == Some(Along::Time)
                    && one == place.unit
                    && self.together(Along::Time, cell(one), cell(other))
            };
            let month = |other| {
                along == Some(Along::Months) && self.together(Along::Months, cell(place.unit), cell(other))
            };
            times.units().any(|unit| unit == place.unit)
                && !times.tops.is_some_and(tied)
                && !times.other().is_some_and(month)
        };
        let quarter = whole_of(month).map_or(0..0, parts_of);
        let others = quarter.clone().chain((month + 1..12).chain(0..month).filter(|m| !quarter.contains(m)));
        let others = others.filter(|other| *other != month);
        let others = others.filter(|other| self.table.cell(leaf, *other, place.column).is_some());
        let pairs = others.map(|other| Times::two(month, other)).filter(useful);
        pairs.chain([Times::one(month)]).collect()
    }

    /// Values of the cell's facet to change with, the rarest first.
    fn other_values(
        &self,
        search: &Search,
        leaf: usize,
        month: usize,
    ) -> impl Iterator<Item = usize> + use<> {
        let Search { place, along, .. } = *search;
        let facet = self.facets.get(place.column);
        let cell = |column| self.table.cell(place.node, place.unit, column);
        let tied = |other| {
            along == Some(Along::Facet) && self.together(Along::Facet, cell(place.column), cell(other))
        };
        let mut rarest = [(u64::MAX, 0); VALUES];
        for (id, other) in self.table.row(leaf, month) {
            if other != place.column && self.facets.get(other) == facet && !tied(other) {
                let people = self.table.people(id);
                if let Some(last) = rarest.last_mut().filter(|last| people < last.0) {
                    *last = (people, other);
                    rarest.sort_unstable();
                }
            }
        }
        rarest.into_iter().filter(|(people, _)| *people < u64::MAX).map(|(_, value)| value)
    }

    /// With an agency beside the cell's, or beside one above it, or with none.
    fn among_agencies(&self, gains: usize, times: Times, who: Who, search: &mut Search) {
        let Search { place, along, .. } = *search;
        let column = match who {
            Who::Somebody(_) => EVERYBODY,
            Who::Changed(one, _) => one,
        };
        for node in self.nodes.climb(place.node, None) {
            let Some(above) = self.nodes.parent(node) else { break };
            let line = self.nodes.climb(gains, Some(above)).map(|node| (node, column));
            if search.is_over() || self.cost(line, &times, search.cost) >= search.cost {
                return;
            }
            let mut tried = 0;
            for &sibling in self.nodes.parts(above).iter().filter(|sibling| **sibling != node) {
                let Some(loses) = self.alone(sibling, times, column) else { continue };
                let cell = |node| self.table.cell(node, place.unit, place.column);
                let ties = along == Some(Along::Agencies) && node == place.node;
                if ties && self.together(Along::Agencies, cell(node), cell(sibling)) {
                    continue;
                }
                self.consider(Between { gains, loses: Some((loses, above)) }, times, who, search);
                tried += 1;
                if tried == PARTNERS || search.is_over() {
                    break;
                }
            }
        }
        self.consider(Between { gains, loses: None }, times, who, search);
    }

    /// An agency alone under a node that can lose somebody: downwards by the fewest people.
    fn alone(&self, node: usize, times: Times, column: usize) -> Option<usize> {
        let mut at = times.met(self.table, node, column).then_some(node)?;
        while !self.nodes.parts(at).is_empty() {
            let parts =
                self.nodes.parts(at).iter().copied().filter(|part| times.met(self.table, *part, column));
            at = parts.min_by_key(|part| self.table.people_at(*part, times.first(), column))?;
        }
        Some(at)
    }

    fn consider(&self, between: Between, times: Times, who: Who, search: &mut Search) {
        search.left = search.left.saturating_sub(1);
        if search.next.set((self.nodes, self.table, self.facets), between, times, who) {
            let cost = self.cost(search.next.places.iter().copied(), &times, search.cost);
            if cost < search.cost {
                search.cost = cost;
                std::mem::swap(&mut search.best, &mut search.next);
            }
        }
    }
}
