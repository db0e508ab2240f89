//! How sure a figure is: confidence intervals.
//!
//! One criterion: a Wilson score interval for a share (Wilson 1927), Student's t for a mean.
//!
//! Several criteria: the value is the mean of the criteria's values, and the answers of one person are not
//! independent, so its standard error comes from respondents ([`super::error`]).
//!
//! A share of several criteria is a Wilson interval with the effective sample size p(1-p)/SE², which, where it
//! exceeds the number of people, is corrected for their small number (Korn & Graubard 1998). Where nobody
//! differs the variance says nothing; for a share the number of people stands in, a mean has no interval.
//!
//! Where the number N of dossiers handled is known, the variance is multiplied by the finite-population
//! correction (N - n)/(N - 1) (Cochran, Sampling Techniques, 3rd ed., ch. 2): whoever asked half of the people is
//! surer than whoever asked the same number out of a crowd. For a Wilson interval the effective sample size is
//! divided by it, which is the same in its variance. From n = N on the figure is a count and the interval is
//! the value itself. One dossier is taken for one person, as the official sample rule does (assumed); N counts
//! every dossier and n the fewest people behind any part of the figure, so that the correction is never too strong: how many
//! of the N could have answered a criterion that not everybody is asked, or that may be not applicable, is not known
//! (an estimate of it would make the correction stronger), and it is corrected as though all of them could. So even where
//! everybody answered, such a criterion, and a whole with it, keeps an interval.

use super::confidence::Confidence;
use super::error::StandardError;
use super::formula::Formula;
use super::rounding::Rounded;
use crate::domain::questionnaire::Kind;
use num_traits::ToPrimitive;

/// Bounds of a confidence interval in the unit of the figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Lower bound.
    pub low: Rounded,
    /// Upper bound.
    pub high: Rounded,
}

/// A value before rounding and what its interval follows from; kept so that figures can be compared without
/// the error of rounding twice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub(super) formula: Formula,
    /// How many criteria it combines.
    pub(super) count: usize,
    /// In the formula's unit.
    pub(super) value: f64,
    pub(super) confidence: Confidence,
    pub(super) spread: Spread,
}

/// How far the value may be from the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spread {
    /// Everybody was asked.
    None,
    /// Of a share: the sample size it is worth.
    Share {
        /// Independent answers.
        size: f64,
    },
    /// Of a mean.
    Mean {
        /// Standard error in the formula's unit.
        error: f64,
        /// Degrees of freedom.
        freedom: f64,
    },
}

impl Estimate {
    /// Of the unrounded value of `count` criteria together; `None` where the data cannot tell.
    pub fn new(
        formula: Formula,
        count: usize,
        value: f64,
        error: StandardError,
        confidence: Confidence,
        population: Option<u64>,
    ) -> Option<Self> {
        let correction = correction(error.counted, population);
        let spread = match formula {
            _ if correction <= 0.0 => Spread::None,
            Formula::SatisfiedShare => {
                let size = effective_size(value / 100.0, error, confidence);
                Spread::Share { size: size / correction }
            }
            _ if error.size <= 0.0 || error.people < 2.0 => return None,
            _ => {
                let (n, slope) = (error.people, formula.slope(count));
                let error = slope * error.size * (n / (n - 1.0) * correction).sqrt();
                Spread::Mean { error, freedom: n - 1.0 }
            }
        };
        Some(Self { formula, count, value, confidence, spread })
    }

    /// Its bounds in the formula's unit, within the formula's range.
    pub(super) fn bounds(&self) -> Option<(f64, f64)> {
        Some(match self.spread {
            Spread::None => (self.value, self.value),
            Spread::Share { size } => {
                let (low, high) = wilson(self.value / 100.0, size, self.confidence);
                (low * 100.0, high * 100.0)
            }
            Spread::Mean { error, freedom } => {
                let half = self.confidence.student(freedom)? * error;
                let (least, most) = self.formula.range(self.count);
                ((self.value - half).max(least), (self.value + half).min(most))
            }
        })
    }

    /// The interval around the value that is shown.
    pub fn interval(&self, shown: Rounded) -> Option<Interval> {
        if self.spread == Spread::None {
            return Some(Interval { low: shown, high: shown });
        }
        let (low, high) = self.bounds()?;
        let (low, high) = (Rounded::nearest(low), Rounded::nearest(high));
        Some(match self.formula.kind() {
            // A bound within a hundredth of the value must not be rounded past it.
            Kind::Sipas => Interval { low: low.min(shown), high: high.max(shown) },
            // The circular rounds the value of an indicator to tenths, the interval is about the mean before that.
            Kind::Desk => Interval { low, high },
        })
    }
}

/// Finite-population correction of a variance; 1 where nobody knows how many there are.
fn correction(people: f64, population: Option<u64>) -> f64 {
    match population.and_then(|population| population.to_f64()) {
        None => 1.0,
        Some(population) if people >= population => 0.0,
        // Fewer people than dossiers, so there are at least two dossiers, or people is a fraction of one.
        Some(population) => ((population - people) / (population - 1.0).max(1.0)).min(1.0),
    }
}

fn effective_size(p: f64, error: StandardError, confidence: Confidence) -> f64 {
    let (spread, variance) = (p * (1.0 - p), error.size * error.size);
    if variance <= 0.0 || spread <= 0.0 {
        return error.people;
    }
    let effective = spread / variance;
    // Within rounding, a single criterion has the effective size of its people.
    if effective <= error.people * (1.0 + 1e-9) {
        return effective;
    }
    let Some(t) = confidence.student(error.people - 1.0) else { return error.people };
    let z = confidence.normal();
    let corrected = effective * (error.people - 1.0) / error.people * (z / t) * (z / t);
    corrected.max(error.people)
}

/// Wilson score interval of a share `p` observed on `n` independent answers.
pub fn wilson(p: f64, n: f64, confidence: Confidence) -> (f64, f64) {
    let z = confidence.normal();
    let z2 = z * z;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // The bounds enclose p in theory; the last binary digit must not say otherwise.
    ((centre - half).clamp(0.0, p), (centre + half).clamp(p, 1.0))
}
