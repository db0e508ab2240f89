//! A report before it is a file: parts with a table each, in the reader's language. What a part says is in [`super::parts`],
//! the files are written in [`super::xlsx`], [`super::csv`] and [`crate::http::pages::report`]; so all forms say the same.

use crate::error::Lang;
use crate::http::sheet::Cell;
use chrono::{DateTime, Utc};

/// A report.
pub struct Document {
    /// What it is, about whom and when.
    pub title: String,
    /// Language of everything in it.
    pub lang: Lang,
    /// The facts above all parts: label and value.
    pub facts: Vec<(&'static str, String)>,
    /// Whether the figures are invented for demonstration.
    pub sample: bool,
    /// When the newest response in it arrived: the only time a file knows.
    pub watermark: Option<DateTime<Utc>>,
    /// The parts, in order.
    pub parts: Vec<Part>,
}

/// A part: some words and a table.
pub struct Part {
    /// Machine name, the same in every language: name of its CSV file and anchor of its section.
    pub code: &'static str,
    /// The worksheet it stands on, below others of the same.
    pub place: Place,
    /// What it shows.
    pub title: String,
    /// What has to be known to read it, a sentence or two each.
    pub notes: Vec<String>,
    /// The columns; the first says what a row is about.
    pub columns: Vec<Head>,
    /// The rows, one cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// How a workbook draws it.
    pub charts: Vec<Chart>,
    /// How a page draws it: an SVG document.
    pub picture: Option<String>,
    /// Names of the columns of a value, its low and its high, and the largest it can be: drawn as bars on pages.
    pub bars: Option<(&'static str, &'static str, &'static str, f64)>,
}

/// A worksheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// What a head of office reads first.
    Overview,
    /// Elements and criteria.
    Criteria,
    /// Those right below.
    Ranking,
    /// What others publish.
    Tracker,
    /// Over time.
    Trend,
    /// What was aimed at.
    Targets,
    /// What drags most.
    Drags,
    /// How many commented.
    Comments,
    /// How it was made.
    Method,
}

impl Place {
    /// Every worksheet, in order.
    pub const ALL: [Self; 9] = [
        Self::Overview,
        Self::Criteria,
        Self::Ranking,
        Self::Tracker,
        Self::Trend,
        Self::Targets,
        Self::Drags,
        Self::Comments,
        Self::Method,
    ];

    /// Its name; at most 31 characters, none of `[]:*?/\`.
    pub const fn name(self, lang: Lang) -> &'static str {
        let (vi, en) = match self {
            Self::Overview => ("Tổng hợp", "Overview"),
            Self::Criteria => ("Tiêu chí", "Criteria"),
            Self::Ranking => ("Xếp hạng", "Ranking"),
            Self::Tracker => ("Chỉ số khác", "Other indices"),
            Self::Trend => ("Theo thời gian", "Over time"),
            Self::Targets => ("Mục tiêu", "Targets"),
            Self::Drags => ("Cần cải thiện", "To improve"),
            Self::Comments => ("Ý kiến", "Comments"),
            Self::Method => ("Cách tính", "Method"),
        };
        match lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }
}

/// A column of a part.
pub struct Head {
    /// Machine name, the same in every language.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Unit of its numbers.
    pub unit: Option<&'static str>,
    /// What it holds.
    pub holds: Holds,
}

/// What a column holds, which tells its width and where it stands in its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Long texts, broken into lines.
    Text,
    /// Codes and single words.
    Word,
    /// Numbers.
    Number,
}

impl Head {
    /// A column of long texts.
    pub const fn text(name: &'static str, label: &'static str) -> Self {
        Self { name, label, unit: None, holds: Holds::Text }
    }

    /// A column of codes or single words.
    pub const fn word(name: &'static str, label: &'static str) -> Self {
        Self { name, label, unit: None, holds: Holds::Word }
    }

    /// A column of numbers.
    pub const fn number(name: &'static str, label: &'static str, unit: Option<&'static str>) -> Self {
        Self { name, label, unit, holds: Holds::Number }
    }
}

/// How a workbook draws a part.
pub enum Chart {
    /// A bar for each row, with the interval where low and high are known: columns of names, values, low and high.
    Bars([&'static str; 4]),
    /// A line over the rows, with intervals: columns of names, values, low and high.
    Line([&'static str; 4]),
    /// The columns as shares of each row: the column of names, then those of the levels.
    Shares(&'static str, Vec<&'static str>),
}

impl Part {
    /// A part with neither notes nor pictures yet.
    pub const fn new(
        code: &'static str,
        place: Place,
        title: String,
        columns: Vec<Head>,
        rows: Vec<Vec<Cell>>,
    ) -> Self {
        Self {
            code,
            place,
            title,
            notes: Vec::new(),
            columns,
            rows,
            charts: Vec::new(),
            picture: None,
            bars: None,
        }
    }

    /// With a sentence that has to be known to read it.
    #[must_use]
    pub fn noted(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Drawn in workbooks.
    #[must_use]
    pub fn drawn(mut self, chart: Chart) -> Self {
        self.charts.push(chart);
        self
    }

    /// Place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
