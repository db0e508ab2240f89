//! The counts of one year at every place: agency alone or with its subtree, month to year, everybody or one value.

use super::unit::{UNITS, YEAR, parts_of};
use std::ops::Range;

/// The column of everybody; the others are values of facets.
pub(super) const EVERYBODY: usize = 0;

/// Agencies and their own parts as one tree: node 2i is the i-th agency with its subtree, 2i + 1 itself alone.
/// Parents come before their parts.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) parent: Vec<Option<usize>>,
    pub(super) parts: Vec<Vec<usize>>,
}

impl Nodes {
    /// From the parents of agencies, each parent before its children.
    pub(super) fn new(parents: &[Option<usize>]) -> Self {
        let mut nodes = Self::default();
        for (agency, parent) in parents.iter().enumerate() {
            let whole = parent.map(|parent| 2 * parent);
            nodes.parent.extend([whole, Some(2 * agency)]);
            nodes.parts.extend([vec![2 * agency + 1], Vec::new()]);
            if let Some(parts) = whole.and_then(|whole| nodes.parts.get_mut(whole)) {
                parts.push(2 * agency);
            }
        }
        nodes
    }

    pub(super) fn parent(&self, node: usize) -> Option<usize> {
        self.parent.get(node).copied().flatten()
    }

    pub(super) fn parts(&self, node: usize) -> &[usize] {
        self.parts.get(node).map_or(&[], Vec::as_slice)
    }

    /// A node and those above it, up to but without `end`.
    pub(super) fn climb(&self, node: usize, end: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(node), |node| self.parent(*node))
            .take_while(move |node| Some(*node) != end)
    }
}

/// The cells of a year that are not empty; a cell is a number from 0 up.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The cells of each node and unit (node x 17 + unit), by column.
    rows: Vec<Range<usize>>,
    columns: Vec<usize>,
    people: Vec<u64>,
}

impl Table {
    /// Adds up. `leaves` are counts of (node, month, column), each once, sorted; only nodes that stand for an
    /// agency alone. `width` is the number of columns.
    pub(super) fn new(nodes: &Nodes, leaves: &[((usize, usize, usize), u64)], width: usize) -> Self {
        let mut table = Self { rows: vec![0..0; nodes.parent.len() * UNITS], ..Self::default() };
        let mut sums = Sums { people: vec![0; width], touched: Vec::new() };
        let mut leaves = leaves.iter().rev().peekable();
        for node in (0..nodes.parent.len()).rev() {
            for month in (0..12).rev() {
                while let Some(((_, _, column), people)) =
                    leaves.next_if(|((a, m, _), _)| (*a, *m) == (node, month))
                {
                    sums.add(*column, *people);
                }
                for part in nodes.parts(node) {
                    sums.add_row(&table, *part, month);
                }
                table.push(node, month, &mut sums);
            }
            for unit in 12..=YEAR {
                for part in parts_of(unit) {
                    sums.add_row(&table, node, part);
                }
                table.push(node, unit, &mut sums);
            }
        }
        table
    }

    fn push(&mut self, node: usize, unit: usize, sums: &mut Sums) {
        let from = self.columns.len();
        sums.touched.sort_unstable();
        for column in sums.touched.drain(..) {
            self.columns.push(column);
            self.people.push(sums.people.get_mut(column).map_or(0, std::mem::take));
        }
        if let Some(row) = self.rows.get_mut(node * UNITS + unit) {
            *row = from..self.columns.len();
        }
    }

    /// Number of cells.
    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    /// The cells of a node and unit with their columns.
    pub(super) fn row(&self, node: usize, unit: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let row = self.rows.get(node * UNITS + unit).cloned().unwrap_or_default();
        row.clone().zip(self.columns.get(row).into_iter().flatten().copied())
    }

    /// The cell at a place, unless it is empty.
    pub(super) fn cell(&self, node: usize, unit: usize, column: usize) -> Option<usize> {
        let row = self.rows.get(node * UNITS + unit)?;
        if column == EVERYBODY {
            return (!row.is_empty()).then_some(row.start);
        }
        let place = self.columns.get(row.clone())?.binary_search(&column).ok()?;
        Some(row.start + place)
    }

    /// People in a cell.
    pub(super) fn people(&self, cell: usize) -> u64 {
        self.people.get(cell).copied().unwrap_or(0)
    }

    /// People at a place.
    pub(super) fn people_at(&self, node: usize, unit: usize, column: usize) -> u64 {
        self.cell(node, unit, column).map_or(0, |cell| self.people(cell))
    }
}

/// One row while it is added up.
struct Sums {
    people: Vec<u64>,
    touched: Vec<usize>,
}

impl Sums {
    fn add(&mut self, column: usize, people: u64) {
        if let Some(sum) = self.people.get_mut(column).filter(|_| people > 0) {
            if *sum == 0 {
                self.touched.push(column);
            }
            *sum += people;
        }
    }

    fn add_row(&mut self, table: &Table, node: usize, unit: usize) {
        for (cell, column) in table.row(node, unit) {
            self.add(column, table.people(cell));
        }
    }
}
