//! Sheets: figures as rows and columns, for CSV and XLSX alike. What a resource fills in is [`Sheet`]; the
//! two files are written in [`csv`] and [`xlsx`], texts are made harmless in [`text`]. Nothing here knows a
//! resource or a database.
//!
//! Both files have the same parts in the same order:
//! 1. the head: one line a fact (formula, period, …) under a label in the reader's language;
//! 2. a line of units, one above each column that has one;
//! 3. the column row: machine names, the same in every language, since programs read by them; labels for
//!    people are in the head;
//! 4. the rows, one line each: line breaks within a text become spaces;
//! 5. the trailer: how many rows, and the SHA-256 (FIPS 180-4) of the column row and the rows as CSV writes
//!    them, each ended by CR LF. A file that was cut has no trailer, one with a line lost another digest.
//!
//! In CSV the lines of 1, 2 and 5 begin with `#`, so that programs skip them as comments, and
//! `tail -n +2 FILE | grep -v '^#' | sha256sum` is the digest of the trailer. XLSX of the same figures has the
//! same digest.

mod csv;
mod text;
mod xlsx;

#[cfg(test)]
mod tests;

pub use self::text::harmless;
use crate::error::{Error, Lang};
use chrono::{DateTime, NaiveDate, Utc};
use num_traits::ToPrimitive;
use sha2::{Digest, Sha256};
use std::io::{self, BufWriter, Read, Seek, SeekFrom};
use tempfile::SpooledTempFile;

/// Largest file that is held in memory; larger ones wait on disk.
const IN_MEMORY_BYTES: usize = 1 << 20;

/// What is in one place of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words; never read as a formula (see [`text`]).
    Text(String),
    /// A count.
    Integer(u64),
    /// A whole number that may be below zero, such as a change of rank.
    Signed(i64),
    /// A figure, shown with two decimals; what is no number is empty.
    Decimal(f64),
    /// A figure as others published it, with as many decimals as it has.
    Exact(f64),
    /// `true` or `false`.
    Truth(bool),
    /// A day; `2026-07-15` in CSV, a date in XLSX.
    Day(NaiveDate),
    /// Nothing; not zero.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Integer(count)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Signed(number)
    }
}

impl From<f64> for Cell {
    fn from(figure: f64) -> Self {
        Self::Decimal(figure)
    }
}

impl From<bool> for Cell {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl From<NaiveDate> for Cell {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Machine name: lower case ASCII and `_`, the same in every language; part of the contract.
    pub name: String,
    /// Unit of its numbers, if they have one.
    pub unit: Option<String>,
}

impl Column {
    /// A column without a unit.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), unit: None }
    }

    /// A column whose numbers are in `unit`.
    pub fn of(name: impl Into<String>, unit: impl Into<String>) -> Self {
        Self { name: name.into(), unit: Some(unit.into()) }
    }
}

/// Rows made one by one, as they are written.
pub type Rows = Box<dyn Iterator<Item = Vec<Cell>> + Send>;

/// Figures as rows and columns.
pub struct Sheet {
    /// What it shows, in the reader's language.
    pub title: String,
    /// The facts above the columns: label and value.
    pub head: Vec<(&'static str, String)>,
    /// The columns; the first one names what a row is about and has no unit.
    pub columns: Vec<Column>,
    /// The rows, each with one cell a column.
    pub rows: Rows,
    /// Data watermark; the date inside an XLSX file, which is otherwise 1980-01-01: the same figures have
    /// to give the same file whenever they are asked for.
    pub watermark: Option<DateTime<Utc>>,
    /// Language of the labels.
    pub lang: Lang,
}

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetFormat {
    /// RFC 4180, UTF-8 with byte order mark.
    Csv,
    /// Office Open XML (ECMA-376).
    Xlsx,
}

/// A file that is ready to be sent.
pub struct Written {
    /// Its bytes, from the start.
    pub file: SpooledTempFile,
    /// How many.
    pub bytes: u64,
    /// SHA-256 of all of them.
    pub digest: [u8; 32],
}

impl Sheet {
    /// Writes the file. Reads and writes the disk once it is over a megabyte: not for a thread that serves.
    /// Memory does not grow with the rows.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::NotAcceptable`] for more rows than a worksheet holds;
    /// [`crate::error::ErrorCode::Internal`] if the disk fails.
    pub fn write(self, format: SheetFormat) -> Result<Written, Error> {
        let mut file = SpooledTempFile::new(IN_MEMORY_BYTES);
        match format {
            SheetFormat::Csv => {
                // Rows are short; each one written by itself to disk would be a call to the system.
                let mut out = BufWriter::with_capacity(1 << 16, &mut file);
                csv::write(self, &mut out)
                    .and_then(|()| io::Write::flush(&mut out))
                    .map_err(Error::internal)?;
            }
            SheetFormat::Xlsx => xlsx::write(self, &mut file)?,
        }
        let (bytes, digest) = digest_of(&mut file).map_err(Error::internal)?;
        Ok(Written { file, bytes, digest })
    }

    fn label(&self, vi: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }
}

fn digest_of(file: &mut SpooledTempFile) -> io::Result<(u64, [u8; 32])> {
    file.seek(SeekFrom::Start(0))?;
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        hash.update(piece.get(..read).unwrap_or_default());
        bytes += read.to_u64().unwrap_or(0);
    }
    file.seek(SeekFrom::Start(0))?;
    Ok((bytes, hash.finalize().into()))
}

/// Counts rows and digests them as CSV writes them.
#[derive(Default)]
struct Tail {
    rows: u64,
    hash: Sha256,
}

impl Tail {
    /// Of a sheet with these columns.
    fn of(columns: &[Column]) -> Self {
        let mut tail = Self::default();
        tail.hash.update(csv::column_row(columns));
        tail
    }

    /// Takes in a row as CSV writes it.
    fn add(&mut self, line: &str) {
        self.rows += 1;
        self.hash.update(line);
    }

    fn digest(self) -> String {
        self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
