//! Bars with intervals, drawn in percent of the width so that they fit every screen. Colours come from the style sheet;
//! the numbers stand beside them as text, so whoever reads by ear misses nothing.

use crate::http::figures::ValueBody;
use maud::{Markup, html};

/// A value on a scale from 0 to `most`, with its interval; nothing without a value.
pub fn bar(value: &ValueBody, most: f64) -> Markup {
    drawn(value.value, value.interval.as_ref().map(|interval| (interval.low, interval.high)), most)
}

/// As [`bar`], of the bare numbers.
pub fn drawn(value: Option<f64>, interval: Option<(f64, f64)>, most: f64) -> Markup {
    let share = |value: f64| percent(value, most);
    html! {
        @if let Some(at) = value {
            svg.bar width="100%" height="16" aria-hidden="true" focusable="false" {
                rect.track x="0" y="3" width="100%" height="10" rx="2" {}
                rect.fill x="0" y="3" width=(share(at)) height="10" rx="2" {}
                @if let Some((low, high)) = interval {
                    @let (low, high) = (share(low), share(high));
                    line.halo x1=(low) x2=(high) y1="8" y2="8" {}
                    line.range x1=(low) x2=(high) y1="8" y2="8" {}
                    line.range x1=(low) x2=(low) y1="3" y2="13" {}
                    line.range x1=(high) x2=(high) y1="3" y2="13" {}
                }
            }
        }
    }
}

/// Part of a whole as an SVG length, at least 0 and at most 100 percent.
pub fn percent(part: f64, whole: f64) -> String {
    let share = if whole > 0.0 { (100.0 * part / whole).clamp(0.0, 100.0) } else { 0.0 };
    format!("{share:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_never_leaves_its_track() {
        assert_eq!(percent(83.94, 100.0), "83.94%");
        assert_eq!(percent(12.0, 8.0), "100.00%");
        assert_eq!(percent(-1.0, 8.0), "0.00%");
        assert_eq!(percent(1.0, 0.0), "0.00%");
    }
}
