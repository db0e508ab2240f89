//! Exact numbers with at most four decimals: what others published, kept as it was published.

use crate::error::FaultKind;
use num_traits::ToPrimitive;
use std::fmt;

/// A number from 0 to 9999.9999 in ten-thousandths; exact, so that what is shown is what was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i32);

impl Amount {
    /// Ten-thousandths in one.
    const ONE: i32 = 10_000;
    /// Most ten-thousandths.
    const MOST: i32 = 99_999_999;
    /// What is read, for messages.
    pub const FORM: &'static str = "87.16";

    /// The amount of so many ten-thousandths.
    pub fn of_ten_thousandths(number: i32) -> Option<Self> {
        (0..=Self::MOST).contains(&number).then_some(Self(number))
    }

    /// The amount that this text writes: digits, and up to four after a point.
    ///
    /// # Errors
    /// [`FaultKind::BadFormat`] for anything else, also for a comma: in Viet Nam it is the decimal sign and elsewhere
    /// it is not, so it is not guessed.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let read = || -> Option<i32> {
            let decimals = format!("{decimals:0<4}");
            whole.parse::<i32>().ok()?.checked_mul(Self::ONE)?.checked_add(decimals.parse().ok()?)
        };
        let well_formed = digits(whole, 4) && digits(decimals, 4);
        let number = Some(()).filter(|()| well_formed).and_then(|()| read());
        number.and_then(Self::of_ten_thousandths).ok_or(FaultKind::BadFormat { expected: Self::FORM })
    }

    /// The amount that a floating-point number stands for: the one it was written as, not the binary fraction.
    ///
    /// # Errors
    /// [`FaultKind::BadFormat`] for a number outside the range or with more than four decimals.
    pub fn of_float(value: f64) -> Result<Self, FaultKind> {
        let scaled = value * f64::from(Self::ONE);
        let nearest = scaled.round();
        // Doubles of this size are within 0.00000002 of what was written; a fifth decimal would be 0.1 off.
        let written = (scaled - nearest).abs() < 1e-6;
        let number = nearest.to_i32().filter(|_| written);
        number.and_then(Self::of_ten_thousandths).ok_or(FaultKind::BadFormat { expected: Self::FORM })
    }

    /// Number of ten-thousandths.
    pub const fn ten_thousandths(self) -> i32 {
        self.0
    }

    /// This minus another, in ten-thousandths; may be below zero.
    pub const fn minus(self, other: Self) -> i32 {
        // Both lie in 0..=MOST.
        self.0 - other.0
    }

    /// The nearest floating-point number, which prints as the amount does.
    pub fn to_f64(self) -> f64 {
        f64::from(self.0) / f64::from(Self::ONE)
    }
}

impl fmt::Display for Amount {
    /// Without needless decimals: `87.16`, `90`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.0 / Self::ONE, self.0 % Self::ONE);
        if decimals == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{decimals:04}").trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1,5", "1.23456", "10000", "1e2", " 1", "١", "NaN"] {
            assert!(Amount::parse(text).is_err(), "{text:?}");
        }
        for value in [-0.0001, 10_000.0, 87.123_45, 87.160_01, f64::NAN, f64::INFINITY] {
            assert!(Amount::of_float(value).is_err(), "{value}");
        }
        assert_eq!(Amount::parse("0").map(Amount::to_f64), Ok(0.0));
    }

    proptest! {
        #[test]
        fn an_amount_is_read_as_it_is_written(number in 0..=Amount::MOST) {
            let amount = Amount::of_ten_thousandths(number).unwrap();
            prop_assert_eq!(Amount::parse(&amount.to_string()), Ok(amount));
            prop_assert_eq!(Amount::of_float(amount.to_f64()), Ok(amount));
            prop_assert_eq!(amount.to_f64().to_string(), amount.to_string());
        }
    }
}
