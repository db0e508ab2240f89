//! The index as a sheet: one row for the whole, each element and each criterion.

use super::IndexBody;
use crate::domain::questionnaire::Kind;
use crate::error::Lang;
use crate::http::figures::ValueBody;
use crate::http::provenance::unit_words;
use crate::http::sheet::{Cell, Column, Sheet};

impl IndexBody {
    /// The sheet in a language.
    pub fn sheet(&self, lang: Lang) -> Sheet {
        let mut rows = vec![self.row("whole", "", self.say_whole(lang), &self.whole)];
        for element in &self.elements {
            rows.push(self.row("element", &element.code, element.text.get(lang), &element.value));
            for criterion in &element.criteria {
                rows.push(self.row("criterion", &criterion.code, criterion.text.get(lang), &criterion.value));
            }
        }
        Sheet {
            title: self.title(lang),
            head: self.lines(lang),
            columns: self.columns(lang),
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

    fn levels(&self) -> &'static [i16] {
        Kind::parse(self.head.survey.kind).map_or(&[], Kind::level_values)
    }

    fn lines(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let mut lines = self.head.provenance(lang).lines(lang);
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        if !self.head.survey.fielded {
            let text = say("đợt khảo sát không diễn ra tại đây", "the survey is not fielded here");
            lines.push((say("Lưu ý", "Note"), text.to_owned()));
        }
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
        if !self.left_out.is_empty() {
            lines.push((say("Tiêu chí không tính vào", "Criteria left out"), self.left_out.join(" ")));
        }
        lines
    }

    fn columns(&self, lang: Lang) -> Vec<Column> {
        let [unit, people, answers] =
            [self.head.formula.unit, "people", "answers"].map(|unit| unit_words(unit, lang));
        let mut columns = ["part", "code", "text"].map(Column::new).to_vec();
        columns.extend(["value", "low", "high"].map(|name| Column::of(name, unit)));
        columns.push(Column::of("n", people));
        columns.extend(["numerator", "denominator"].map(Column::new));
        columns.extend(self.levels().iter().map(|level| Column::of(format!("level_{level}"), answers)));
        columns.push(Column::of("not_applicable", answers));
        columns.extend(["suppressed", "left_out"].map(Column::new));
        columns
    }

    fn row(&self, part: &'static str, code: &str, text: &str, value: &ValueBody) -> Vec<Cell> {
        let interval = value.interval.as_ref();
        let mut row = vec![
            part.into(),
            if code.is_empty() { Cell::Empty } else { code.into() },
            text.into(),
            value.value.into(),
            interval.map(|interval| interval.low).into(),
            interval.map(|interval| interval.high).into(),
            value.n.into(),
            value.numerator.into(),
            value.denominator.into(),
        ];
        for level in self.levels() {
            let counts = value.levels.iter().flatten();
            row.push(counts.filter(|count| count.level == *level).map(|count| count.count).next().into());
        }
        row.push(value.not_applicable.into());
        row.push(value.suppressed.into());
        row.push(self.left_out.iter().any(|left_out| left_out == code).into());
        row
    }
}
