//! A report as a workbook (ECMA-376): numbers are numbers, headers stay in sight and are repeated on paper, charts are those
//! of the spreadsheet and follow its cells.
//!
//! Not in the constant-memory mode of figures: there rows have to be written once and in order, and a report has several tables on
//! a sheet and some hundred rows. What it takes is measured by `tests/office/run`.

mod charts;
mod looks;

use super::csv::sample;
use super::document::{Chart, Document, Holds, Part, Place};
use crate::error::Lang;
use crate::http::sheet::{Cell, harmless};
use chrono::Datelike;
use looks::Looks;
use num_traits::ToPrimitive;
use rust_xlsxwriter::{ColNum, DocProperties, ExcelDateTime, RowNum, Workbook, Worksheet, XlsxError};

/// Widths of columns in characters; a table of two columns has room for long texts.
const LONG_WIDTH: f64 = 90.0;
const TEXT_WIDTH: f64 = 40.0;
const WORD_WIDTH: f64 = 17.0;
const NUMBER_WIDTH: f64 = 11.5;

/// Points of a line of text.
const LINE_HEIGHT: f64 = 15.0;

/// A4 (ECMA-376 part 1, 18.3.1.63).
const A4: u8 = 9;

/// Where the table of a part stands, for charts.
struct Table<'d> {
    part: &'d Part,
    sheet: &'static str,
    /// The row of the columns' names; rows follow.
    header: RowNum,
    /// First column of what only charts need.
    aside: ColNum,
}

/// Writes the workbook.
///
/// # Errors
/// [`XlsxError`] where a report breaks the rules of the format.
pub fn write(document: &Document) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = match document.watermark {
        Some(at) => ExcelDateTime::from_timestamp(at.timestamp())?,
        None => ExcelDateTime::from_ymd(1980, 1, 1)?,
    };
    let properties = DocProperties::new().set_title(harmless(&document.title)).set_author("SIPAS");
    book.set_properties(&properties.set_creation_datetime(&made));
    let (looks, mut tables) = (Looks::new(), Vec::new());
    for place in Place::ALL {
        let parts: Vec<&Part> = document.parts.iter().filter(|part| part.place == place).collect();
        if !parts.is_empty() {
            tables.extend(sheet(book.add_worksheet(), document, (place, &parts), &looks)?);
        }
    }
    charts::sheet(book.add_worksheet(), document, &tables)?;
    book.save_to_buffer()
}

/// A worksheet with the tables of some parts below each other.
fn sheet<'d>(
    page: &mut Worksheet,
    document: &Document,
    (place, parts): (Place, &[&'d Part]),
    looks: &Looks,
) -> Result<Vec<Table<'d>>, XlsxError> {
    let name = place.name(document.lang);
    page.set_name(name)?;
    let width = parts.iter().map(|part| part.columns.len()).max().unwrap_or(1);
    let last = ColNum::try_from(width.saturating_sub(1)).unwrap_or(ColNum::MAX);
    let widths = widths(parts, last);
    for (column, width) in (0..).zip(&widths) {
        page.set_column_width(column, *width)?;
    }
    let characters: f64 = widths.iter().sum();
    let mut line = heading(page, document, (place, last), looks)?;
    let mut tables = Vec::new();
    for part in parts {
        page.write_string_with_format(line, 0, harmless(&part.title), &looks.part)?;
        line += 1;
        for note in &part.notes {
            merged(page, line, (last, characters), note, looks)?;
            line += 1;
        }
        let table = Table { part, sheet: name, header: line, aside: last + 2 };
        line = filled(page, &table, &widths, looks)? + 1;
        tables.push(table);
    }
    page.set_landscape()
        .set_paper_size(A4)
        .set_print_fit_to_pages(1, 0)
        .set_margins(0.5, 0.5, 0.6, 0.6, 0.3, 0.3);
    page.set_print_area(0, 0, line.saturating_sub(2), last)?;
    page.set_footer("&L&8&A&R&8&P / &N");
    match tables.as_slice() {
        [only] => {
            page.set_freeze_panes(only.header + 1, 1)?;
            page.set_repeat_rows(only.header, only.header)?;
        }
        _ => {
            page.set_freeze_panes(0, 1)?;
        }
    }
    Ok(tables)
}

/// How wide the columns of a sheet are, in characters.
fn widths(parts: &[&Part], last: ColNum) -> Vec<f64> {
    let wide = |holds| match holds {
        Holds::Text if last < 2 => LONG_WIDTH,
        Holds::Text => TEXT_WIDTH,
        Holds::Word => WORD_WIDTH,
        Holds::Number => NUMBER_WIDTH,
    };
    let of = |column: ColNum| {
        let holds = parts.iter().filter_map(|part| Some(part.columns.get(usize::from(column))?.holds));
        holds.map(wide).fold(NUMBER_WIDTH, f64::max)
    };
    (0..=last).map(of).collect()
}

/// Height of a row with these texts in columns of these widths: not every program finds it itself.
fn height<'t>(texts: impl Iterator<Item = &'t str>, widths: &[f64]) -> f64 {
    let lines = texts.zip(widths).map(|(text, width)| {
        let characters = text.chars().count().to_f64().unwrap_or(0.0);
        // Words are not broken: a line is rarely full.
        (characters / (0.85 * width)).ceil()
    });
    LINE_HEIGHT * lines.fold(1.0, f64::max)
}

