//! Every criterion with the answers per level.

use super::Source;
use super::elements::{level_cells, level_columns};
use crate::http::reports::document::{Head, Part, Place};
use crate::http::sheet::Cell;

/// The part.
pub fn part(source: &Source<'_>) -> Option<Part> {
    let mut columns = vec![
        Head::text("text", source.say("Tiêu chí", "Criterion")),
        Head::word("code", source.say("Mã", "Code")),
    ];
    columns.extend(source.value_columns());
    columns.extend(level_columns(source));
    let rows = source.index.elements.iter().flat_map(|element| &element.criteria).map(|criterion| {
        let mut row: Vec<Cell> = vec![criterion.text.get(source.lang).into(), criterion.code.as_str().into()];
        row.extend(source.value_cells(&criterion.value));
        row.extend(level_cells(source, &criterion.value));
        row
    });
    let title = source.say("Kết quả theo tiêu chí", "Results by criterion").to_owned();
    let mut part = Part::new("criteria", Place::Criteria, title, columns, rows.collect());
    part.bars = Some(("value", "low", "high", source.most(1)));
    Some(part)
}
