//! Tallies: counts that every figure is made from, folded behind the intake and read instead of responses.
//! [`tallies_fetch`] is how they are read; who folds, verifies or repairs works with [`TallyDelta`] and the
//! functions of `upkeep.rs`.

mod delta;
mod fetch;
mod leaves;
mod packing;
mod upkeep;

pub use delta::TallyDelta;
pub use fetch::{Fetched, TallyRow, Wanted, tallies_fetch};
pub use leaves::tallies_of_leaves;
pub use upkeep::{
    TallySpan, kept_rows_make, kept_rows_remove, tallies_add, tallies_months, tallies_of_months,
    tallies_of_span, tallies_replace,
};

use crate::domain::facet::Facet;
use crate::domain::ids::SurveyId;
use crate::domain::period::Grain;
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

impl Reach {
    /// The reach of a number in the table.
    const fn of(number: i16) -> Self {
        if number == Self::Kept.number() { Self::Kept } else { Self::Itself }
    }

    const fn number(self) -> i16 {
        match self {
            Self::Itself => 0,
            Self::Kept => 1,
        }
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
    /// First day of the span.
    pub starts_on: NaiveDate,
    /// The agency, or the root of a total.
    pub agency: i32,
    /// Value of the facet; empty if not told.
    pub value: CompactString,
}

impl TallyKey {
    /// Whether it is an agency's own month, of everybody: what subtrees and longer spans are made of.
    pub fn is_leaf(&self) -> bool {
        self.facet.is_none() && self.grain == Grain::Month && self.reach == Reach::Itself
    }
}

impl fmt::Display for TallyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { survey, facet, grain, reach, starts_on, agency, value } = self;
        write!(f, "survey {} agency {agency} ({reach:?}), {grain:?} of {starts_on}", survey.0)?;
        facet.map_or(Ok(()), |facet| write!(f, ", {} {value:?}", facet.as_str()))
    }
}

/// The number of a facet in the table.
fn facet_number(facet: Option<Facet>) -> i16 {
    facet.map_or(0, Facet::number)
}