/// What stands above the tables of a sheet: on the first one all facts, on the others what it is part of.
fn heading(
    page: &mut Worksheet,
    document: &Document,
    (place, last): (Place, ColNum),
    looks: &Looks,
) -> Result<RowNum, XlsxError> {
    page.write_string_with_format(0, 0, harmless(&document.title), &looks.title)?;
    let mut line = 1;
    if document.sample {
        page.write_string_with_format(line, 0, sample(document.lang), &looks.label)?;
        line += 1;
    }
    if place == Place::Overview {
        for (label, value) in &document.facts {
            page.write_string_with_format(line, 0, *label, &looks.label)?;
            page.merge_range(line, 1, line, last.max(2), &harmless(value), &looks.fact)?;
            line += 1;
        }
    }
    Ok(line + 1)
}

/// A sentence over the whole width; merged cells do not find their height themselves.
fn merged(
    page: &mut Worksheet,
    line: RowNum,
    (last, characters): (ColNum, f64),
    text: &str,
    looks: &Looks,
) -> Result<(), XlsxError> {
    let length = text.chars().count().to_f64().unwrap_or(0.0);
    page.merge_range(line, 0, line, last.max(1), &harmless(text), &looks.note)?;
    page.set_row_height(line, LINE_HEIGHT * (length / (0.9 * characters)).ceil().max(1.0))?;
    Ok(())
}

/// The table; gives the first row below it.
fn filled(
    page: &mut Worksheet,
    table: &Table<'_>,
    widths: &[f64],
    looks: &Looks,
) -> Result<RowNum, XlsxError> {
    let mut labels = Vec::new();
    for (place, column) in (0..).zip(&table.part.columns) {
        let label = match column.unit {
            Some(unit) => format!("{} ({unit})", column.label),
            None => column.label.to_owned(),
        };
        let look = if column.holds == Holds::Number { &looks.number_head } else { &looks.head };
        page.write_string_with_format(table.header, place, harmless(&label), look)?;
        labels.push(label);
    }
    page.set_row_height(table.header, height(labels.iter().map(String::as_str), widths))?;
    let mut line = table.header + 1;
    for row in &table.part.rows {
        let texts = row.iter().map(|cell| if let Cell::Text(text) = cell { text } else { "" });
        page.set_row_height(line, height(texts, widths))?;
        for (place, cell) in (0..).zip(row) {
            write_cell(page, line, place, cell, looks)?;
        }
        line += 1;
    }
    aside(page, table, looks)?;
    Ok(line)
}

/// How far an interval reaches below and above its value: charts want lengths. Right of what is printed.
fn aside(page: &mut Worksheet, table: &Table<'_>, looks: &Looks) -> Result<(), XlsxError> {
    let names = table.part.charts.iter().find_map(|chart| match chart {
        Chart::Bars(names) | Chart::Line(names) => Some(names),
        Chart::Shares(..) => None,
    });
    let Some([_, value, low, high]) = names else { return Ok(()) };
    page.write_string_with_format(table.header, table.aside, "−", &looks.number_head)?;
    page.write_string_with_format(table.header, table.aside + 1, "+", &looks.number_head)?;
    let figure = |row: &[Cell], name: &str| match table.part.column(name).and_then(|place| row.get(place)) {
        Some(Cell::Decimal(figure)) => Some(*figure),
        _ => None,
    };
    for (line, row) in (table.header + 1..).zip(&table.part.rows) {
        let Some(at) = figure(row, value) else { continue };
        let length =
            |bound: Option<f64>| bound.map_or(0.0, |bound| (100.0 * (bound - at).abs()).round() / 100.0);
        page.write_number_with_format(line, table.aside, length(figure(row, low)), &looks.decimal)?;
        page.write_number_with_format(line, table.aside + 1, length(figure(row, high)), &looks.decimal)?;
    }
    Ok(())
}

fn write_cell(
    page: &mut Worksheet,
    line: RowNum,
    place: ColNum,
    cell: &Cell,
    looks: &Looks,
) -> Result<(), XlsxError> {
    // Counts above 2^53 would lose digits; there are not that many answers.
    let number = |number: Option<f64>| number.unwrap_or(f64::NAN);
    match cell {
        Cell::Text(text) => page.write_string_with_format(line, place, harmless(text), &looks.text)?,
        Cell::Integer(count) => {
            page.write_number_with_format(line, place, number(count.to_f64()), &looks.integer)?
        }
        Cell::Signed(signed) => {
            page.write_number_with_format(line, place, number(signed.to_f64()), &looks.signed)?
        }
        Cell::Decimal(figure) if figure.is_finite() => {
            page.write_number_with_format(line, place, *figure, &looks.decimal)?
        }
        Cell::Exact(figure) if figure.is_finite() => {
            page.write_number_with_format(line, place, *figure, &looks.exact)?
        }
        Cell::Truth(truth) => page.write_boolean(line, place, *truth)?,
        Cell::Day(day) => match (day.year().to_u16(), day.month().to_u8(), day.day().to_u8()) {
            (Some(year), Some(month), Some(of_month)) if year >= 1900 => {
                let date = ExcelDateTime::from_ymd(year, month, of_month)?;
                page.write_datetime_with_format(line, place, &date, &looks.day)?
            }
            _ => page.write_string(line, place, day.to_string())?,
        },
        Cell::Decimal(_) | Cell::Exact(_) | Cell::Empty => page.write_blank(line, place, &looks.text)?,
    };
    Ok(())
}

/// The one of two texts that is in the language.
const fn say(lang: Lang, vi: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}
