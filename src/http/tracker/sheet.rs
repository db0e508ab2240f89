//! The tracker's table as a sheet: one row for each measure, then one for each figure of this service, told apart by
//! `origin`.

use super::{ComputedBody, TrackerBody, TrackerItem};
use crate::error::Lang;
use crate::http::measure_duties::DutyBody;
use crate::http::measure_values::{origin, statement_cells, statement_columns};
use crate::http::sheet::{Cell, Column, Sheet};

/// Columns before those of a statement.
const FIRST: [&str; 6] = ["origin", "measure", "name", "parent", "unit", "period"];

/// Columns after them: of entered values, then of computed ones.
const LAST: [&str; 13] = [
    "responsible",
    "target_at_least",
    "target_rank_at_most",
    "target_distance",
    "target_places",
    "target_state",
    "survey",
    "formula",
    "low",
    "high",
    "n",
    "suppressed",
    "sample",
];

/// How many of them are about targets, which what is computed has none of.
const OF_TARGETS: usize = 5;

impl TrackerBody {
    /// The sheet in a language.
    pub fn sheet(&self, lang: Lang) -> Sheet {
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        let period = self.period.clone();
        let mut head = vec![
            (say("Cơ quan", "Agency"), format!("{} {}", self.agency.code, self.agency.name)),
            (
                say("Kỳ", "Period"),
                period.unwrap_or_else(|| say("số liệu mới nhất", "the newest values").to_owned()),
            ),
            (say("Dòng `entered`", "Rows `entered`"), origin(lang).to_owned()),
            (
                say("Dòng `computed`", "Rows `computed`"),
                say(
                    "do hệ thống này tính, không phải chỉ số đã công bố",
                    "computed by this service, not the published index",
                )
                .to_owned(),
            ),
        ];
        for (vi, en, others) in [
            ("Tiếp nối", "Goes on with", &self.predecessors),
            ("Được tiếp nối bởi", "Gone on with by", &self.successors),
        ] {
            head.extend(others.iter().map(|other| (say(vi, en), format!("{} {}", other.code, other.name))));
        }
        let mut columns = FIRST.map(Column::new).to_vec();
        columns.extend(statement_columns(None));
        columns.extend(LAST.map(Column::new));
        let mut rows: Vec<Vec<Cell>> = self.items.iter().map(|item| entered(item, lang)).collect();
        rows.extend(self.computed.iter().map(|figure| computed(figure, lang)));
        let title = say("Theo dõi các chỉ số", "Index tracker");
        Sheet {
            title: format!("{title}: {}", self.agency.name),
            head,
            columns,
            rows: Box::new(rows.into_iter()),
            watermark: None,
            lang,
        }
    }
}

fn entered(item: &TrackerItem, lang: Lang) -> Vec<Cell> {
    let measure = &item.measure;
    let mut row: Vec<Cell> = vec![
        "entered".into(),
        measure.code.as_str().into(),
        measure.name.get(lang).into(),
        item.parent.as_deref().into(),
        measure.unit.into(),
        item.entry.as_ref().map(|entry| entry.period.as_str()).into(),
    ];
    row.extend(statement_cells(item.entry.as_ref(), item.change.as_ref(), lang));
    row.push(item.responsible.as_ref().and_then(|duty| duty.named(lang)).into());
    if let Some(target) = &item.target {
        row.extend([
            target.at_least.into(),
            target.rank_at_most.map(u64::from).into(),
            target.distance.into(),
            target.places.into(),
            target.state.into(),
        ]);
    }
    row.resize(FIRST.len() + statement_columns(None).len() + LAST.len(), Cell::Empty);
    row
}

fn computed(figure: &ComputedBody, lang: Lang) -> Vec<Cell> {
    let mut row: Vec<Cell> = vec![
        "computed".into(),
        figure.beside.as_str().into(),
        figure.label.get(lang).into(),
        Cell::Empty,
        figure.unit.into(),
        figure.period.as_str().into(),
        figure.value.into(),
    ];
    // No rank, source or change, and nobody is responsible for what is computed.
    row.resize(FIRST.len() + statement_columns(None).len() + 1 + OF_TARGETS, Cell::Empty);
    let interval = figure.interval.as_ref();
    row.extend([
        figure.survey.as_str().into(),
        figure.formula.into(),
        interval.map(|interval| interval.low).into(),
        interval.map(|interval| interval.high).into(),
        figure.n.into(),
        figure.suppressed.into(),
        figure.sample.into(),
    ]);
    row
}

impl DutyBody {
    /// The unit's name in the reader's language, as far as it is known: in words, or the agency's.
    pub fn named(&self, lang: Lang) -> Option<&str> {
        let words = match lang {
            Lang::Vi => self.unit_vi.as_ref(),
            Lang::En => self.unit_en.as_ref().or(self.unit_vi.as_ref()),
        };
        words.map(String::as_str).or_else(|| self.agency.as_ref().map(|agency| agency.name.as_str()))
    }
}
