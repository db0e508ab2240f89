//! Texts of cells, made harmless: a spreadsheet takes a cell that begins with `=` for a formula, and formulas
//! can send what is in the sheet elsewhere (OWASP, "CSV Injection"). XLSX cells say that they are text, but a
//! file saved again as CSV does not; so both get the same text.

use super::Cell;
use std::borrow::Cow;

/// Longest text a cell of a spreadsheet takes, in UTF-16 units.
const MAX_UNITS: usize = 32_767;

/// What begins a formula, in ASCII and in the full-width forms that Excel reads alike.
const DANGEROUS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// The text as it stands in a cell: one line, not too long, an apostrophe before what would be a formula.
pub fn harmless(text: &str) -> String {
    let mut units = 0;
    let line =
        text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c });
    let line = line.take_while(|c| {
        units += c.len_utf16();
        // One unit is for the apostrophe.
        units < MAX_UNITS
    });
    let line: String = line.collect();
    let first = line.chars().find(|c| !is_skipped(*c));
    let formula = first.is_some_and(|c| DANGEROUS.contains(&c)) || text.starts_with(['\t', '\r', '\n']);
    if formula { format!("'{line}") } else { line }
}

/// What a spreadsheet may drop before it looks at the cell: white space and characters without a width.
fn is_skipped(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{AD}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
}

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
