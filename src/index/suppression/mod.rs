//! Which cells may be shown to the public, so that no figure about fewer than the minimum number of people comes
//! out, directly or by subtraction. Pure mathematics; what is done about a hidden cell is decided elsewhere.
//!
//! A cell is an agency (alone, or with its subtree), a [`Unit`] of the calendar and everybody or those with one
//! [`Value`] of a facet. Agencies, time and facets are hierarchies: a total is the sum of its parts along each, the
//! other two being fixed. Empty cells are no secret. A cell with fewer than `min_n` people is small.
//!
//! The method is cell suppression with a proof for every cell that is kept secret. Counting hidden cells in each row is
//! known to be not enough (Cox, Suppression methodology and statistical disclosure control, JASA 75, 1980;
//! Hundepool et al., Statistical Disclosure Control, 2012, ch. 4). Instead, each small cell is given a swap: people
//! moved between non-empty leaves (an agency alone, a month, a value) so that some cells change by one. Every cell that
//! changes is hidden, so the figures shown are equal with and without the swap, and so is everything that can be
//! computed from them by addition and subtraction. A sum that the swap changes can therefore not be computed.
//!
//! Proven, by these swaps: (1) no small cell is a linear combination of shown cells (of any number of rows, along all
//! hierarchies and facets together, with the empty cells known); (2) nor is a sum of some parts of one total if that
//! sum is small; months are parts of their quarter and of their year. For (2), swaps tie parts of a total together or free them with the total; parts are tied until
//! those together have `min_n` people or one is free. A small sum cannot hold all of such a group, so a swap moves people
//! across its border and changes it. Tested besides: an attack by elimination on random tables (`attack`).
//!
//! Not covered: bounds (a hidden count may be known to be within a narrow range, since counts are not negative and small
//! ones are below `min_n`); what was read at another time (before and after one more response, or with another mask);
//! what somebody knows already, such as their own response or that of a whole agency; figures by the tree of
//! another day, other facets than those given here, and combinations of two facets; small sums of cells that are not
//! parts of one total. Which swap is the cheapest is searched for only nearby, so more may be hidden than need be,
//! most with many values and few people, where two agencies hardly ever have the same two values in the same two months.

#[cfg(test)]
mod attack;
mod mask;
mod search;
mod shield;
#[cfg(test)]
mod story;
mod swap;
mod table;
mod unit;

pub use mask::{Mask, PeopleCounts};
pub use unit::Unit;

use crate::domain::ids::AgencyId;
use crate::domain::tree::Depth;

/// A value of a facet; the caller numbers both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value {
    /// Which facet.
    pub facet: u8,
    /// Which of its values.
    pub value: u32,
}

/// Something a figure may be asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell {
    /// The agency.
    pub agency: AgencyId,
    /// Alone or with its subtree.
    pub depth: Depth,
    /// Month, quarter or year.
    pub unit: Unit,
    /// Those with this value; `None` for everybody.
    pub value: Option<Value>,
}
