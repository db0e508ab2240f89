//! Whether a figure reached its target, and how sure that is.
//!
//! Held against each other are the figure as it is published, with its two decimals, and its interval: a target is met
//! if the whole interval lies at or above it, missed if the whole interval lies below it. In between the answers cannot
//! tell, whatever side the figure itself is on. The interval of each figure has its own confidence; nothing is said about
//! all targets of an office together.

use super::Exact;
use super::IndexValue;
use super::rounding::Rounded;

/// What can be said of a figure and its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attainment {
    /// It was reached.
    Met,
    /// It was not.
    Missed,
    /// There is a figure, and it cannot be told from the target.
    NotDistinguishable,
    /// Nobody answered, or nobody entered a value.
    NoValue,
    /// The figure is withheld from this reader.
    Suppressed,
}

impl Attainment {
    /// Word of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NotDistinguishable => "not_distinguishable",
            Self::NoValue => "no_value",
            Self::Suppressed => "suppressed",
        }
    }

    /// Of a figure whose target is this value.
    pub fn of(figure: &IndexValue, at_least: &Exact) -> Self {
        match (figure.suppressed, figure.value, figure.interval) {
            (true, ..) => Self::Suppressed,
            (false, None, _) => Self::NoValue,
            (false, Some(_), Some(interval)) if interval.low.exact() >= *at_least => Self::Met,
            (false, Some(_), Some(interval)) if interval.high.exact() < *at_least => Self::Missed,
            (false, Some(_), _) => Self::NotDistinguishable,
        }
    }

    /// Of a value that others published, which has no interval.
    pub const fn entered(is_met: bool) -> Self {
        if is_met { Self::Met } else { Self::Missed }
    }
}

/// The figure minus its target, both as they are published; `None` without a figure.
pub fn distance(figure: &IndexValue, at_least: Rounded) -> Option<Rounded> {
    figure.value.map(|value| value.minus(at_least))
}

#[cfg(test)]
mod tests {
    use super::super::interval::Interval;
    use super::*;
    use proptest::prelude::*;

    fn figure(low: i32, value: i32, high: i32) -> IndexValue {
        let [low, value, high] = [low, value, high].map(Rounded::of_hundredths);
        IndexValue { value: Some(value), interval: Some(Interval { low, high }), ..IndexValue::default() }
    }

    #[test]
    fn bounds_count_as_they_are_shown() {
        let ninety = Rounded::of_hundredths(9000).exact();
        let of = |low, value, high| Attainment::of(&figure(low, value, high), &ninety);
        assert_eq!(of(9000, 9100, 9200), Attainment::Met);
        assert_eq!(of(8999, 9100, 9200), Attainment::NotDistinguishable);
        assert_eq!(of(8800, 8900, 9000), Attainment::NotDistinguishable);
        assert_eq!(of(8800, 8900, 8999), Attainment::Missed);
        // Everybody was asked: the interval is the figure.
        assert_eq!((of(9000, 9000, 9000), of(8999, 8999, 8999)), (Attainment::Met, Attainment::Missed));
        let bare = IndexValue { interval: None, ..figure(0, 9100, 0) };
        assert_eq!(Attainment::of(&bare, &ninety), Attainment::NotDistinguishable, "how sure is not known");
        let hidden = IndexValue { suppressed: true, ..IndexValue::default() };
        assert_eq!(Attainment::of(&hidden, &ninety), Attainment::Suppressed);
        assert_eq!(Attainment::of(&IndexValue::default(), &ninety), Attainment::NoValue);
        assert_eq!(
            distance(&figure(0, 8955, 0), Rounded::of_hundredths(9000)).map(Rounded::hundredths),
            Some(-45)
        );
    }

    proptest! {
        /// A lower target is never harder to reach.
        #[test]
        fn what_meets_a_target_meets_every_lower_one(
            low in 0..10_000_i32, above in 0..100_i32, target in 0..10_000_i32, less in 0..100_i32,
        ) {
            let figure = figure(low, low, low + above);
            let of = |target: i32| Attainment::of(&figure, &Rounded::of_hundredths(target).exact());
            if of(target) == Attainment::Met {
                prop_assert_eq!(of(target - less), Attainment::Met);
            }
            if of(target - less) == Attainment::Missed {
                prop_assert_eq!(of(target), Attainment::Missed);
            }
        }
    }
}
