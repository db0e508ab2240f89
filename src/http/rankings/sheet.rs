//! A ranking as a sheet: one row for each agency, the ranked first.

use super::{EntryBody, RankingBody, StandingBody};
use crate::error::Lang;
use crate::http::figures::columns::{LEFT_OUT, ValueColumns, left_out_cell};
use crate::http::figures::participation;
use crate::http::provenance::unit_words;
use crate::http::sheet::{Cell, Column, Sheet};

impl RankingBody {
    /// The sheet in a language.
    pub fn sheet(&self, lang: Lang) -> Sheet {
        let of_value = self.head.value_columns(lang);
        let rows: Vec<Vec<Cell>> = self.entries.iter().map(|entry| row(entry, &of_value)).collect();
        Sheet {
            title: self.head.title(("Xếp hạng chỉ số hài lòng", "Ranking by satisfaction index"), lang),
            head: self.lines(lang),
            columns: columns(&of_value, lang),
            rows: Box::new(rows.into_iter()),
            watermark: self.head.watermark(),
            lang,
        }
    }

    fn lines(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        let mut lines = self.head.lines(lang);
        if let Some(level) = self.level {
            lines.push((say("Cấp được xếp hạng", "Ranked level"), level.to_owned()));
        }
        lines.push((say("Ngưỡng xếp hạng", "Least people ranked"), self.ranked_from_n.to_string()));
        lines.push((say("Số cơ quan được xếp hạng", "Agencies ranked"), self.ranked.to_string()));
        if let Some(against) = &self.against {
            lines.push((say("So với kỳ", "Against period"), against.short()));
        }
        if let Some(before) = self.ranked_before {
            lines.push((say("Được xếp hạng trong kỳ đó", "Agencies ranked in it"), before.to_string()));
        }
        lines
    }
}

fn columns(of_value: &ValueColumns, lang: Lang) -> Vec<Column> {
    let mut columns =
        ["code", "name", "rank", "best_rank", "worst_rank", "unranked"].map(Column::new).to_vec();
    of_value.name(&mut columns);
    columns.push(Column::new(LEFT_OUT));
    columns.extend(participation::columns(lang));
    columns.extend(["before_rank", "before_best_rank", "before_worst_rank"].map(Column::new));
    columns.push(Column::new("before_unranked"));
    columns.push(of_value.figure("before_value"));
    columns.push(Column::of("before_n", unit_words("people", lang)));
    columns.push(Column::new("before_criteria_left_out"));
    columns.push(Column::new("places"));
    columns.extend(["difference", "difference_low", "difference_high"].map(|name| of_value.figure(name)));
    columns.push(Column::new("distinguishable"));
    columns
}

fn row(entry: &EntryBody, of_value: &ValueColumns) -> Vec<Cell> {
    let mut row: Vec<Cell> = vec![entry.code.as_str().into(), entry.name.as_str().into()];
    row.extend(standing(Some(&entry.standing)));
    of_value.fill(&mut row, &entry.value);
    row.push(left_out_cell(&entry.left_out));
    row.extend(participation::cells(entry.participation.as_ref()));
    let before = entry.before.as_ref();
    row.extend(standing(before.map(|before| &before.standing)));
    let interval = before.and_then(|before| before.interval.as_ref());
    row.extend([
        before.and_then(|before| before.value).into(),
        before.and_then(|before| before.n).into(),
        before.map_or(Cell::Empty, |before| left_out_cell(&before.left_out)),
        before.and_then(|before| before.places).into(),
        before.and_then(|before| before.difference).into(),
        interval.map(|interval| interval.low).into(),
        interval.map(|interval| interval.high).into(),
        before.and_then(|before| before.distinguishable).into(),
    ]);
    row
}

fn standing(standing: Option<&StandingBody>) -> [Cell; 4] {
    [
        standing.and_then(|standing| standing.rank).into(),
        standing.and_then(|standing| standing.best_rank).into(),
        standing.and_then(|standing| standing.worst_rank).into(),
        standing.and_then(|standing| standing.unranked).into(),
    ]
}
