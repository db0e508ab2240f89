//! Tables that are sent as CSV: collected within bounds, read cell by cell, every fault named by row and column. What the
//! columns mean is the business of whoever reads a row.

use super::extract::{BODY_TIMEOUT, content_encoding};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place};
use actix_web::{HttpMessage, HttpRequest, web};
use futures_util::StreamExt;
use std::collections::HashSet;

/// Longest table in bytes: 400 for each of 10,000 rows.
const MAX_BYTES: usize = 4_000_000;

/// Reads `true` or `false`.
///
/// # Errors
/// [`FaultKind::NotAllowed`] for another word.
pub fn truth(raw: &str) -> Result<bool, FaultKind> {
    const WORDS: &[&str] = &["true", "false"];
    raw.parse().map_err(|_| FaultKind::NotAllowed { allowed: WORDS })
}

/// The whole body, within bounds of size and time.
///
/// # Errors
/// [`ErrorCode::UnsupportedMediaType`], [`ErrorCode::BodyTooLarge`], [`ErrorCode::BodyTimeout`],
/// [`ErrorCode::MalformedForm`] for a body that breaks off.
pub async fn collect(request: &HttpRequest, mut body: web::Payload) -> Result<Vec<u8>, Error> {
    if content_encoding(request) != "identity" || !request.content_type().eq_ignore_ascii_case("text/csv") {
        return Err(Error::new(ErrorCode::UnsupportedMediaType).detail("Content-Type: text/csv"));
    }
    let late = |late| Error::new(ErrorCode::BodyTimeout).because(late);
    let read = async {
        let mut bytes = Vec::new();
        while let Some(part) = body.next().await {
            let broken = |error: actix_web::error::PayloadError| {
                Error::new(ErrorCode::MalformedForm).detail("the body breaks off").because(error.to_string())
            };
            bytes.extend_from_slice(&part.map_err(broken)?);
            if bytes.len() > MAX_BYTES {
                return Err(Error::new(ErrorCode::BodyTooLarge).detail("at most 4 MB"));
            }
        }
        Ok(bytes)
    };
    tokio::time::timeout(BODY_TIMEOUT, read).await.map_err(late)?
}

/// Reads a table as far as it can be read, and notes every fault. `columns` are the names that are known, the first
/// `required` of which have to be there.
///
/// # Errors
/// [`ErrorCode::BodyTooLarge`] for more than `most` rows.
pub fn read<T>(
    bytes: &[u8],
    (columns, required): (&[&str], usize),
    most: usize,
    read_row: impl Fn(Cells<'_>) -> T,
) -> Result<(Vec<T>, Faults), Error> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut faults = Faults::default();
    if let Some(row) = misquoted(bytes) {
        // What follows would be read as one cell, and rows would be lost without a word.
        let kind =
            FaultKind::Unreadable { expected: "a quoted cell that ends with a quote, quotes in it doubled" };
        faults.push(Place::Cell { row, column: String::new() }, kind);
        return Ok((Vec::new(), faults));
    }
    let mut records = reader.byte_records().zip(1..);
    let head = match records.next() {
        Some((Ok(record), _)) => head(&record, (columns, required), &mut faults),
        _ => head(&csv::ByteRecord::new(), (columns, required), &mut faults),
    };
    let mut rows = Vec::new();
    if !faults.is_empty() {
        // What the cells mean is not known.
        return Ok((rows, faults));
    }
    for (record, row) in records {
        if rows.len() == most {
            return Err(Error::new(ErrorCode::BodyTooLarge).detail(format!("at most {most} rows")));
        }
        let unreadable = || FaultKind::Unreadable { expected: "as many cells as the head, in UTF-8" };
        match record.ok().filter(|record| record.len() == head.len()).map(csv::StringRecord::from_byte_record)
        {
            Some(Ok(record)) => {
                let cells = Cells { row, head: &head, record: &record, faults: &mut faults };
                rows.push(read_row(cells));
            }
            _ => faults.push(Place::Cell { row, column: String::new() }, unreadable()),
        }
    }
    if rows.is_empty() && faults.is_empty() {
        let max = i64::try_from(most).unwrap_or(i64::MAX);
        faults.push(Place::Cell { row: 2, column: String::new() }, FaultKind::OutOfRange { min: 1, max });
    }
    Ok((rows, faults))
}

