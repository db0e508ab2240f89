//! The index as a sheet: one row for the whole, each element and each criterion.

use super::{IndexBody, ValueBody};
use crate::domain::questionnaire::Kind;
use crate::error::Lang;
use crate::http::provenance::{Provenance, unit_words};
use crate::http::reply::file_name;
use crate::http::sheet::{Cell, Column, Sheet};
use chrono::{DateTime, Utc};

impl IndexBody {
    /// Name of a file with this index, without ending.
    pub fn file_name(&self) -> String {
        let period = match &self.period.code {
            Some(code) => code.clone(),
            // Days without the time, which is always midnight.
            None => {
                [&self.period.from, &self.period.to].map(|at| at.get(..10).unwrap_or_default()).join("--")
            }
        };
        file_name(&["index", &self.agency.code, &self.survey.code, &period, self.formula.id])
    }

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
            head: self.head(lang),
            columns: self.columns(lang),
            rows: Box::new(rows.into_iter()),
            watermark: self.watermark(),
            lang,
        }
    }

    /// What it shows.
    pub fn title(&self, lang: Lang) -> String {
        let what = match lang {
            Lang::Vi => "Chỉ số hài lòng",
            Lang::En => "Satisfaction index",
        };
        let (from, to) = (self.period.from.get(..10), self.period.to.get(..10));
        let days = || format!("[{}, {})", from.unwrap_or_default(), to.unwrap_or_default());
        format!("{what}: {}, {}", self.agency.name, self.period.code.clone().unwrap_or_else(days))
    }

    const fn say_whole(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Vi => "Toàn phiếu",
            Lang::En => "The whole",
        }
    }

    fn levels(&self) -> &'static [i16] {
        Kind::parse(self.survey.kind).map_or(&[], Kind::level_values)
    }

    fn watermark(&self) -> Option<DateTime<Utc>> {
        self.data_watermark.as_deref().and_then(|at| at.parse().ok())
    }

    /// Where the figures come from.
    pub fn provenance(&self, lang: Lang) -> Provenance {
        Provenance {
            agency: Some((self.agency.code.clone(), self.agency.name.clone())),
            scope: Some(self.scope),
            survey: Some(self.survey.code.clone()),
            sample: self.survey.sample,
            questionnaires: vec![(self.survey.questionnaire.clone(), self.survey.version)],
            period: self.period.code.clone(),
            bounds: Some((self.period.from.clone(), self.period.to.clone(), self.period.zone)),
            as_of: None,
            formula: Some((self.formula.id, self.formula.version, self.formula.unit)),
            definition: Some(self.formula.definition.get(lang).to_owned()),
            confidence_percent: Some(self.confidence_percent),
            min_n: Some(self.min_n),
            data_watermark: self.watermark(),
        }
    }

    fn head(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let mut lines = self.provenance(lang).lines(lang);
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        if !self.survey.fielded {
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
            [self.formula.unit, "people", "answers"].map(|unit| unit_words(unit, lang));
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
