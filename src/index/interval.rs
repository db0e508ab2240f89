//! How sure a figure is: 95 % confidence intervals.
//!
//! The answers of one person are not independent, so the variance of a part comes from respondents: with
//! m the applicable answers of a respondent and x the sum over them, the part's ratio R = Σx/Σm has the
//! linearised variance Σ(x - R·m)²/(Σm)² (ratio estimator: Cochran, Sampling Techniques, 3rd ed., ch. 6;
//! the published value averages criteria instead of pooling answers, which is the same where nothing is
//! "not applicable" and close to it elsewhere).
//!
//! Shares get a Wilson score interval (Wilson 1927) with the effective sample size p(1-p)/variance
//! (Korn & Graubard 1998); for one criterion that is the plain Wilson interval. Where nobody differs the
//! variance says nothing and the number of respondents stands in. Means get Student's t on respondents;
//! where nobody differs, or there is one respondent, there is no interval.

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

/// The moments of one criterion, where every respondent has one answer.
pub fn moments_of(scale: &Scale, counts: &Distribution) -> Moments {
    let mut moments = Moments::default();
    for (level, count) in scale.levels.iter().zip(counts.levels) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
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
    moments
}

/// The interval around the value of `count` criteria together; `None` where the data cannot tell.
pub fn interval(formula: Formula, count: usize, value: f64, moments: &Moments) -> Option<Interval> {
    if moments.respondents == 0 {
        return None;
    }
    match formula {
        Formula::SatisfiedShare => {
            let (low, high) = share(value / 100.0, moments)?;
            Some(Interval { low: Rounded::nearest(low * 100.0), high: Rounded::nearest(high * 100.0) })
        }
        _ => mean(formula, count, value, moments),
    }
}

fn share(p: f64, moments: &Moments) -> Option<(f64, f64)> {
    let variance = ratio_variance(moments.m, moments.mm, moments.s, moments.ss, moments.sm)?;
    let respondents = moments.respondents.to_f64()?;
    let spread = p * (1.0 - p);
    let effective = if variance > 0.0 && spread > 0.0 { spread / variance } else { respondents };
    Some(wilson(p, effective))
}

/// Wilson score interval of a share `p` observed on `n` independent answers.
pub fn wilson(p: f64, n: f64) -> (f64, f64) {
    let z2 = Z * Z;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // The bounds enclose p in theory; the last binary digit must not say otherwise.
    ((centre - half).clamp(0.0, p), (centre + half).clamp(p, 1.0))
}

fn mean(formula: Formula, count: usize, value: f64, moments: &Moments) -> Option<Interval> {
    let variance = ratio_variance(moments.m, moments.mm, moments.v, moments.vv, moments.vm)?;
    let n = moments.respondents.to_f64()?;
    if variance <= 0.0 || n < 2.0 {
        return None;
    }
    let t = StudentsT::new(0.0, 1.0, n - 1.0).ok()?.inverse_cdf(0.975);
    let half = t * formula.slope(count) * (variance * n / (n - 1.0)).sqrt();
    let (least, most) = formula.range(count);
    Some(Interval {
        low: Rounded::nearest((value - half).max(least)),
        high: Rounded::nearest((value + half).min(most)),
    })
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
