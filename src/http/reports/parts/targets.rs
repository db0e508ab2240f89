//! Targets that hold for the agency, and how far they are.

use super::Source;
use crate::http::pages::targets::state;
use crate::http::provenance::unit_words;
use crate::http::reports::document::{Head, Part, Place};
use crate::http::sheet::Cell;
use crate::http::targets::{TargetList, TargetStanding};

/// The part; none where no target holds.
pub fn part(source: &Source<'_>) -> Option<Part> {
    let list = TargetList::from(source.figures.targets.as_ref()?);
    if list.items.is_empty() {
        return None;
    }
    let columns = vec![
        Head::text("name", source.say("Mục tiêu", "Target")),
        Head::word("subject", source.say("Về", "About")),
        Head::word("period", source.say("Kỳ", "Period")),
        Head::word("set_for", source.say("Giao cho", "Set for")),
        Head::word("unit", source.say("Đơn vị", "Unit")),
        Head::number("at_least", source.say("Ít nhất", "At least"), None),
        Head::number("rank_at_most", source.say("Hạng thấp nhất", "Worst rank"), None),
        Head::number("value", source.say("Đạt được", "Reached"), None),
        Head::number("low", source.say("Cận dưới", "Low"), None),
        Head::number("high", source.say("Cận trên", "High"), None),
        Head::number("rank", source.say("Hạng", "Rank"), None),
        Head::number("distance", source.say("Khoảng cách", "Distance"), None),
        Head::text("state", source.say("Kết quả", "Result")),
    ];
    let rows = list.items.iter().map(|item| row(source, item)).collect();
    let title = source.say("Mục tiêu", "Targets").to_owned();
    Some(Part::new("targets", Place::Targets, title, columns, rows))
}

fn row(source: &Source<'_>, item: &TargetStanding) -> Vec<Cell> {
    let (target, whole) = (&item.target, item.figure.as_ref().map(|figure| &figure.whole));
    let interval = whole.and_then(|whole| whole.interval.as_ref());
    let index = item.index.as_ref();
    let value = whole.and_then(|whole| whole.value).or_else(|| index.and_then(|index| index.value));
    let exact = |figure: Option<f64>| figure.map_or(Cell::Empty, Cell::Exact);
    let rank = |rank: Option<u32>| Cell::from(rank.map(u64::from));
    vec![
        item.name.get(source.lang).into(),
        target.subject.as_str().into(),
        target.period.as_str().into(),
        item.set_for.code.as_str().into(),
        unit_words(item.unit, source.lang).into(),
        exact(target.at_least),
        rank(target.rank_at_most),
        exact(value),
        interval.map(|interval| interval.low).into(),
        interval.map(|interval| interval.high).into(),
        rank(index.and_then(|index| index.rank)),
        exact(item.distance),
        state(item.state, source.lang).into(),
    ]
}
