//! Confidence levels and their quantiles.

use crate::error::FaultKind;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::cell::RefCell;
use std::collections::HashMap;

/// How often an interval made this way holds the true value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Confidence {
    /// 90 %.
    P90,
    /// 95 %, what is given if nobody asks for another.
    #[default]
    P95,
    /// 99 %.
    P99,
}

impl Confidence {
    /// Every level, from the lowest.
    pub const ALL: [Self; 3] = [Self::P90, Self::P95, Self::P99];
    /// The words of the wire.
    pub const WORDS: [&'static str; 3] = ["90", "95", "99"];

    /// Reads a level in percent.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for any other than 90, 95 and 99.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let known = Self::ALL.into_iter().zip(Self::WORDS).find(|(_, word)| *word == text);
        known.map(|(level, _)| level).ok_or(FaultKind::NotAllowed { allowed: &Self::WORDS })
    }

    /// In percent.
    pub const fn percent(self) -> u8 {
        match self {
            Self::P90 => 90,
            Self::P95 => 95,
            Self::P99 => 99,
        }
    }

    /// Two-sided quantile of the standard normal distribution.
    pub(super) const fn normal(self) -> f64 {
        match self {
            Self::P90 => 1.644_853_626_951_472_2,
            Self::P95 => 1.959_963_984_540_054,
            Self::P99 => 2.575_829_303_548_900_4,
        }
    }

    /// Probability below the upper bound.
    const fn upper(self) -> f64 {
        match self {
            Self::P90 => 0.95,
            Self::P95 => 0.975,
            Self::P99 => 0.995,
        }
    }

    /// The largest share that may answer otherwise where all of `people` answered alike (Clopper & Pearson 1934).
    pub(super) fn unseen(self, people: f64) -> f64 {
        1.0 - (1.0 - self.upper()).powf(people.recip())
    }

    /// Student's quantile from the normal one (Abramowitz & Stegun, Handbook of Mathematical Functions, 26.7.5).
    fn expanded(self, freedom: f64) -> f64 {
        let z = self.normal();
        let z2 = z * z;
        let first = (z2 + 1.0) / 4.0;
        let second = ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
        let third = (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
        let fourth = ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) / 92_160.0;
        z * (1.0 + (first + (second + (third + fourth / freedom) / freedom) / freedom) / freedom)
    }

    /// Two-sided quantile of Student's t for that many degrees of freedom; `None` below 1.
    pub(super) fn student(self, freedom: f64) -> Option<f64> {
        // Also refuses what is not a number.
        if !(freedom >= 1.0 && freedom.is_finite()) {
            return None;
        }
        if freedom >= EXPANDED_FROM {
            return Some(self.expanded(freedom));
        }
        QUANTILES.with_borrow_mut(|known| {
            if known.len() >= MOST_QUANTILES {
                known.clear();
            }
            let key = (self, freedom.to_bits());
            if let Some(quantile) = known.get(&key) {
                return Some(*quantile);
            }
            let quantile = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(self.upper());
            known.insert(key, quantile);
            Some(quantile)
        })
    }
}

/// From so many degrees of freedom on the expansion is good to eight digits, while statrs loses digits to
/// cancellation: at ten million it was off by more than 0.00001.
const EXPANDED_FROM: f64 = 200.0;

/// Quantiles a thread remembers: a ranking asks for thousands, and the next one for the same.
const MOST_QUANTILES: usize = 1 << 14;

thread_local! {
    static QUANTILES: RefCell<HashMap<(Confidence, u64), f64>> = RefCell::default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (level, percent, normal, nine) in [
            (Confidence::P90, 90, 1.645, 1.833),
            (Confidence::P95, 95, 1.960, 2.262),
            (Confidence::P99, 99, 2.576, 3.250),
        ] {
            assert_eq!(Confidence::parse(&percent.to_string()), Ok(level));
            assert_eq!(level.percent(), percent);
            assert!((level.normal() - normal).abs() < 0.0005);
            // Asked twice: computed, then remembered.
            for _ in 0..2 {
                assert!((level.student(9.0).unwrap() - nine).abs() < 0.0005);
            }
            assert!((level.student(1e9).unwrap() - level.normal()).abs() < 1e-8);
            // Where the roads meet, both are right.
            let last = level.student(EXPANDED_FROM - 1.0).unwrap();
            assert!((last - level.expanded(EXPANDED_FROM - 1.0)).abs() < 1e-8, "{last}");
            assert!(last > level.student(EXPANDED_FROM).unwrap());
            assert_eq!(level.student(0.5), None);
            assert_eq!(level.student(f64::NAN), None);
        }
    }

    /// By the other road: that many people answer alike with a probability of 2.5 % if so many answer otherwise.
    #[test]
    fn what_nobody_said_may_still_be_what_some_think() {
        for people in [1, 2, 10, 500] {
            let unseen = Confidence::P95.unseen(f64::from(people));
            assert!(((1.0 - unseen).powi(people) - 0.025).abs() < 1e-12, "{people}: {unseen}");
        }
        assert!(
            (Confidence::P95.unseen(10.0) - 0.308_5).abs() < 0.000_05,
            "the table of Clopper and Pearson"
        );
    }

    #[test]
    fn other_levels_are_refused() {
        for text in ["", "9", "95.0", "100", "95%", "0.95"] {
            assert_eq!(Confidence::parse(text), Err(FaultKind::NotAllowed { allowed: &Confidence::WORDS }));
        }
    }
}
