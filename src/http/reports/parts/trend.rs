//! The index in this period and those before.

use super::Source;
use crate::http::pages::codes;
use crate::http::reports::document::{Chart, Head, Part, Place};
use crate::http::sheet::Cell;

/// The part; begins with the first period in which somebody answered.
pub fn part(source: &Source<'_>) -> Option<Part> {
    let mut columns = vec![
        Head::text("period", source.say("Kỳ", "Period")),
        Head::word("code", source.say("Mã kỳ", "Code")),
    ];
    columns.extend(source.value_columns());
    let points = source.trend.points.iter().skip_while(|point| point.value.n == Some(0));
    let rows: Vec<Vec<Cell>> = points
        .map(|point| {
            let mut row: Vec<Cell> =
                vec![codes::period(&point.code, source.lang).into(), point.code.as_str().into()];
            row.extend(source.value_cells(&point.value));
            row
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let title = source.say("Chỉ số theo thời gian", "The index over time").to_owned();
    let mut part = Part::new("trend", Place::Trend, title, columns, rows)
        .noted(source.alike())
        .drawn(Chart::Line(["code", "value", "low", "high"]));
    part.picture = Some(source.trend.chart(&source.figures.trend, source.lang));
    Some(part)
}
