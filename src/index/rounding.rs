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

    /// The figure of so many hundredths.
    pub const fn of_hundredths(hundredths: i32) -> Self {
        Self(hundredths)
    }

    /// The sum of two figures as they are shown.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The same figure as an exact ratio.
    pub fn exact(self) -> Exact {
        Exact::new(self.0.into(), 100.into())
    }

    /// The difference of two figures as they are shown.
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Rounds half up to two decimals.
    pub fn half_up(value: &Exact) -> Self {
        if let Some(hundredths) = small_hundredths(value) {
            return Self(hundredths);
        }
        // Below zero too: `round` would take -0.5 away from zero.
        let half = Exact::new(1.into(), 2.into());
        let hundredths = (value * Exact::from_integer(100.into()) + half).floor().to_integer();
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

/// The same in 128 bits, for what is not negative; `None` if they are not enough.
fn small_hundredths(value: &Exact) -> Option<i32> {
    let (numerator, denominator) = (value.numer().to_u128()?, value.denom().to_u128()?);
    let doubled = numerator.checked_mul(200)?.checked_add(denominator)?;
    i32::try_from(doubled / denominator.checked_mul(2)?).ok()
}

/// The nearest floating-point number. A quotient of two numbers that are held exactly is that already.
pub fn nearest_float(value: &Exact) -> Option<f64> {
    let exactly = |number: &num_bigint::BigInt| {
        number.to_i64().filter(|number| number.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS)?.to_f64()
    };
    match (exactly(value.numer()), exactly(value.denom())) {
        (Some(numerator), Some(denominator)) => Some(numerator / denominator),
        _ => value.to_f64(),
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
        for (thousandths, hundredths) in [(-1005, -100), (-1006, -101), (-5, 0), (-4, 0), (-6, -1)] {
            assert_eq!(
                Rounded::half_up(&Exact::new(thousandths.into(), 1000.into())).hundredths(),
                hundredths
            );
        }
        assert_eq!(to_tenth(&ratio(145, 100)), ratio(15, 10));
        assert_eq!(to_tenth(&ratio(144_999, 100_000)), ratio(14, 10));
    }

    #[test]
    fn small_and_large_ratios_are_rounded_alike() {
        // Both sides of the border where 128 bits or 53 are not enough.
        for (numerator, denominator) in [(1005, 1000), (u64::MAX / 101, u64::MAX / 7), (1, 3), (0, 5)] {
            let value = ratio(numerator, denominator);
            let huge = num_bigint::BigInt::from(2).pow(200);
            let same = Exact::new_raw(value.numer() * &huge, value.denom() * &huge);
            assert_eq!(Rounded::half_up(&value), Rounded::half_up(&same));
            assert_eq!(nearest_float(&value), same.to_f64());
        }
    }

    #[test]
    fn a_figure_prints_with_its_decimals() {
        assert_eq!(Rounded::half_up(&ratio(8394, 100)).to_f64().to_string(), "83.94");
        assert_eq!(Rounded::half_up(&ratio(90, 1)).to_f64().to_string(), "90");
    }
}
