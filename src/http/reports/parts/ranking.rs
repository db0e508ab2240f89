//! The agencies right below, ranked, with what the intervals allow and the change since the period before.

use super::Source;
use crate::http::rankings::EntryBody;
use crate::http::reports::document::{Chart, Head, Part, Place};
use crate::http::sheet::Cell;

/// The part; none for an agency with nobody below.
pub fn part(source: &Source<'_>) -> Option<Part> {
    let ranking = &source.ranking;
    if ranking.entries.is_empty() {
        return None;
    }
    let title =
        source.say("Xếp hạng các cơ quan trực thuộc", "Ranking of the agencies right below").to_owned();
    let rows = ranking.entries.iter().map(|entry| row(source, entry)).collect();
    let mut part = Part::new("ranking", Place::Ranking, title, columns(source), rows)
        .noted(counted(source))
        .noted(source.say(
            "Hạng kèm theo là những hạng mà khoảng tin cậy cho phép: hai cơ quan có khoảng chồng lên nhau có thể đổi chỗ cho nhau.",
            "Best and worst rank are those that the intervals allow: two agencies whose intervals overlap may change places.",
        ))
        .noted(source.alike())
        .drawn(Chart::Bars(["name", "value", "low", "high"]));
    let criteria = source.figures.index.head.survey.questionnaire.criteria.len();
    part.bars = Some(("value", "low", "high", source.most(criteria)));
    Some(part)
}

/// How many are ranked, of how many.
fn counted(source: &Source<'_>) -> String {
    let ranking = &source.ranking;
    let (ranked, total, least) = (ranking.ranked, ranking.entries.len(), ranking.ranked_from_n);
    match source.lang {
        crate::error::Lang::Vi => format!(
            "{ranked} trong {total} cơ quan được xếp hạng: có từ {least} người trả lời và số liệu được công bố."
        ),
        crate::error::Lang::En => {
            format!(
                "{ranked} of {total} agencies are ranked: at least {least} people answered and the figure is not withheld."
            )
        }
    }
}

fn columns(source: &Source<'_>) -> Vec<Head> {
    let difference = Some(source.difference_unit());
    let mut columns = vec![
        Head::text("name", source.say("Cơ quan", "Agency")),
        Head::word("code", source.say("Mã", "Code")),
        Head::number("rank", source.say("Hạng", "Rank"), None),
        Head::number("best_rank", source.say("Hạng cao nhất", "Best rank"), None),
        Head::number("worst_rank", source.say("Hạng thấp nhất", "Worst rank"), None),
    ];
    columns.extend(source.value_columns());
    columns.extend([
        Head::number("before_value", source.say("Kỳ trước", "Before"), Some(source.unit())),
        Head::number("before_rank", source.say("Hạng kỳ trước", "Rank before"), None),
        Head::number("places", source.say("Lên hạng", "Ranks up"), None),
        Head::number("difference", source.say("Thay đổi", "Change"), difference),
        Head::word("chance", source.say("Có phải ngẫu nhiên", "Chance or not")),
    ]);
    columns
}

fn row(source: &Source<'_>, entry: &EntryBody) -> Vec<Cell> {
    let standing = &entry.standing;
    let mut row: Vec<Cell> = vec![entry.name.as_str().into(), entry.code.as_str().into()];
    row.extend([standing.rank.into(), standing.best_rank.into(), standing.worst_rank.into()]);
    let mut cells = source.value_cells(&entry.value);
    if let (Some(note), Some("too_few")) = (cells.last_mut(), standing.unranked) {
        *note = source.say("quá ít người", "too few people").into();
    }
    row.extend(cells);
    let before = entry.before.as_ref();
    row.extend([
        before.and_then(|before| before.value).into(),
        before.and_then(|before| before.standing.rank).into(),
        before.and_then(|before| before.places).into(),
        before.and_then(|before| before.difference).into(),
        before.and_then(|before| source.chance(before.distinguishable)).into(),
    ]);
    row
}
