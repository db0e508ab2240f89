//! Pictures of figures that fit any width: bars with their intervals, values over time. SVG without a view box, whose
//! places across are shares of the width: lines and text keep their size on a phone. Colours come from `dashboard.css`
//! by class. What a picture shows stands in words beside it, so screen readers are spared it.

use crate::http::figures::ValueBody;
use maud::{Markup, html};

/// A share, 0 to 1, as SVG writes it.
pub fn percent(share: f64) -> String {
    format!("{:.2}%", (share * 100.0).clamp(0.0, 100.0))
}

/// Something drawn in pixels around a place.
pub fn mark(x: f64, y: f64, class: &str, path: &str) -> Markup {
    html! { svg x=(percent(x)) y=(percent(y)) overflow="visible" { path class=(class) d=(path) {} } }
}

/// A bar from zero to the value, with its interval across the end; an empty rail where there is no value, a dashed one
/// where it is withheld.
pub fn bar(value: &ValueBody, most: f64) -> Markup {
    let share = |value: f64| value / most.max(f64::MIN_POSITIVE);
    html! {
        svg.bar width="100%" aria-hidden="true" focusable="false" {
            rect class=(if value.suppressed { "rail withheld" } else { "rail" }) y="20%" width="100%" height="60%" {}
            @if let Some(value) = value.value {
                rect.fill y="20%" width=(percent(share(value))) height="60%" {}
            }
            @if let Some(interval) = &value.interval {
                @let (low, high) = (percent(share(interval.low)), percent(share(interval.high)));
                line.halo x1=(low) x2=(high) y1="50%" y2="50%" {}
                line.whisker x1=(low) x2=(high) y1="50%" y2="50%" {}
                line.whisker x1=(low) x2=(low) y1="25%" y2="75%" {}
                line.whisker x1=(high) x2=(high) y1="25%" y2="75%" {}
            }
        }
    }
}