/// The first row whose quotes are not those of RFC 4180: a cell is quoted as a whole, quotes in it are doubled. Rows are
/// counted as they are read: empty lines are none.
fn misquoted(bytes: &[u8]) -> Option<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted,
        /// Behind a quote in a quoted cell: the end of it, or the first of two.
        Quote,
    }
    let (mut at, mut row, mut is_blank) = (At::Start, 1, true);
    for byte in bytes {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) | (At::Quote, b'"') => At::Quoted,
            (At::Start, b'"') => At::Quoted,
            (_, b',') => At::Start,
            (_, b'\n' | b'\r') => {
                row += usize::from(!is_blank);
                is_blank = true;
                At::Start
            }
            // Quotes within a plain cell are read as they are.
            (At::Start | At::Plain, _) => At::Plain,
            (At::Quote, _) => return Some(row),
        };
        is_blank &= matches!(byte, b'\n' | b'\r') && at == At::Start;
    }
    (at == At::Quoted).then_some(row)
}

fn head(record: &csv::ByteRecord, (columns, required): (&[&str], usize), faults: &mut Faults) -> Vec<String> {
    let names: Vec<String> =
        record.iter().map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase()).collect();
    let mut seen = HashSet::new();
    for name in &names {
        let kind = if !columns.contains(&name.as_str()) {
            FaultKind::Unknown
        } else if !seen.insert(name.as_str()) {
            FaultKind::Duplicate
        } else {
            continue;
        };
        faults.push(Place::Cell { row: 1, column: name.clone() }, kind);
    }
    for name in columns.iter().take(required).filter(|name| !seen.contains(*name)) {
        faults.push(Place::Cell { row: 1, column: (*name).to_owned() }, FaultKind::Missing);
    }
    names
}

/// The cells of a row by column; an empty one is absent.
pub struct Cells<'c> {
    row: usize,
    head: &'c [String],
    record: &'c csv::StringRecord,
    faults: &'c mut Faults,
}

impl Cells<'_> {
    /// Row as a spreadsheet counts: the head is row 1.
    pub const fn row(&self) -> usize {
        self.row
    }

    /// How many faults were found so far, here and in rows before.
    pub fn faults(&self) -> usize {
        self.faults.len()
    }

    /// Parses a cell; an empty one is `None`.
    pub fn optional<T>(
        &mut self,
        column: &str,
        parse: impl FnOnce(&str) -> Result<T, FaultKind>,
    ) -> Option<T> {
        let position = self.head.iter().position(|name| name == column)?;
        let raw = self.record.get(position).map(str::trim).filter(|raw| !raw.is_empty())?;
        parse(raw).map_err(|kind| self.fault(column, kind)).ok()
    }

    /// Parses a cell; an empty one is a fault.
    pub fn required<T>(
        &mut self,
        column: &str,
        parse: impl FnOnce(&str) -> Result<T, FaultKind>,
    ) -> Option<T> {
        let before = self.faults.len();
        let value = self.optional(column, parse);
        if value.is_none() && self.faults.len() == before {
            self.fault(column, FaultKind::Missing);
        }
        value
    }

    fn fault(&mut self, column: &str, kind: FaultKind) {
        self.faults.push(Place::Cell { row: self.row, column: column.to_owned() }, kind);
    }
}

#[cfg(test)]
mod tests {
    use super::misquoted;
    use proptest::prelude::*;

    #[test]
    fn a_cell_that_is_not_quoted_as_a_whole_is_found_in_its_row() {
        for (text, row) in [
            ("a,b\n1,\"x\n2,y\n", 2),
            ("a,b\n1,\"x\n2,\"y\n", 2),
            ("a,b\r\n\r\n1,x\r\n2,\"x\"y\"\r\n", 3),
            ("a,\"b", 1),
        ] {
            assert_eq!(misquoted(text.as_bytes()), Some(row), "{text}");
        }
        for text in ["", "a,b\n1,2", "a,\"b\"\n\"x\"\"y\",\"z\nw\"\n", "a\nan inch is 1\"\n", "a,\"\"\n"] {
            assert_eq!(misquoted(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_a_spreadsheet_writes_is_never_refused(rows in proptest::collection::vec(
            proptest::collection::vec("[a-z,\"\r\n ]{0,6}", 3), 1..6,
        )) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            prop_assert_eq!(misquoted(&writer.into_inner().unwrap()), None);
        }
    }
}
