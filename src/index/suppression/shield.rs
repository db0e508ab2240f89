//! Hides the small cells of one year and, by swaps, whatever would tell them.

use super::swap::{Swap, Times};
use super::table::{EVERYBODY, Nodes, Table};
use super::unit::{UNITS, whole_of};

/// A hierarchy along which a total is the sum of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Along {
    Agencies,
    Time,
    /// Months as parts of the year, whatever quarters they are of.
    Months,
    Facet,
}

/// How many people of single values are given for one of everybody.
const EVERYBODY_WEIGHT: u64 = 16;

/// How many people of months are given for one of a quarter or a year: those are what is published.
const fn unit_weight(unit: usize) -> u64 {
    match unit {
        0..12 => 1,
        12..16 => 8,
        _ => 64,
    }
}

/// A cell that needs a swap, and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) node: usize,
    pub(super) unit: usize,
    pub(super) column: usize,
}

/// The state of one year.
#[derive(Debug)]
pub(super) struct Shield<'a> {
    pub(super) nodes: &'a Nodes,
    pub(super) table: &'a Table,
    /// Of each column the facet it is of; 0 for everybody.
    pub(super) facets: &'a [usize],
    pub(super) hidden: Vec<bool>,
    min_n: u64,
    agencies: Groups,
    time: Groups,
    months: Groups,
    facet: Groups,
}

impl<'a> Shield<'a> {
    /// Hides what has to be hidden below `min_n` people; returns it cell by cell.
    pub(super) fn hide(nodes: &'a Nodes, table: &'a Table, facets: &'a [usize], min_n: u64) -> Vec<bool> {
        let people = || Groups::new((0..table.len()).map(|cell| table.people(cell)).collect());
        let hidden = (0..table.len()).map(|cell| table.people(cell) < min_n).collect();
        let (agencies, time, months, facet) = (people(), people(), people(), people());
        let mut shield = Self { nodes, table, facets, hidden, min_n, agencies, time, months, facet };
        // From the whole to the parts: what protects a whole often protects its parts.
        for node in 0..nodes.parent.len() {
            for unit in (0..UNITS).rev() {
                for (cell, column) in table.row(node, unit) {
                    if table.people(cell) < min_n {
                        shield.protect(cell, Place { node, unit, column });
                    }
                }
            }
        }
        shield.hidden
    }

    /// Adds swaps until no sum of parts below the minimum that holds this cell is told along any hierarchy.
    fn protect(&mut self, cell: usize, place: Place) {
        let mut part = false;
        for along in [Along::Agencies, Along::Time, Along::Months, Along::Facet] {
            let is_part = match along {
                Along::Agencies => self.nodes.parent(place.node).is_some(),
                Along::Time => whole_of(place.unit).is_some(),
                Along::Months => place.unit < 12,
                Along::Facet => place.column != EVERYBODY,
            };
            while is_part && self.groups(along).people(cell) < self.min_n {
                let before = self.groups(along).people(cell);
                let swap = self.cheapest(place, Some(along));
                self.apply(&swap);
                // Each swap that is found ties the cell to more. Should one not, this ends all the same, and safely.
                if self.groups(along).people(cell) == before {
                    self.apply(&self.widest(place));
                    break;
                }
            }
            part |= is_part;
        }
        if !part {
            let swap = self.cheapest(place, None);
            self.apply(&swap);
        }
    }

    /// Whether two cells, parts of one total, already stand together.
    pub(super) fn together(&self, along: Along, one: Option<usize>, other: Option<usize>) -> bool {
        let root = |cell: Option<usize>| cell.map(|cell| self.groups(along).root(cell));
        root(one) == root(other)
    }

    const fn groups(&self, along: Along) -> &Groups {
        match along {
            Along::Agencies => &self.agencies,
            Along::Time => &self.time,
            Along::Months => &self.months,
            Along::Facet => &self.facet,
        }
    }

