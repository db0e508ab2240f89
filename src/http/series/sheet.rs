//! A series as a sheet: one row for each point.

use super::{PointBody, SegmentBody, SeriesBody};
use crate::error::Lang;
use crate::http::figures::columns::{LEFT_OUT, ValueColumns, left_out_cell};
use crate::http::figures::participation;
use crate::http::provenance::Provenance;
use crate::http::sheet::{Cell, Column, Sheet};

impl SeriesBody {
    /// The sheet in a language.
    pub fn sheet(&self, lang: Lang) -> Sheet {
        let of_value = self.head.value_columns(lang);
        let rows: Vec<Vec<Cell>> = self.points.iter().map(|point| self.row(point, &of_value)).collect();
        let mut columns =
            ["point", "from", "to", "partial", "segment", "questionnaire", "version", "formula", "has_part"]
                .map(Column::new)
                .to_vec();
        of_value.name(&mut columns);
        columns.push(Column::new(LEFT_OUT));
        columns.extend(participation::columns(lang));
        Sheet {
            title: self.title(lang),
            head: self.lines(lang),
            columns,
            rows: Box::new(rows.into_iter()),
            watermark: self.head.watermark(),
            lang,
        }
    }

    /// What it shows.
    pub fn title(&self, lang: Lang) -> String {
        let what = match self.step {
            "day" => ("Chỉ số hài lòng theo ngày", "Satisfaction index by day"),
            "week" => ("Chỉ số hài lòng theo tuần", "Satisfaction index by week"),
            "month" => ("Chỉ số hài lòng theo tháng", "Satisfaction index by month"),
            "quarter" => ("Chỉ số hài lòng theo quý", "Satisfaction index by quarter"),
            _ => ("Chỉ số hài lòng theo năm", "Satisfaction index by year"),
        };
        self.head.title(what, lang)
    }

    /// Name of a file with it, without ending.
    pub fn file_name(&self) -> String {
        let part = if self.part == "whole" { String::new() } else { format!("-{}", self.part) };
        self.head.file_name(&format!("series-{}{part}", self.step))
    }

    /// Where the figures come from: every survey and questionnaire, and the formula if there is one for all.
    pub fn provenance(&self, lang: Lang) -> Provenance {
        let surveys: Vec<&str> =
            self.segments.iter().flat_map(|segment| &segment.surveys).map(String::as_str).collect();
        let mut questionnaires: Vec<(String, i16)> = Vec::new();
        for segment in &self.segments {
            let asked = (segment.questionnaire.clone(), segment.version);
            if !questionnaires.contains(&asked) {
                questionnaires.push(asked);
            }
        }
        let one = self.one_formula().is_some();
        let of_first = self.head.provenance(lang);
        Provenance {
            survey: Some(surveys.join(", ")),
            sample: self.sample,
            questionnaires,
            formula: of_first.formula.filter(|_| one),
            definition: of_first.definition.clone().filter(|_| one),
            ..of_first
        }
    }

    /// The formula, if all segments have the same.
    pub fn one_formula(&self) -> Option<&'static str> {
        let first = self.segments.first()?.formula;
        self.segments.iter().all(|segment| segment.formula == first).then_some(first)
    }

    fn lines(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        let mut lines = self.provenance(lang).lines(lang);
        lines.extend(self.head.note_fielded(lang));
        lines.push((say("Phần của phiếu", "Part"), self.part.clone()));
        for (place, segment) in self.segments.iter().enumerate() {
            let SegmentBody { surveys, questionnaire, version, formula, .. } = segment;
            let surveys = surveys.join(", ");
            let text = format!("{place}: {surveys}; {questionnaire} {version}; {formula}");
            lines.push((say("Đoạn", "Segment"), text));
        }
        for found in &self.breaks {
            let text = format!("{}: {}", found.on, found.reasons.join(", "));
            lines.push((say("Không so sánh được qua ngày", "Not comparable across"), text));
        }
        lines
    }

    fn row(&self, point: &PointBody, of_value: &ValueColumns) -> Vec<Cell> {
        let segment = self.segments.get(point.segment);
        let place = u64::try_from(point.segment).unwrap_or(u64::MAX);
        let mut row: Vec<Cell> = vec![
            point.code.as_str().into(),
            point.from.into(),
            point.to.into(),
            point.partial.into(),
            place.into(),
            segment.map(|segment| segment.questionnaire.as_str()).into(),
            segment.map(|segment| i64::from(segment.version)).into(),
            segment.map(|segment| segment.formula).into(),
            segment.map(|segment| segment.has_part).into(),
        ];
        of_value.fill(&mut row, &point.value);
        row.push(left_out_cell(&point.left_out));
        row.extend(participation::cells(point.participation.as_ref()));
        row
    }
}
