//! A breakdown as a sheet: one row for everything together and each value of the facet.

use super::BreakdownBody;
use crate::domain::facet::Facet;
use crate::error::Lang;
use crate::http::figures::ValueBody;
use crate::http::figures::columns::{LEFT_OUT, left_out_cell};
use crate::http::sheet::{Cell, Column, Sheet};

impl BreakdownBody {
    /// The sheet in a language.
    pub fn sheet(&self, lang: Lang) -> Sheet {
        let of_value = self.head.value_columns(lang);
        let row = |what: &str,
                   code: &Option<String>,
                   name: &Option<String>,
                   (value, left_out): (&ValueBody, &[String])| {
            let mut row: Vec<Cell> = vec![what.into(), code.clone().into(), name.clone().into()];
            of_value.fill(&mut row, value);
            row.push(left_out_cell(left_out));
            row
        };
        let mut rows = vec![row("all", &None, &None, (&self.all, &self.left_out))];
        for slice in &self.slices {
            let what = if slice.value_code.is_some() { "value" } else { "not_told" };
            rows.push(row(what, &slice.value_code, &slice.name, (&slice.value, &slice.left_out)));
        }
        let mut columns = ["row", "value_code", "name"].map(Column::new).to_vec();
        of_value.name(&mut columns);
        columns.push(Column::new(LEFT_OUT));
        let by = if lang == Lang::Vi { "Phân theo" } else { "By" };
        let mut head = self.head.lines(lang);
        head.push((by, self.by.to_owned()));
        head.extend(self.participation.iter().flat_map(|found| found.lines(lang)));
        Sheet {
            title: self.head.title(facet_words(self.by), lang),
            head,
            columns,
            rows: Box::new(rows.into_iter()),
            watermark: self.head.watermark(),
            lang,
        }
    }
}

/// A facet's word as a title in both languages.
fn facet_words(word: &str) -> (&'static str, &'static str) {
    match Facet::parse(word) {
        Ok(Facet::Channel) => ("Chỉ số hài lòng theo kênh trả lời", "Satisfaction index by channel"),
        Ok(Facet::ServicePoint) => {
            ("Chỉ số hài lòng theo bộ phận một cửa", "Satisfaction index by service point")
        }
        Ok(Facet::Procedure) => ("Chỉ số hài lòng theo thủ tục", "Satisfaction index by procedure"),
        Ok(Facet::Gender) => ("Chỉ số hài lòng theo giới tính", "Satisfaction index by gender"),
        Ok(Facet::AgeBand) => ("Chỉ số hài lòng theo nhóm tuổi", "Satisfaction index by age band"),
        Err(_) => ("Chỉ số hài lòng", "Satisfaction index"),
    }
}
