//! The columns of a value in a sheet, the same for every resource.

use super::{HeadBody, ValueBody};
use crate::domain::questionnaire::Kind;
use crate::error::Lang;
use crate::http::provenance::unit_words;
use crate::http::sheet::{Cell, Column};

/// Column of the codes of the criteria that a value is made without.
pub const LEFT_OUT: &str = "criteria_left_out";

/// Its cell: the codes, split by spaces; empty where nothing is left out.
pub fn left_out_cell(codes: &[String]) -> Cell {
    if codes.is_empty() { Cell::Empty } else { codes.join(" ").into() }
}

/// What a value takes in a row: what is in the columns and in the cells comes in one order.
pub struct ValueColumns {
    unit: &'static str,
    levels: &'static [i16],
    lang: Lang,
}

impl HeadBody {
    /// The columns of this answer's values.
    pub fn value_columns(&self, lang: Lang) -> ValueColumns {
        ValueColumns {
            unit: unit_words(self.formula.unit, lang),
            levels: Kind::parse(self.survey.kind).map_or(&[], Kind::level_values),
            lang,
        }
    }
}

impl ValueColumns {
    /// Adds the columns of a value.
    pub fn name(&self, columns: &mut Vec<Column>) {
        let [people, answers] = ["people", "answers"].map(|unit| unit_words(unit, self.lang));
        columns.extend(["value", "low", "high"].map(|name| self.figure(name)));
        columns.push(Column::of("n", people));
        columns.extend(["numerator", "denominator"].map(Column::new));
        columns.extend(self.levels.iter().map(|level| Column::of(format!("level_{level}"), answers)));
        columns.push(Column::of("not_applicable", answers));
        columns.extend(["suppressed", "estimated"].map(Column::new));
    }

    /// A column of figures in the formula's unit.
    pub fn figure(&self, name: &'static str) -> Column {
        Column::of(name, self.unit)
    }

    /// Adds the cells of a value.
    pub fn fill(&self, row: &mut Vec<Cell>, value: &ValueBody) {
        let interval = value.interval.as_ref();
        row.extend([
            Cell::from(value.value),
            interval.map(|interval| interval.low).into(),
            interval.map(|interval| interval.high).into(),
            value.n.into(),
            value.numerator.into(),
            value.denominator.into(),
        ]);
        for level in self.levels {
            let counts = value.levels.iter().flatten();
            row.push(counts.filter(|count| count.level == *level).map(|count| count.count).next().into());
        }
        row.extend([value.not_applicable.into(), value.suppressed.into(), value.estimated.into()]);
    }

    /// Adds the cells of a row that is no value but a difference or nothing; fills up to the width of a value.
    pub fn fill_figure(&self, row: &mut Vec<Cell>, value: Option<f64>, bounds: Option<(f64, f64)>) {
        let mut columns = Vec::new();
        self.name(&mut columns);
        let end = row.len() + columns.len();
        row.extend([value.into(), bounds.map(|(low, _)| low).into(), bounds.map(|(_, high)| high).into()]);
        row.resize(end, Cell::Empty);
    }
}
