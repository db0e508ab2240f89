//! The tables of a release as CSV (RFC 4180): a byte order mark for Excel, comma, CR LF, texts always quoted and harmless to
//! spreadsheets, decimals with two places. One row of names, then the rows; what else there is to know is in the manifest.

use crate::domain::cell::harmless;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A count.
    Count(u64),
    /// A figure, with two decimals.
    Figure(f64),
    /// Yes or no.
    Truth(bool),
    /// Not known, or withheld.
    Empty,
}

impl Cell {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A count, if there is one.
    pub fn count(count: Option<u64>) -> Self {
        count.map_or(Self::Empty, Self::Count)
    }

    /// A figure, if there is one.
    pub fn figure(figure: Option<f64>) -> Self {
        figure.map_or(Self::Empty, Self::Figure)
    }

    fn written(&self) -> String {
        match self {
            Self::Text(text) => format!("\"{}\"", harmless(text).replace('"', "\"\"")),
            Self::Count(count) => count.to_string(),
            Self::Figure(figure) => format!("{figure:.2}"),
            Self::Truth(truth) => truth.to_string(),
            Self::Empty => String::new(),
        }
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows, each as long as the columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The file.
    pub fn csv(&self) -> Vec<u8> {
        let line = |cells: Vec<String>| cells.join(",") + "\r\n";
        let names = self.columns.iter().map(|name| Cell::text(name).written()).collect();
        let rows = self.rows.iter().map(|row| line(row.iter().map(Cell::written).collect()));
        let lines = std::iter::once(line(names)).chain(rows);
        std::iter::once(BYTE_ORDER_MARK.to_owned()).chain(lines).collect::<String>().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_written_so_that_no_spreadsheet_computes_in_it() {
        let row =
            vec![Cell::text("=1+\"1\""), Cell::Count(7), Cell::Figure(87.5), Cell::Truth(true), Cell::Empty];
        let columns = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        let text = String::from_utf8(Table { columns, rows: vec![row] }.csv()).unwrap();
        assert_eq!(text, "\u{FEFF}\"a\",\"b\",\"c\",\"d\",\"e\"\r\n\"'=1+\"\"1\"\"\",7,87.50,true,\r\n");
    }
}
