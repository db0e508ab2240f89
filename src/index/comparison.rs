//! Whether two figures of one formula differ: two agencies, or two periods of one.
//!
//! Means: Welch's interval for the difference of independent means (Welch 1947; degrees of freedom by
//! Satterthwaite 1946). Shares: Newcombe's hybrid score interval (Newcombe 1998, Statistics in Medicine 17,
//! 873-890, method 10), made from both Wilson intervals, which stand on effective sample sizes here. Both need
//! independent samples: two figures about the same people are not to be compared this way, which the caller
//! has to see to.

use super::IndexValue;
use super::formula::Formula;
use super::interval::{Estimate, Interval, Spread};
use super::rounding::Rounded;

/// How two figures differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The first minus the second as they are shown, in the formula's unit; `None` if one of them has no value or
    /// they are no values of one rule.
    pub difference: Option<Rounded>,
    /// Interval of the difference; `None` where the data cannot tell. Of the confidence of both figures.
    pub interval: Option<Interval>,
    /// Whether the interval excludes 0: such a difference is hardly chance. `None` without an interval.
    pub distinguishable: Option<bool>,
}

/// Compares two figures of the same formula from independent samples. Sums of different numbers of desk
/// indicators are no values of one rule and have no difference.
pub fn compare(first: &IndexValue, second: &IndexValue) -> Comparison {
    let estimates = first.estimate.zip(second.estimate);
    if estimates.is_some_and(|(one, two)| !of_one_rule(&one, &two)) {
        return Comparison::default();
    }
    let Some((one, two)) = first.value.zip(second.value) else { return Comparison::default() };
    let difference = one.minus(two);
    let interval = estimates.and_then(|(one, two)| bounds(&one, &two)).map(|(low, high)| Interval {
        // The difference of rounded values may lie a hundredth beside that of the values.
        low: Rounded::nearest(low).min(difference),
        high: Rounded::nearest(high).max(difference),
    });
    let distinguishable =
        interval.map(|interval| interval.low > Rounded::ZERO || interval.high < Rounded::ZERO);
    Comparison { difference: Some(difference), interval, distinguishable }
}

fn of_one_rule(one: &Estimate, two: &Estimate) -> bool {
    one.formula == two.formula && (one.formula != Formula::DeskPoints || one.count == two.count)
}

/// Bounds of the difference, not rounded.
fn bounds(one: &Estimate, two: &Estimate) -> Option<(f64, f64)> {
    if one.confidence != two.confidence {
        return None;
    }
    let difference = one.value - two.value;
    if one.formula == Formula::SatisfiedShare {
        let (low_one, high_one) = one.bounds()?;
        let (low_two, high_two) = two.bounds()?;
        let below = (one.value - low_one).hypot(high_two - two.value);
        let above = (high_one - one.value).hypot(two.value - low_two);
        return Some((difference - below, difference + above));
    }
    let (variance_one, freedom_one) = of_mean(one);
    let (variance_two, freedom_two) = of_mean(two);
    let variance = variance_one + variance_two;
    if variance <= 0.0 {
        return Some((difference, difference));
    }
    let freedom = variance * variance
        / (variance_one * variance_one / freedom_one + variance_two * variance_two / freedom_two);
    let half = one.confidence.student(freedom)? * variance.sqrt();
    let (least, most) = one.formula.range(one.count);
    Some(((difference - half).max(least - most), (difference + half).min(most - least)))
}

/// Variance and degrees of freedom; none where everybody was asked.
fn of_mean(estimate: &Estimate) -> (f64, f64) {
    match estimate.spread {
        Spread::Mean { error, freedom } => (error * error, freedom),
        Spread::None | Spread::Share { .. } => (0.0, 1.0),
    }
}
