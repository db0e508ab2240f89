//! Small cells are hidden, so that nobody is recognised by an answer.
//!
//! Primary: a value from fewer than `min_n` people. Complementary: whatever would give a hidden one away by
//! subtraction within the same answer. Elements are means of criteria and the whole a mean of all, so one
//! hidden part alone could be computed from the rest; there are always two, or the sum is hidden too.
//! Subtraction across siblings, periods and facets is not covered here.

use super::combine::{ElementFigures, Figures, IndexValue};

/// Hides what is too small for the reader.
pub fn suppress(mut figures: Figures, min_n: u64) -> Figures {
    for element in &mut figures.elements {
        hide_small_criteria(element, min_n);
    }
    let whole_is_small = small(&figures.whole, min_n);
    let mut elements: Vec<&mut ElementFigures> = figures.elements.iter_mut().collect();
    let exposed = {
        let mut values: Vec<&mut IndexValue> =
            elements.iter_mut().map(|element| &mut element.value).collect();
        !hide_a_second(&mut values)
    };
    if whole_is_small || exposed {
        hide(&mut figures.whole);
        figures.band = None;
    }
    for element in &mut figures.elements {
        if whole_is_small {
            hide(&mut element.value);
        }
        if element.value.suppressed {
            element.criteria.iter_mut().for_each(hide);
        }
    }
    figures
}

fn hide_small_criteria(element: &mut ElementFigures, min_n: u64) {
    for criterion in &mut element.criteria {
        if small(criterion, min_n) {
            hide(criterion);
        }
    }
    let mut criteria: Vec<&mut IndexValue> = element.criteria.iter_mut().collect();
    if small(&element.value, min_n) || !hide_a_second(&mut criteria) {
        hide(&mut element.value);
    }
}

/// If exactly one value is hidden, hides the smallest other one. False if there is no other.
fn hide_a_second(values: &mut [&mut IndexValue]) -> bool {
    if values.iter().filter(|value| value.suppressed).count() != 1 {
        return true;
    }
    let other = values
        .iter_mut()
        .filter(|value| !value.suppressed && value.n.is_some_and(|n| n > 0))
        .min_by_key(|value| value.n);
    match other {
        Some(value) => {
            hide(value);
            true
        }
        None => false,
    }
}

fn small(value: &IndexValue, min_n: u64) -> bool {
    value.n.is_some_and(|n| n > 0 && n < min_n)
}

fn hide(value: &mut IndexValue) {
    *value =
        IndexValue { value: None, interval: None, n: None, fraction: None, counts: None, suppressed: true };
}
