//! The value axis: round numbers around what is shown, for charts of documents and for those of pages.

use num_traits::ToPrimitive;

/// About how many ticks an axis has.
const TICKS: f64 = 5.0;

/// A value axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Lowest tick.
    pub low: f64,
    /// Highest tick.
    pub high: f64,
    /// From one tick to the next.
    pub step: f64,
}

impl Scale {
    /// Round numbers around all values, which lie within `limits`; around the limits if there are none.
    pub fn around(values: impl IntoIterator<Item = f64>, (least, most): (f64, f64)) -> Self {
        let whole = (most - least).max(f64::MIN_POSITIVE);
        let bounds = values.into_iter().filter(|value| value.is_finite()).fold(None, |bounds, value| {
            let (low, high) = bounds.unwrap_or((value, value));
            Some((value.min(low), value.max(high)))
        });
        let (low, high) = bounds.unwrap_or((least, most));
        // A flat series is not blown up until chance looks like change.
        let span = (high - low).max(whole / 20.0);
        let middle = f64::midpoint(low, high);
        let (low, high) = ((middle - 0.6 * span).max(least), (middle + 0.6 * span).min(most));
        let rough = (high - low) / TICKS;
        let power = 10_f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough).unwrap_or(10.0) * power;
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self { low: low.max(least), high, step }
    }

    /// The ticks from the lowest on.
    pub fn ticks(&self) -> Vec<f64> {
        let last = self.high + self.step / 1000.0;
        let ticks = std::iter::successors(Some(0.0_f64), |tick| Some(tick + 1.0));
        ticks.map(|tick| self.low + tick * self.step).take_while(|value| *value <= last).collect()
    }

    /// Decimals that tell the ticks apart.
    pub fn decimals(&self) -> usize {
        if self.step >= 1.0 { 0 } else { (-self.step.log10()).ceil().to_usize().unwrap_or(2).min(4) }
    }

    /// How far up a value is, from 0 (lowest tick) to 1 (highest).
    pub fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round_numbers() {
        let scale = Scale::around([70.24, 77.91, 79.61], (0.0, 100.0));
        assert_eq!(scale.ticks(), [65.0, 70.0, 75.0, 80.0, 85.0]);
        assert_eq!((scale.decimals(), scale.share(65.0), scale.share(85.0)), (0, 0.0, 1.0));
        assert_eq!(Scale::around([], (0.0, 100.0)).ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    }

    proptest! {
        #[test]
        fn every_value_has_its_place(values in prop::collection::vec(0.0..=100.0_f64, 1..20)) {
            let scale = Scale::around(values.iter().copied(), (0.0, 100.0));
            let ticks = scale.ticks().len();
            prop_assert!((3..=13).contains(&ticks), "{ticks}");
            for value in values {
                prop_assert!(scale.low <= value && value <= scale.high + 1e-9);
            }
        }
    }
}
