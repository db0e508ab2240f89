//! Drags as a sheet: one row for the whole, then the elements and the criteria, each by contribution.

use super::{DragBody, DragsBody};
use crate::error::Lang;
use crate::http::figures::columns::ValueColumns;
use crate::http::sheet::{Cell, Column, Sheet};

impl DragsBody {
    /// The sheet in a language.
    pub fn sheet(&self, lang: Lang) -> Sheet {
        let of_value = self.head.value_columns(lang);
        let mut whole = vec![Cell::from("whole"), Cell::Empty, Cell::Empty];
        of_value.fill(&mut whole, &self.whole);
        let weight = self.gap.map(|_| 100.0);
        whole.extend([self.criteria_counted.into(), weight.into(), self.at_least.into(), self.gap.into()]);
        whole.push(self.state.into());
        let mut rows = vec![whole];
        rows.extend(self.elements.iter().map(|drag| row("element", drag, &of_value, lang)));
        rows.extend(self.criteria.iter().map(|drag| row("criterion", drag, &of_value, lang)));
        let mut columns = ["part", "code", "text"].map(Column::new).to_vec();
        of_value.name(&mut columns);
        columns.extend([Column::new("criteria_counted"), Column::of("weight", "%")]);
        columns.extend(["goal", "contribution"].map(|name| of_value.figure(name)));
        columns.push(Column::new("state"));
        Sheet {
            title: self
                .head
                .title(("Đóng góp vào khoảng cách tới mục tiêu", "Contributions to the gap"), lang),
            head: self.lines(lang),
            columns,
            rows: Box::new(rows.into_iter()),
            watermark: self.head.watermark(),
            lang,
        }
    }

    fn lines(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        let mut lines = self.head.lines(lang);
        lines.push((say("Mục tiêu", "Target"), format!("{:.2}", self.at_least)));
        if let Some(target) = &self.target {
            let of = say("Mục tiêu của", "Target of");
            lines.push((of, format!("{} {}", target.set_for.code, target.target.period)));
        }
        for (label, rest) in [
            (say("Phần dư làm tròn (yếu tố)", "Left by rounding (elements)"), self.elements_remainder),
            (say("Phần dư làm tròn (tiêu chí)", "Left by rounding (criteria)"), self.criteria_remainder),
        ] {
            lines.extend(rest.map(|rest| (label, format!("{rest:.2}"))));
        }
        lines
    }
}

fn row(part: &str, drag: &DragBody, of_value: &ValueColumns, lang: Lang) -> Vec<Cell> {
    let mut row = vec![part.into(), drag.code.as_str().into(), drag.text.get(lang).into()];
    of_value.fill(&mut row, &drag.value);
    row.extend([
        drag.criteria_counted.into(),
        drag.weight_percent.into(),
        drag.goal.into(),
        drag.contribution.into(),
        drag.state.into(),
    ]);
    row
}
