//! XLSX (ECMA-376): numbers, truth values and days are what they say, not text. The worksheet is written row
//! by row into a temporary file, so memory does not grow with the rows.

use super::text::harmless;
use super::{Cell, Sheet, Tail, csv};
use crate::error::{Error, ErrorCode};
use chrono::Datelike;
use num_traits::ToPrimitive;
use rust_xlsxwriter::{ColNum, DocProperties, ExcelDateTime, Format, RowNum, Workbook, Worksheet, XlsxError};
use std::io::{Seek, Write};

/// Width of a column of texts and of one of numbers, in characters.
const TEXT_WIDTH: f64 = 28.0;
const NUMBER_WIDTH: f64 = 16.0;

/// Looks of cells.
struct Looks {
    title: Format,
    label: Format,
    unit: Format,
    column: Format,
    integer: Format,
    decimal: Format,
    day: Format,
}

impl Looks {
    fn new() -> Self {
        Self {
            title: Format::new().set_bold().set_font_size(14.0),
            label: Format::new().set_italic(),
            unit: Format::new().set_italic(),
            column: Format::new().set_bold().set_border_bottom(rust_xlsxwriter::FormatBorder::Thin),
            integer: Format::new().set_num_format("#,##0"),
            decimal: Format::new().set_num_format("0.00"),
            day: Format::new().set_num_format("yyyy-mm-dd"),
        }
    }
}

/// Writes the file.
pub fn write(sheet: Sheet, out: &mut (impl Write + Seek + Send)) -> Result<(), Error> {
    fill(sheet, out).map_err(|error| match error {
        XlsxError::RowColumnLimitError => Error::new(ErrorCode::NotAcceptable)
            .detail("more rows than the 1,048,576 of a worksheet: ask for csv"),
        error => Error::internal(error),
    })
}

fn fill(sheet: Sheet, out: &mut (impl Write + Seek + Send)) -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let made = match sheet.watermark {
        Some(at) => ExcelDateTime::from_timestamp(at.timestamp())?,
        None => ExcelDateTime::from_ymd(1980, 1, 1)?,
    };
    let properties = DocProperties::new().set_title(harmless(&sheet.title)).set_author("SIPAS");
    book.set_properties(&properties.set_creation_datetime(&made));
    let page = book.add_worksheet_with_constant_memory()?;
    page.set_name("SIPAS")?;
    let (looks, width) = (Looks::new(), sheet.columns.len());
    page.set_column_width(0, TEXT_WIDTH)?;
    for (place, _) in (1..).zip(sheet.columns.iter().skip(1)) {
        page.set_column_width(place, NUMBER_WIDTH)?;
    }
    let mut line = head(&sheet, page, &looks)?;
    page.set_freeze_panes(line, 1)?;
    let mut tail = Tail::of(&sheet.columns);
    for row in sheet.rows {
        for (place, cell) in (0..).zip(row.iter().take(width)) {
            write_cell(page, line, place, cell, &looks)?;
        }
        tail.add(&csv::row_line(&row, width));
        line += 1;
    }
    page.write_string_with_format(line, 0, "rows", &looks.label)?;
    page.write_number_with_format(line, 1, tail.rows.to_f64().unwrap_or(0.0), &looks.integer)?;
    page.write_string(line, 2, "sha256")?;
    page.write_string(line, 3, tail.digest())?;
    book.save_to_writer(out)
}

/// Title, facts, units and the column row; gives the first line of data.
fn head(sheet: &Sheet, page: &mut Worksheet, looks: &Looks) -> Result<RowNum, XlsxError> {
    page.write_string_with_format(0, 0, harmless(&sheet.title), &looks.title)?;
    let mut line = 1;
    for (label, value) in &sheet.head {
        page.write_string_with_format(line, 0, *label, &looks.label)?;
        page.write_string(line, 1, harmless(value))?;
        line += 1;
    }
    line += 1;
    page.write_string_with_format(line, 0, sheet.label("Đơn vị", "Unit"), &looks.unit)?;
    for (place, column) in (1..).zip(sheet.columns.iter().skip(1)) {
        if let Some(unit) = &column.unit {
            page.write_string_with_format(line, place, harmless(unit), &looks.unit)?;
        }
    }
    line += 1;
    for (place, column) in (0..).zip(&sheet.columns) {
        page.write_string_with_format(line, place, harmless(&column.name), &looks.column)?;
    }
    Ok(line + 1)
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
        Cell::Text(text) => page.write_string(line, place, harmless(text))?,
        Cell::Integer(count) => {
            page.write_number_with_format(line, place, number(count.to_f64()), &looks.integer)?
        }
        Cell::Signed(signed) => {
            page.write_number_with_format(line, place, number(signed.to_f64()), &looks.integer)?
        }
        Cell::Decimal(figure) if figure.is_finite() => {
            page.write_number_with_format(line, place, *figure, &looks.decimal)?
        }
        Cell::Exact(figure) => page.write_number(line, place, *figure)?,
        Cell::Truth(truth) => page.write_boolean(line, place, *truth)?,
        Cell::Day(day) => {
            let parts = (day.year().to_u16(), day.month().to_u8(), day.day().to_u8());
            match parts {
                (Some(year), Some(month), Some(of_month)) if year >= 1900 => {
                    let date = ExcelDateTime::from_ymd(year, month, of_month)?;
                    page.write_datetime_with_format(line, place, &date, &looks.day)?
                }
                _ => page.write_string(line, place, day.to_string())?,
            }
        }
        Cell::Decimal(_) | Cell::Empty => page,
    };
    Ok(())
}
