//! A series of a measure as a sheet: one row for each period, gaps too. The columns of a statement are those of the
//! tracker's table as well.

use super::{MeasureChangeBody, MeasurePointBody, MeasureSeriesBody, MeasureValueBody};
use crate::error::Lang;
use crate::http::provenance::unit_words;
use crate::http::sheet::{Cell, Column, Sheet};

/// Machine names of the columns of a statement, after that of its value.
const STATEMENT: [&str; 9] = [
    "rank",
    "out_of",
    "revision",
    "mark",
    "assumed_because",
    "source_title",
    "source_number",
    "source_date",
    "source_link",
];

/// Machine names of the columns of a change.
const CHANGE: [&str; 5] = ["against", "change", "places", "before_rank", "broken"];

/// The columns of a statement and its change; `unit` where all values have one.
pub fn statement_columns(unit: Option<&'static str>) -> Vec<Column> {
    let figure = |name: &str| unit.map_or_else(|| Column::new(name), |unit| Column::of(name, unit));
    let mut columns = vec![figure("value")];
    columns.extend(STATEMENT.map(Column::new));
    columns.extend(CHANGE.map(|name| if name == "change" { figure(name) } else { Column::new(name) }));
    columns
}

/// The cells of a statement and its change, in the same order.
pub fn statement_cells(
    entry: Option<&MeasureValueBody>,
    change: Option<&MeasureChangeBody>,
    lang: Lang,
) -> Vec<Cell> {
    let said = entry.map(|entry| &entry.statement);
    let source = said.map(|said| &said.source);
    let number = |number: Option<i32>| Cell::from(number.map(i64::from));
    let text = |text: Option<&String>| Cell::from(text.map(String::as_str));
    vec![
        said.and_then(|said| said.value).map_or(Cell::Empty, Cell::Exact),
        number(said.and_then(|said| said.rank)),
        number(said.and_then(|said| said.out_of)),
        number(entry.map(|entry| entry.revision)),
        text(said.map(|said| &said.mark)),
        text(said.and_then(|said| said.assumed_because.as_ref())),
        text(source.map(|source| &source.title)),
        text(source.and_then(|source| source.number.as_ref())),
        source.and_then(|source| source.date).into(),
        text(source.and_then(|source| source.link.as_ref())),
        text(change.map(|change| &change.against)),
        change.and_then(|change| change.value).map_or(Cell::Empty, Cell::Exact),
        number(change.and_then(|change| change.places)),
        number(change.and_then(|change| change.before.as_ref()?.rank)),
        change.and_then(|change| change.broken.as_ref()).map(|broken| broken.reason.get(lang)).into(),
    ]
}

impl MeasureSeriesBody {
    /// The sheet in a language.
    pub fn sheet(&self, lang: Lang) -> Sheet {
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        let measure = &self.measure.measure;
        let head = vec![
            (say("Cơ quan", "Agency"), format!("{} {}", self.agency.code, self.agency.name)),
            (
                say("Chỉ số", "Measure"),
                format!("{} {}", measure.code, say("phiên bản", "version"))
                    + &format!(" {}", measure.version),
            ),
            (say("Cơ quan công bố", "Published by"), self.measure.owner.get(lang).to_owned()),
            (say("Nguồn gốc", "Origin"), origin(lang).to_owned()),
        ];
        let mut columns = ["period", "segment"].map(Column::new).to_vec();
        columns.extend(statement_columns(Some(unit_words(measure.unit, lang))));
        let rows: Vec<Vec<Cell>> = self.points.iter().map(|point| row(point, lang)).collect();
        Sheet {
            title: format!("{}: {}", measure.name.get(lang), self.agency.name),
            head,
            columns,
            rows: Box::new(rows.into_iter()),
            watermark: None,
            lang,
        }
    }
}

fn row(point: &MeasurePointBody, lang: Lang) -> Vec<Cell> {
    let segment = u64::try_from(point.segment).ok();
    let mut row = vec![point.period.as_str().into(), segment.into()];
    row.extend(statement_cells(point.entry.as_ref(), point.change.as_ref(), lang));
    row
}

/// What every sheet of entered values says.
pub const fn origin(lang: Lang) -> &'static str {
    match lang {
        Lang::Vi => "nhập từ tài liệu đã công bố, không do hệ thống này tính",
        Lang::En => "entered from published documents, not computed by this service",
    }
}
