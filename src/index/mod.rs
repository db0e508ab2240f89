//! The mathematics: counts in, figures out. Pure and exact.
//!
//! Counts are integers, values are exact ratios until [`rounding`], the one place that rounds. Floating
//! point appears only inside the intervals, which need square roots. No IO, no clock, no database.
//!
//! The reading of the rules: an element is the mean of its criteria, the whole is the mean of all criteria
//! (QĐ 1001/QĐ-BNV has a formula section that could not be read; this reading fits the published figures of
//! 2024 best). Criteria nobody answered are left out and listed; a missing value is never zero.

pub mod answering;
pub mod bands;
pub mod combine;
pub mod comparison;
pub mod confidence;
pub mod definitions;
pub mod drags;
pub mod error;
pub mod evidence;
pub mod formula;
pub mod interval;
#[cfg(test)]
mod laws;
pub mod not_dissatisfied;
pub mod ranking;
pub mod rounding;
pub mod sample;
pub mod suppression;
pub mod target;

pub use combine::{Figures, IndexValue, Question, figures, whole_of};
pub use confidence::Confidence;
pub use evidence::Evidence;
pub use formula::Formula;

/// An exact ratio.
pub type Exact = num_rational::BigRational;

/// An exact ratio of two counts; 0 if the denominator is 0, which callers exclude.
fn ratio(numerator: u64, denominator: u64) -> Exact {
    if denominator == 0 {
        Exact::from_integer(0.into())
    } else {
        Exact::new(numerator.into(), denominator.into())
    }
}

/// A whole number as an exact ratio.
fn whole(number: u64) -> Exact {
    Exact::from_integer(number.into())
}