    /// Hides the places of a swap and notes, for each total, which of its parts it ties together.
    fn apply(&mut self, swap: &Swap) {
        let changes = |node, column| swap.places.contains(&(node, column));
        for &(node, column) in &swap.places {
            let cell = |unit| self.table.cell(node, unit, column);
            for id in swap.times.units().filter_map(cell) {
                if let Some(hidden) = self.hidden.get_mut(id) {
                    *hidden = true;
                }
            }
            match swap.times.other() {
                Some(other) => self.months.tie(cell(swap.times.first()), cell(other)),
                None => cell(swap.times.first()).into_iter().for_each(|id| self.months.free(id)),
            }
            for unit in swap.times.units() {
                let Some(id) = cell(unit) else { continue };
                if whole_of(unit).is_some_and(|whole| swap.times.units().any(|other| other == whole)) {
                    self.time.free(id);
                } else if let Some((one, other)) = swap.times.tops {
                    self.time.tie(cell(one), cell(other));
                }
                let parent = self.nodes.parent(node);
                if parent.is_some_and(|parent| changes(parent, column)) {
                    self.agencies.free(id);
                } else if parent.is_some() {
                    let sibling = |(n, c): &&(usize, usize)| {
                        *c == column && *n != node && self.nodes.parent(*n) == parent
                    };
                    let other = swap.places.iter().find(sibling);
                    self.agencies
                        .tie(Some(id), other.and_then(|(node, _)| self.table.cell(*node, unit, column)));
                }
                if column != EVERYBODY && changes(node, EVERYBODY) {
                    self.facet.free(id);
                } else if column != EVERYBODY {
                    let facet = self.facets.get(column);
                    let value =
                        |(n, c): &&(usize, usize)| *n == node && *c != column && self.facets.get(*c) == facet;
                    let other = swap.places.iter().find(value);
                    self.facet
                        .tie(Some(id), other.and_then(|(_, column)| self.table.cell(node, unit, *column)));
                }
            }
        }
    }

    /// What changing these nodes in their columns would newly hide, in people. Where there are facets everybody counts for
    /// more, so that a facet rather loses one value more than an agency loses its figure; and so do quarters and years, so
    /// that a year rather loses a month more than the year itself.
    pub(super) fn cost(
        &self,
        places: impl Iterator<Item = (usize, usize)>,
        times: &Times,
        limit: u64,
    ) -> u64 {
        let mut cost = 0_u64;
        for (node, column) in places {
            let weight = if column == EVERYBODY && self.facets.len() > 1 { EVERYBODY_WEIGHT } else { 1 };
            for unit in times.units() {
                let weight = weight.saturating_mul(unit_weight(unit));
                let cell = self.table.cell(node, unit, column);
                let shown = |cell: &usize| !self.hidden.get(*cell).copied().unwrap_or(true);
                cost = cost.saturating_add(
                    cell.filter(shown).map_or(0, |cell| self.table.people(cell).saturating_mul(weight)),
                );
            }
            if cost >= limit {
                return limit;
            }
        }
        cost
    }
}

/// For each total, which of its parts some swap moves people between: cells in a group are tied by swaps.
#[derive(Debug)]
struct Groups {
    link: Vec<usize>,
    people: Vec<u64>,
}

impl Groups {
    /// Everybody alone.
    fn new(people: Vec<u64>) -> Self {
        Self { link: (0..people.len()).collect(), people }
    }

    fn root(&self, cell: usize) -> usize {
        let mut at = cell;
        while let Some(up) = self.link.get(at).filter(|up| **up != at) {
            at = *up;
        }
        at
    }

    /// People in the group of a cell; without end if a swap moves people between it and the total.
    fn people(&self, cell: usize) -> u64 {
        self.people.get(self.root(cell)).copied().unwrap_or(u64::MAX)
    }

    /// A swap changes this part and the total alike.
    fn free(&mut self, cell: usize) {
        let root = self.root(cell);
        if let Some(people) = self.people.get_mut(root) {
            *people = u64::MAX;
        }
    }

    /// A swap moves people between two parts.
    fn tie(&mut self, one: Option<usize>, other: Option<usize>) {
        let (Some(one), Some(other)) = (one.map(|cell| self.root(cell)), other.map(|cell| self.root(cell)))
        else {
            return;
        };
        if one == other {
            return;
        }
        let sum = self.people(one).saturating_add(self.people(other));
        // The larger group stays the root, which keeps the ways up short.
        let (root, leaf) = if self.people(one) >= self.people(other) { (one, other) } else { (other, one) };
        if let (Some(link), Some(people)) = (self.link.get_mut(leaf), self.people.get_mut(root)) {
            (*link, *people) = (root, sum);
        }
    }
}
