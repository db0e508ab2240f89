//! The index as a sheet: one row for the whole, each element and each criterion.

use super::IndexBody;
use crate::error::Lang;
use crate::http::figures::ValueBody;
use crate::http::figures::columns::ValueColumns;
use crate::http::sheet::{Cell, Column, Sheet};

impl IndexBody {
    /// The sheet in a language.
    pub fn sheet(&self, lang: Lang) -> Sheet {
        let of_value = self.head.value_columns(lang);
        let row = |part, code: &str, text: &str, value| self.row(&of_value, [part, code, text], value);
        let mut rows = vec![row("whole", "", self.say_whole(lang), &self.whole)];
        for element in &self.elements {
            rows.push(row("element", &element.code, element.text.get(lang), &element.value));
            for criterion in &element.criteria {
                rows.push(row("criterion", &criterion.code, criterion.text.get(lang), &criterion.value));
            }
        }
        let mut columns = ["part", "code", "text"].map(Column::new).to_vec();
        of_value.name(&mut columns);
        columns.push(Column::new("left_out"));
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
        self.head.title(("Chỉ số hài lòng", "Satisfaction index"), lang)
    }

    const fn say_whole(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Vi => "Toàn phiếu",
            Lang::En => "The whole",
        }
    }

    fn lines(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let mut lines = self.head.lines(lang);
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        for other in &self.by_formula {
            let value = other.value.map_or_else(String::new, |value| format!("{value:.2}"));
            lines.push((
                say("Toàn phiếu theo công thức", "The whole by formula"),
                format!("{} {value}", other.formula),
            ));
        }
        if let Some(band) = &self.band {
            lines.push((say("Xếp loại", "Band"), format!("{} ({})", band.name, band.code)));
        }
        lines.extend(self.participation.iter().flat_map(|found| found.lines(lang)));
        if !self.left_out.is_empty() {
            lines.push((say("Tiêu chí không tính vào", "Criteria left out"), self.left_out.join(" ")));
        }
        lines
    }

    fn row(&self, of_value: &ValueColumns, [part, code, text]: [&str; 3], value: &ValueBody) -> Vec<Cell> {
        let code_cell = if code.is_empty() { Cell::Empty } else { code.into() };
        let mut row = vec![part.into(), code_cell, text.into()];
        of_value.fill(&mut row, value);
        row.push(self.left_out.iter().any(|left_out| left_out == code).into());
        row
    }
}
