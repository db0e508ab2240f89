//! How sure a figure is: 95 % confidence intervals.
//!
//! One criterion: a Wilson score interval for a share (Wilson 1927), Student's t for a mean.
//!
//! Several criteria: the value is the mean of the criteria's values, and the answers of one person are not
//! independent, so its standard error comes from respondents. Where every respondent answered every criterion
//! it follows exactly from the sums kept beside the tallies (the linearised variance of a ratio, Cochran,
//! Sampling Techniques, 3rd ed., ch. 6, which is here the variance of the persons' means). Where some
//! criteria are answered by fewer people, the standard error of the part that is complete and those of the
//! single criteria are added with their weights. That is the largest the standard error can be, whatever the
//! correlation between them (triangle inequality): the interval may be wider than need be, never too narrow.
//!
//! A share of several criteria is a Wilson interval with the effective sample size p(1-p)/SE², which, where it
//! exceeds the number of people, is corrected for their small number (Korn & Graubard 1998). Where nobody
//! differs the variance says nothing; for a share the number of people stands in, a mean has no interval.

use super::formula::Formula;
use super::rounding::Rounded;
use crate::domain::distribution::{Distribution, Moments};
use crate::domain::questionnaire::Scale;
use num_traits::ToPrimitive;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Confidence level of every interval, in percent.
pub const CONFIDENCE_PERCENT: u8 = 95;

/// Quantile of the standard normal distribution at 0.975.
const Z: f64 = 1.959_963_984_540_054;

/// Bounds of a confidence interval in the unit of the figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Lower bound.
    pub low: Rounded,
    /// Upper bound.
    pub high: Rounded,
}

/// Standard error of a mean level (or of a satisfied share), and from how many people it is.
#[derive(Debug, Clone, Copy)]
pub struct StandardError {
    /// In levels, or as a share of 1.
    size: f64,
    /// The fewest people any part of it comes from.
    people: f64,
}

impl StandardError {
    /// Of one criterion.
    pub fn of_criterion(formula: Formula, scale: &Scale, counts: &Distribution) -> Option<Self> {
        let mut moments = Moments::default();
        for (level, count) in scale.levels.iter().zip(counts.levels) {
            let count = i64::try_from(count).ok()?;
            let (satisfied, value) = (i64::from(level.satisfied), i64::from(level.value));
            moments.add(&Moments {
                respondents: count,
                m: count,
                mm: count,
                s: satisfied * count,
                ss: satisfied * count,
                sm: satisfied * count,
                v: value * count,
                vv: value * value * count,
                vm: value * count,
            });
        }
        Self::of_complete(formula, &moments)
    }

    /// Of several criteria that every respondent answered.
    pub fn of_complete(formula: Formula, moments: &Moments) -> Option<Self> {
        let (x, xx, xm) = match formula {
            Formula::SatisfiedShare => (moments.s, moments.ss, moments.sm),
            _ => (moments.v, moments.vv, moments.vm),
        };
        let variance = ratio_variance(moments.m, moments.mm, x, xx, xm)?;
        Some(Self { size: variance.sqrt(), people: moments.respondents.to_f64()? })
    }

    /// The largest that the standard error of a weighted mean can be; weights add up to 1.
    pub fn bound(parts: impl IntoIterator<Item = (f64, Option<Self>)>) -> Option<Self> {
        let mut sum = Self { size: 0.0, people: f64::INFINITY };
        for (weight, part) in parts {
            let part = part?;
            sum = Self { size: sum.size + weight * part.size, people: sum.people.min(part.people) };
        }
        sum.people.is_finite().then_some(sum)
    }
}

/// The interval around `value`, the unrounded value of `count` criteria together; `None` where the data
/// cannot tell.
pub fn interval(formula: Formula, count: usize, value: f64, error: StandardError) -> Option<Interval> {
    match formula {
        Formula::SatisfiedShare => {
            let (low, high) = wilson(value / 100.0, effective_size(value / 100.0, error));
            Some(Interval { low: Rounded::nearest(low * 100.0), high: Rounded::nearest(high * 100.0) })
        }
        _ => mean(formula, count, value, error),
    }
}

fn effective_size(p: f64, error: StandardError) -> f64 {
    let (spread, variance) = (p * (1.0 - p), error.size * error.size);
    if variance <= 0.0 || spread <= 0.0 {
        return error.people;
    }
    let effective = spread / variance;
    // Within rounding, a single criterion has the effective size of its people.
    if effective <= error.people * (1.0 + 1e-9) {
        return effective;
    }
    let Some(t) = student(error.people) else { return error.people };
    let corrected = effective * (error.people - 1.0) / error.people * (Z / t) * (Z / t);
    corrected.max(error.people)
}

/// Wilson score interval of a share `p` observed on `n` independent answers.
pub fn wilson(p: f64, n: f64) -> (f64, f64) {
    let z2 = Z * Z;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // The bounds enclose p in theory; the last binary digit must not say otherwise.
    ((centre - half).clamp(0.0, p), (centre + half).clamp(p, 1.0))
}

fn mean(formula: Formula, count: usize, value: f64, error: StandardError) -> Option<Interval> {
    if error.size <= 0.0 {
        return None;
    }
    let (n, t) = (error.people, student(error.people)?);
    let half = t * formula.slope(count) * error.size * (n / (n - 1.0)).sqrt();
    let (least, most) = formula.range(count);
    Some(Interval {
        low: Rounded::nearest((value - half).max(least)),
        high: Rounded::nearest((value + half).min(most)),
    })
}

/// Quantile of Student's t at 0.975 for that many people; `None` for fewer than two.
fn student(people: f64) -> Option<f64> {
    (people >= 2.0).then(|| StudentsT::new(0.0, 1.0, people - 1.0).ok())?.map(|t| t.inverse_cdf(0.975))
}

/// Σ(x - R·m)²/(Σm)² with R = Σx/Σm, from the sums alone. The numerator is computed exactly, so that
/// "nobody differs" is exactly zero. `None` if nothing is applicable.
fn ratio_variance(m: i64, mm: i64, x: i64, xx: i64, xm: i64) -> Option<f64> {
    let [m, mm, x, xx, xm] = [m, mm, x, xx, xm].map(i128::from);
    if m == 0 {
        return None;
    }
    let numerator = m * m * xx - 2 * x * m * xm + x * x * mm;
    let m = m.to_f64()?;
    Some(numerator.to_f64()? / (m * m * m * m))
}
