//! CSV (RFC 4180): comma, quotes, CR LF, UTF-8.
//!
//! The file begins with a byte order mark: without one Excel reads UTF-8 as the code page of the machine and
//! Vietnamese is lost. It stands before a line of the head, so it never sticks to a column's name in programs
//! that do not know it. Where the system's list separator is not the comma, as in Viet Nam, Excel opens CSV
//! only by its import dialogue; XLSX is for those readers. Every line has as many fields as there are columns.

use super::text::{field, harmless, quoted};
use super::{Column, Sheet, Tail};
use std::io::{self, Write};

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Writes the file.
pub fn write(sheet: Sheet, out: &mut impl Write) -> io::Result<()> {
    out.write_all(BYTE_ORDER_MARK)?;
    let width = sheet.columns.len();
    let title = sheet.label("Tiêu đề", "Title");
    for (label, value) in [(title, &sheet.title)].into_iter().chain(sheet.head.iter().map(|(l, v)| (*l, v))) {
        comment(out, label, [quoted(&harmless(value))], width)?;
    }
    let units = sheet.columns.iter().skip(1).map(|column| match &column.unit {
        Some(unit) => quoted(&harmless(unit)),
        None => String::new(),
    });
    comment(out, sheet.label("Đơn vị", "Unit"), units, width)?;
    out.write_all(column_row(&sheet.columns).as_bytes())?;
    let mut tail = Tail::of(&sheet.columns);
    for row in sheet.rows {
        let line = row_line(&row, width);
        out.write_all(line.as_bytes())?;
        tail.add(&line);
    }
    let count = tail.rows.to_string();
    comment(out, "rows", [count, quoted("sha256"), quoted(&tail.digest())], width)
}

/// A line that programs skip: its first field is bare, so that `#` is the first character.
fn comment(
    out: &mut impl Write,
    label: &str,
    values: impl IntoIterator<Item = String>,
    width: usize,
) -> io::Result<()> {
    let label: String =
        label.chars().map(|c| if matches!(c, ',' | '"') || c.is_control() { ' ' } else { c }).collect();
    let mut fields = vec![format!("# {label}")];
    fields.extend(values);
    fields.resize(fields.len().max(width), String::new());
    write!(out, "{}\r\n", fields.join(","))
}

/// The machine names, quoted like every text.
pub fn column_row(columns: &[Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| quoted(&harmless(&column.name))).collect();
    format!("{}\r\n", names.join(","))
}

/// A row; cells that are missing are empty, cells beyond the columns are not written.
pub fn row_line(row: &[super::Cell], width: usize) -> String {
    let mut line = String::with_capacity(width * 8);
    for place in 0..width {
        if place > 0 {
            line.push(',');
        }
        line.push_str(&row.get(place).map(field).unwrap_or_default());
    }
    line.push_str("\r\n");
    line
}
