//! The one rounding place. All published SIPAS figures have two decimals; the mode is not stated in the
//! law, so half up is used (on exact numbers, never on binary fractions) and said so.

use super::Exact;
use num_traits::ToPrimitive;

/// A figure with two decimals, kept as a number of hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rounded(i32);

impl Rounded {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The difference of two figures as they are shown.
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Rounds half up to two decimals.
    pub fn half_up(value: &Exact) -> Self {
        let hundredths = (value * Exact::from_integer(100.into())).round().to_integer();
        Self(hundredths.to_i32().unwrap_or(i32::MAX))
    }

    /// Rounds the bound of an interval, which is not exact to begin with.
    pub fn nearest(value: f64) -> Self {
        Self((value * 100.0).round().to_i32().unwrap_or(i32::MAX))
    }

    /// Number of hundredths.
    pub const fn hundredths(self) -> i32 {
        self.0
    }

    /// The nearest floating-point number, which prints with at most two decimals.
    pub fn to_f64(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

/// Rounds half up to one decimal and stays exact: the score of a desk indicator (TT 01/2018/TT-VPCP
/// art. 14; the mode is not stated there).
pub fn to_tenth(value: &Exact) -> Exact {
    (value * Exact::from_integer(10.into())).round() / Exact::from_integer(10.into())
}

/// The nearest whole number of an estimated count, half up.
pub fn nearest_count(value: &Exact) -> u64 {
    value.round().to_integer().to_u64().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::ratio;
    use super::*;

    #[test]
    fn halves_go_up_where_binary_fractions_would_not() {
        // 1.005 has no exact binary form and would round to 1.00.
        assert_eq!(Rounded::half_up(&ratio(1005, 1000)).hundredths(), 101);
        assert_eq!(Rounded::half_up(&ratio(1, 3)).hundredths(), 33);
        assert_eq!(Rounded::half_up(&ratio(2, 3)).hundredths(), 67);
        assert_eq!(to_tenth(&ratio(145, 100)), ratio(15, 10));
        assert_eq!(to_tenth(&ratio(144_999, 100_000)), ratio(14, 10));
    }

    #[test]
    fn a_figure_prints_with_its_decimals() {
        assert_eq!(Rounded::half_up(&ratio(8394, 100)).to_f64().to_string(), "83.94");
        assert_eq!(Rounded::half_up(&ratio(90, 1)).to_f64().to_string(), "90");
    }
}
