//! A comparison as a sheet: one row for each of the two figures and one for their difference.

use super::ComparisonBody;
use crate::error::Lang;
use crate::http::figures::columns::{LEFT_OUT, left_out_cell};
use crate::http::figures::{AgencyReference, PeriodBody, participation};
use crate::http::sheet::{Cell, Column, Sheet};

impl ComparisonBody {
    /// The sheet in a language.
    pub fn sheet(&self, lang: Lang) -> Sheet {
        let of_value = self.head.value_columns(lang);
        let named = |what: &str, agency: &AgencyReference, period: &PeriodBody| -> Vec<Cell> {
            let texts = [what, &agency.code, &agency.name, &period.from, &period.to];
            texts.into_iter().map(Cell::from).collect()
        };
        let mut first = named("first", &self.head.agency, &self.head.period);
        of_value.fill(&mut first, &self.first);
        let mut second = named("second", &self.other.agency, &self.other.period);
        of_value.fill(&mut second, &self.second);
        let mut difference = vec![Cell::from("difference")];
        difference.resize(first.len().min(5), Cell::Empty);
        let bounds = self.interval.as_ref().map(|interval| (interval.low, interval.high));
        of_value.fill_figure(&mut difference, self.difference, bounds);
        first.push(left_out_cell(&self.first_left_out));
        second.push(left_out_cell(&self.second_left_out));
        first.extend(participation::cells(self.first_participation.as_ref()));
        second.extend(participation::cells(self.second_participation.as_ref()));
        difference.resize(first.len(), Cell::Empty);
        first.push(Cell::Empty);
        second.push(Cell::Empty);
        difference.push(self.distinguishable.into());
        let mut columns = ["row", "agency", "name", "from", "to"].map(Column::new).to_vec();
        of_value.name(&mut columns);
        columns.push(Column::new(LEFT_OUT));
        columns.extend(participation::columns(lang));
        columns.push(Column::new("distinguishable"));
        Sheet {
            title: self.title(lang),
            head: self.head.lines(lang),
            columns,
            rows: Box::new([first, second, difference].into_iter()),
            watermark: self.head.watermark(),
            lang,
        }
    }

    /// What is compared with what.
    fn title(&self, lang: Lang) -> String {
        let title = self.head.title(("So sánh chỉ số hài lòng", "Satisfaction index compared"), lang);
        let with = if lang == Lang::Vi { "với" } else { "with" };
        format!("{title} {with} {}, {}", self.other.agency.short_name(lang), self.other.period.short())
    }
}
