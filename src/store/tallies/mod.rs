//! Tallies: counts that every figure is made from, folded behind the intake and read instead of responses.
//! [`tallies_fetch`] is how they are read; who folds, verifies or repairs works with [`TallyDelta`] and the
//! functions of `upkeep.rs`.
//!
//! Responses that count and responses that are flagged have rows of their own ([`Tallied`]), with the same spans,
//! facets and totals; void ones have none. A change of standing is a transaction under the folder's lock that writes
//! the history row, takes the response out of all its rows on one side and adds it to those of the other: readers see
//! all of it or nothing, with one statement as before, and the default figures read no more rows than they did. Rows
//! that become empty are deleted, so that nobody is a person of a list where nobody is counted. (The other way that
//! was weighed: signed rows in the tail. It would make every reader add up both signs, and needs a tail that is not
//! only of new responses; a change of standing is rare, and may wait for a fold that is under way.)
//!
//! Only what is folded has a standing other than counted: the judge goes by the log, which is written when a response
//! leaves the tail, and who confirms a void folds the tail first. So the tail is of counted responses only.

mod delta;
mod fetch;
mod leaves;
mod packing;
mod tail;
mod upkeep;

pub use delta::TallyDelta;
pub use fetch::{Fetched, Of, TallyRow, Wanted, tallies_fetch, tallies_tail_fetch};
pub use leaves::tallies_of_leaves;
pub use tail::{Tail, TailRow};
pub use upkeep::{
    TallySpan, kept_rows_make, kept_rows_remove, tallies_add, tallies_months, tallies_of_months,
    tallies_of_span, tallies_replace, tallies_take,
};

use crate::domain::facet::Facet;
use crate::domain::ids::SurveyId;
use crate::domain::period::Grain;
use crate::domain::standing::Standing;
use chrono::NaiveDate;
use compact_str::CompactString;
use std::fmt;

/// Whose responses a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// What the agency itself was told.
    Itself,
    /// The members of a kept total.
    Kept,
}

/// Which responses a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tallied {
    /// Those that count.
    Counted,
    /// Those that are flagged.
    Flagged,
}

impl Tallied {
    /// The rows that a response of this standing is in; `None`: in none.
    pub const fn of(standing: Standing) -> Option<Self> {
        match standing {
            Standing::Counted => Some(Self::Counted),
            Standing::Flagged => Some(Self::Flagged),
            Standing::Void => None,
        }
    }
}

/// The numbers of `tallies.reach` for what agencies themselves were told.
const THEMSELVES: [i16; 2] =
    [reach_number(Reach::Itself, Tallied::Counted), reach_number(Reach::Itself, Tallied::Flagged)];

/// The numbers of `tallies.reach` for kept totals.
const TOTALS: [i16; 2] =
    [reach_number(Reach::Kept, Tallied::Counted), reach_number(Reach::Kept, Tallied::Flagged)];

/// The number in `tallies.reach`.
const fn reach_number(reach: Reach, tallied: Tallied) -> i16 {
    match (reach, tallied) {
        (Reach::Itself, Tallied::Counted) => 0,
        (Reach::Kept, Tallied::Counted) => 1,
        (Reach::Itself, Tallied::Flagged) => 2,
        (Reach::Kept, Tallied::Flagged) => 3,
    }
}

/// What a number in `tallies.reach` means.
const fn reach_of(number: i16) -> (Reach, Tallied) {
    match number {
        1 => (Reach::Kept, Tallied::Counted),
        2 => (Reach::Itself, Tallied::Flagged),
        3 => (Reach::Kept, Tallied::Flagged),
        _ => (Reach::Itself, Tallied::Counted),
    }
}

/// What a row is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TallyKey {
    /// The survey.
    pub survey: SurveyId,
    /// By which facet; `None`: everything.
    pub facet: Option<Facet>,
    /// How long a span of time.
    pub grain: Grain,
    /// The agency itself or a kept total.
    pub reach: Reach,
    /// Of responses that count or of flagged ones.
    pub tallied: Tallied,
    /// First day of the span.
    pub starts_on: NaiveDate,
    /// The agency, or the root of a total.
    pub agency: i32,
    /// Value of the facet; empty if not told.
    pub value: CompactString,
}

impl TallyKey {
    /// Whether it is an agency's own month, of everybody who counts: what subtrees and longer spans are made of.
    pub fn is_leaf(&self) -> bool {
        self.tallied == Tallied::Counted
            && self.facet.is_none()
            && self.grain == Grain::Month
            && self.reach == Reach::Itself
    }
}

impl fmt::Display for TallyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { survey, facet, grain, reach, tallied, starts_on, agency, value } = self;
        write!(f, "survey {} agency {agency} ({reach:?}, {tallied:?}), {grain:?} of {starts_on}", survey.0)?;
        facet.map_or(Ok(()), |facet| write!(f, ", {} {value:?}", facet.as_str()))
    }
}

/// The number of a facet in the table.
fn facet_number(facet: Option<Facet>) -> i16 {
    facet.map_or(0, Facet::number)
}
