//! The index against the period before, and whether the difference can be told from chance.

use super::Source;
use crate::http::reports::document::{Head, Part, Place};
use crate::http::sheet::Cell;

/// The part; none where there is no period before.
pub fn part(source: &Source<'_>) -> Option<Part> {
    let change = source.change.as_ref()?;
    let mut columns = vec![Head::text("period", source.say("Kỳ", "Period"))];
    columns.push(Head::word("code", source.say("Mã kỳ", "Code")));
    columns.extend(source.value_columns());
    let row = |period: String, code: Option<String>, cells: Vec<Cell>| -> Vec<Cell> {
        [period.into(), code.into()].into_iter().chain(cells).collect()
    };
    let interval = change.interval.as_ref();
    let difference = vec![
        change.difference.into(),
        interval.map(|interval| interval.low).into(),
        interval.map(|interval| interval.high).into(),
        Cell::Empty,
        source.chance(change.distinguishable).into(),
    ];
    let words = format!("{} ({})", source.say("Chênh lệch", "Difference"), source.difference_unit());
    let rows = vec![
        row(source.period(), change.head.period.code.clone(), source.value_cells(&change.first)),
        row(source.period_before(), change.other.period.code.clone(), source.value_cells(&change.second)),
        row(words, Some("difference".into()), difference),
    ];
    let title = source.say("So với kỳ trước", "Against the period before").to_owned();
    let mut part = Part::new("change", Place::Overview, title, columns, rows).noted(source.alike());
    if change.difference.is_none() {
        part = part.noted(source.say(
            "Không so được: một trong hai kỳ không có kết quả.",
            "Cannot be compared: one of the two has no result.",
        ));
    }
    Some(part)
}
