//! A swap: a few people imagined elsewhere, so that every figure shown stays what it is.

use super::table::{EVERYBODY, Nodes, Table};
use super::unit::{YEAR, whole_of};

/// Along time: one person more in a month, and maybe one fewer in another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    months: [usize; 2],
    units: [usize; 4],
    used: usize,
    /// The two units, parts of the same one, that differ by opposite amounts.
    pub(super) tops: Option<(usize, usize)>,
}

impl Times {
    /// More in one month: its quarter and year change too.
    pub(super) fn one(month: usize) -> Self {
        let quarter = whole_of(month).unwrap_or(YEAR);
        Self { months: [month; 2], units: [month, quarter, YEAR, YEAR], used: 3, tops: None }
    }

    /// More in one month, fewer in another: quarters change unless they are the same, the year does not.
    pub(super) fn two(month: usize, other: usize) -> Self {
        let quarters = (whole_of(month).unwrap_or(YEAR), whole_of(other).unwrap_or(YEAR));
        let (units, used, tops) = if quarters.0 == quarters.1 {
            ([month, other, YEAR, YEAR], 2, (month, other))
        } else {
            ([month, quarters.0, other, quarters.1], 4, quarters)
        };
        Self { months: [month, other], units, used, tops: Some(tops) }
    }

    /// Units whose counts change.
    pub(super) fn units(&self) -> impl Iterator<Item = usize> + '_ {
        self.units.iter().copied().take(self.used)
    }

    /// Months whose counts change.
    pub(super) fn months(&self) -> impl Iterator<Item = usize> + '_ {
        self.months.iter().copied().take(if self.tops.is_some() { 2 } else { 1 })
    }

    /// The month that gains.
    pub(super) const fn first(&self) -> usize {
        self.months[0]
    }

    /// The month that loses, if one does.
    pub(super) fn other(&self) -> Option<usize> {
        self.tops.map(|_| self.months[1])
    }

    /// Whether a node has people of this column in each month that changes.
    pub(super) fn met(&self, table: &Table, node: usize, column: usize) -> bool {
        self.months().all(|month| table.cell(node, month, column).is_some())
    }
}

/// Who is moved.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who {
    /// Somebody; if a value is given, somebody with it.
    Somebody(Option<usize>),
    /// Somebody who has the first value instead of the second.
    Changed(usize, usize),
}

/// Between which agencies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between {
    /// The agency alone that gains.
    pub(super) gains: usize,
    /// The agency alone that loses, and the lowest node above both.
    pub(super) loses: Option<(usize, usize)>,
}

/// Nodes and columns that change in the units of `times`.
#[derive(Debug, Clone)]
pub(super) struct Swap {
    pub(super) places: Vec<(usize, usize)>,
    pub(super) times: Times,
}

impl Swap {
    /// One that changes nothing yet.
    pub(super) fn nothing() -> Self {
        Self { places: Vec::with_capacity(16), times: Times::one(0) }
    }

    /// Becomes another swap. Whether there is one: nobody can leave a place where nobody is, since everybody knows it
    /// to be empty. `facets` tells of each column which facet it is of, in ascending order.
    pub(super) fn set(
        &mut self,
        (nodes, table, facets): (&Nodes, &Table, &[usize]),
        between: Between,
        times: Times,
        who: Who,
    ) -> bool {
        self.places.clear();
        self.times = times;
        let Between { gains, loses } = between;
        let both = |column| {
            times.met(table, gains, column) && loses.is_none_or(|(q, _)| times.met(table, q, column))
        };
        let (one, other) = match who {
            Who::Changed(one, other) => (one, other),
            Who::Somebody(_) => (EVERYBODY, EVERYBODY),
        };
        if !both(one) || !both(other) {
            return false;
        }
        self.change(nodes, between, one);
        match who {
            Who::Changed(..) => self.change(nodes, between, other),
            Who::Somebody(value) => {
                for facet in 1..=facets.last().copied().unwrap_or(0) {
                    let values = |node: usize| {
                        let row = table.row(node, times.first());
                        row.filter(|(_, column)| facets.get(*column) == Some(&facet))
                            .filter(move |(_, column)| times.met(table, node, *column))
                            .map(|(cell, column)| (table.people(cell), column))
                    };
                    let fixed = value.filter(|value| facets.get(*value) == Some(&facet));
                    let gained =
                        || values(gains).filter(|(_, column)| fixed.is_none_or(|fixed| fixed == *column));
                    if let Some((_, column)) = gained().filter(|(_, column)| both(*column)).min() {
                        self.change(nodes, between, column);
                        continue;
                    }
                    // Different values on both sides: neither makes up for the other anywhere.
                    let lost = loses.and_then(|(node, _)| Some((node, values(node).min()?.1)));
                    let (Some((_, gain)), Some((loser, loss))) = (gained().min(), lost) else { return false };
                    self.places.extend(nodes.climb(gains, None).map(|node| (node, gain)));
                    self.places.extend(nodes.climb(loser, None).map(|node| (node, loss)));
                }
            }
        }
        true
    }

    fn change(&mut self, nodes: &Nodes, between: Between, column: usize) {
        let end = between.loses.map(|(_, above)| above);
        self.places.extend(nodes.climb(between.gains, end).map(|node| (node, column)));
        if let Some((loses, above)) = between.loses {
            self.places.extend(nodes.climb(loses, Some(above)).map(|node| (node, column)));
        }
    }
}
