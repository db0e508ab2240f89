//! A report as CSV files, one for each part, and a text that says what they are; packed (ZIP). The files are those of
//! [`crate::http::sheet`]: machine names above the columns, facts above them, a digest below.

use super::document::{Document, Part};
use crate::domain::period::ZONE;
use crate::error::{Error, Lang, Result};
use crate::http::sheet::{Column, Sheet, SheetFormat};
use chrono::{Datelike, Timelike};
use num_traits::ToPrimitive;
use std::fmt::Write as _;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Writes the package.
///
/// # Errors
/// [`crate::error::ErrorCode::Internal`] if the disk fails.
pub fn write(document: &Document) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(made(document))
        .unix_permissions(0o644);
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, content: &[u8]| -> Result<()> {
        package.start_file(name, options).map_err(Error::internal)?;
        package.write_all(content).map_err(Error::internal)
    };
    let mut listed = String::new();
    for part in &document.parts {
        let mut written = sheet(document, part).write(SheetFormat::Csv)?;
        let mut content = Vec::new();
        written.file.read_to_end(&mut content).map_err(Error::internal)?;
        let name = format!("{}.csv", part.code);
        add(&name, &content)?;
        let digest: String = written.digest.iter().map(|byte| format!("{byte:02x}")).collect();
        // Writing to a text cannot fail.
        let _ = write!(listed, "{name}\r\n  {}\r\n  SHA-256 {digest}\r\n", part.title);
    }
    add("README.txt", read_me(document, &listed).as_bytes())?;
    Ok(package.finish().map_err(Error::internal)?.into_inner())
}

/// The time in the package: the data watermark by the clocks of Viet Nam; 1980-01-01, the oldest there is, without one.
fn made(document: &Document) -> DateTime {
    let made = document.watermark.and_then(|at| {
        let there = at.with_timezone(&ZONE);
        let [month, day, hour, minute, second] =
            [there.month(), there.day(), there.hour(), there.minute(), there.second()]
                .map(|part| part.to_u8());
        DateTime::from_date_and_time(there.year().to_u16()?, month?, day?, hour?, minute?, second?).ok()
    });
    made.unwrap_or_default()
}

fn sheet(document: &Document, part: &Part) -> Sheet {
    let say = |vi, en| if document.lang == Lang::Vi { vi } else { en };
    let notes = part.notes.iter().map(|note| (say("Lưu ý", "Note"), note.clone()));
    let columns = part
        .columns
        .iter()
        .map(|column| Column { name: column.name.to_owned(), unit: column.unit.map(str::to_owned) });
    Sheet {
        title: format!("{} – {}", document.title, part.title),
        head: document.facts.iter().cloned().chain(notes).collect(),
        columns: columns.collect(),
        rows: Box::new(part.rows.clone().into_iter()),
        watermark: document.watermark,
        lang: document.lang,
    }
}

fn read_me(document: &Document, listed: &str) -> String {
    let mut text = format!("{}\r\n\r\n", document.title);
    for (label, value) in &document.facts {
        let _ = write!(text, "{label}: {value}\r\n");
    }
    if document.sample {
        let _ = write!(text, "\r\n{}\r\n", sample(document.lang));
    }
    text.push_str(match document.lang {
        Lang::Vi => {
            "\r\nMỗi phần của báo cáo là một tệp CSV (RFC 4180, UTF-8). Dòng bắt đầu bằng # là lời giải thích; tên cột giống nhau ở mọi ngôn ngữ.\r\n\r\n"
        }
        Lang::En => {
            "\r\nEach part of the report is a CSV file (RFC 4180, UTF-8). Lines that begin with # explain; names of columns are the same in every language.\r\n\r\n"
        }
    });
    text + listed
}

/// What invented figures are marked with.
pub const fn sample(lang: Lang) -> &'static str {
    match lang {
        Lang::Vi => "Số liệu minh họa, không phải số liệu thật.",
        Lang::En => "Invented for demonstration, not real figures.",
    }
}
