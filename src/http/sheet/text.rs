//! Texts of cells. XLSX cells say that they are text, but a file saved again as CSV does not; so both get the same harmless
//! text, see [`crate::domain::cell`].

use super::Cell;
pub use crate::domain::cell::harmless;
use std::borrow::Cow;

/// A cell as CSV writes it. Texts are always quoted, numbers never: so a text of digits stays a text, and
/// a line of data never begins with `#`.
pub fn field(cell: &Cell) -> Cow<'static, str> {
    match cell {
        Cell::Text(text) => quoted(&harmless(text)).into(),
        Cell::Integer(count) => count.to_string().into(),
        Cell::Signed(number) => number.to_string().into(),
        Cell::Decimal(figure) => decimal(*figure).into(),
        Cell::Exact(figure) => figure.to_string().into(),
        Cell::Truth(true) => "true".into(),
        Cell::Truth(false) => "false".into(),
        Cell::Day(day) => day.format("%Y-%m-%d").to_string().into(),
        Cell::Empty => "".into(),
    }
}

/// In quotes, those inside doubled (RFC 4180 section 2).
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn decimal(figure: f64) -> String {
    let text = if figure.is_finite() { format!("{figure:.2}") } else { String::new() };
    if text == "-0.00" { "0.00".into() } else { text }
}
