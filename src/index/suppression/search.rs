//! Looks for the swap that hides the least.

use super::shield::{Along, Place, Shield};
use super::swap::{Between, Swap, Times, Who};
use super::table::EVERYBODY;
use super::unit::parts_of;

/// How many leaves of a cell, and how many partners at each height of the tree, are tried. More would hide a little
/// less and take longer; it is safe with any number.
const LEAVES: usize = 3;
const PARTNERS: usize = 8;

/// The best found so far.
struct Best {
    swap: Option<Swap>,
    cost: u64,
}

impl Shield<'_> {
    /// The swap that hides the fewest people more of those that change the cell, and that tie it to more of its total
    /// along the hierarchy. There is always one, which changes everything above one of the cell's leaves.
    pub(super) fn cheapest(&self, place: Place, along: Option<Along>) -> Option<Swap> {
        let mut best = Best { swap: None, cost: u64::MAX };
        let mut leaves = Vec::new();
        self.leaves(place.node, place.unit, place.column, &mut leaves);
        let value = (place.column != EVERYBODY).then_some(place.column);
        for (leaf, month) in leaves {
            for times in self.times(place, along, leaf, month) {
                if let Some(column) = value {
                    let facet = self.facets.get(column);
                    for (_, other) in self.table.row(leaf, month) {
                        let (one, two) =
                            [column, other].map(|c| self.table.cell(place.node, place.unit, c)).into();
                        let tied = along == Some(Along::Facet) && self.together(Along::Facet, one, two);
                        if other != column && self.facets.get(other) == facet && !tied {
                            self.among_agencies(
                                place,
                                along,
                                leaf,
                                times,
                                Who::Changed(column, other),
                                &mut best,
                            );
                        }
                    }
                }
                self.among_agencies(place, along, leaf, times, Who::Somebody(value), &mut best);
                if best.cost == 0 {
                    return best.swap;
                }
            }
        }
        best.swap
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

    /// One month alone, or with another one outside the unit of the cell.
    fn times(
        &self,
        place: Place,
        along: Option<Along>,
        leaf: usize,
        month: usize,
    ) -> impl Iterator<Item = Times> {
        let others = (0..12)
            .filter(move |other| *other != month && self.table.cell(leaf, *other, place.column).is_some());
        let pairs = others.map(move |other| Times::two(month, other)).filter(move |times| {
            let tied = || {
                let (one, other) = times.tops.unzip();
                let cell = |unit: Option<usize>| self.table.cell(place.node, unit?, place.column);
                along == Some(Along::Time)
                    && one == Some(place.unit)
                    && self.together(Along::Time, cell(one), cell(other))
            };
            times.units().any(|unit| unit == place.unit) && !tied()
        });
        pairs.chain([Times::one(month)])
    }

    /// With an agency beside the cell's, or beside one above it, or with none.
    fn among_agencies(
        &self,
        place: Place,
        along: Option<Along>,
        gains: usize,
        times: Times,
        who: Who,
        best: &mut Best,
    ) {
        let column = Self::asks(who);
        for node in self.nodes.climb(place.node, None) {
            let Some(above) = self.nodes.parent(node) else { break };
            let line =
                Swap { places: self.nodes.climb(gains, Some(above)).map(|n| (n, column)).collect(), times };
            if self.cost(&line, best.cost) >= best.cost {
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
                self.consider(Between { gains, loses: Some((loses, above)) }, times, who, best);
                tried += 1;
                if tried == PARTNERS || best.cost == 0 {
                    break;
                }
            }
        }
        self.consider(Between { gains, loses: None }, times, who, best);
    }

    /// An agency alone under a node that can lose somebody: downwards by the fewest people.
    fn alone(&self, node: usize, times: Times, column: usize) -> Option<usize> {
        let month = times.months().next()?;
        let mut at = times.met(self.table, node, column).then_some(node)?;
        while !self.nodes.parts(at).is_empty() {
            let parts =
                self.nodes.parts(at).iter().copied().filter(|part| times.met(self.table, *part, column));
            at = parts.min_by_key(|part| self.table.people_at(*part, month, column))?;
        }
        Some(at)
    }

    fn consider(&self, between: Between, times: Times, who: Who, best: &mut Best) {
        let Some(swap) = Swap::new((self.nodes, self.table, self.facets), between, times, who) else {
            return;
        };
        let cost = self.cost(&swap, best.cost);
        if cost < best.cost || best.swap.is_none() {
            *best = Best { swap: Some(swap), cost };
        }
    }
}
