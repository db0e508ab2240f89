//! The elements of the questionnaire, with the answers per level.

use super::Source;
use crate::domain::questionnaire::Kind;
use crate::http::figures::ValueBody;
use crate::http::indexes::level_words;
use crate::http::reports::document::{Chart, Head, Part, Place};
use crate::http::sheet::Cell;

/// Names of the columns of levels, from the worst; a desk rating has the levels 0 to 2, others 1 to 5.
const LEVELS: [(i16, &str, &str); 6] = [
    (0, "level_0", "Mức 0"),
    (1, "level_1", "Mức 1"),
    (2, "level_2", "Mức 2"),
    (3, "level_3", "Mức 3"),
    (4, "level_4", "Mức 4"),
    (5, "level_5", "Mức 5"),
];

/// English for [`LEVELS`].
const LEVELS_EN: [&str; 6] = ["Level 0", "Level 1", "Level 2", "Level 3", "Level 4", "Level 5"];

/// The part.
pub fn part(source: &Source<'_>) -> Option<Part> {
    let mut columns = vec![
        Head::text("text", source.say("Yếu tố", "Element")),
        Head::word("code", source.say("Mã", "Code")),
    ];
    columns.extend(source.value_columns());
    columns.extend(level_columns(source));
    let row = |element: &crate::http::indexes::IndexElement| -> Vec<Cell> {
        let mut row: Vec<Cell> = vec![element.text.get(source.lang).into(), element.code.as_str().into()];
        row.extend(source.value_cells(&element.value));
        row.extend(level_cells(source, &element.value));
        row
    };
    let rows = source.index.elements.iter().map(row).collect();
    let title = source.say("Kết quả theo yếu tố", "Results by element").to_owned();
    let mut part = Part::new("elements", Place::Criteria, title, columns, rows)
        .noted(level_legend(source))
        .drawn(Chart::Bars(["text", "value", "low", "high"]))
        .drawn(Chart::Shares("text", levels(source).map(|(_, name, _)| name).collect()));
    let most = source.index.elements.iter().map(|element| source.most(element.criteria.len()));
    part.bars = Some(("value", "low", "high", most.fold(0.0, f64::max)));
    Some(part)
}

/// The levels of the questionnaire's kind.
fn levels(source: &Source<'_>) -> impl Iterator<Item = (i16, &'static str, &'static str)> {
    let known = Kind::parse(source.index.head.survey.kind).map_or(&[][..], Kind::level_values);
    let lang = source.lang;
    LEVELS.into_iter().zip(LEVELS_EN).filter(move |((level, ..), _)| known.contains(level)).map(
        move |((level, name, vi), en)| (level, name, if lang == crate::error::Lang::Vi { vi } else { en }),
    )
}

/// What the levels mean.
pub fn level_legend(source: &Source<'_>) -> String {
    let version = &source.figures.index.head.survey.questionnaire;
    let words =
        levels(source).map(|(level, _, _)| format!("{level}: {}", level_words(version, level, source.lang)));
    let words: Vec<String> = words.collect();
    format!("{} – {}", source.say("Các mức", "Levels"), words.join("; "))
}

/// The columns of answers per level.
pub fn level_columns(source: &Source<'_>) -> Vec<Head> {
    let mut columns: Vec<Head> =
        levels(source).map(|(_, name, label)| Head::number(name, label, None)).collect();
    columns.push(Head::number("not_applicable", source.say("Không áp dụng", "Not applicable"), None));
    columns
}

/// Their cells.
pub fn level_cells(source: &Source<'_>, value: &ValueBody) -> Vec<Cell> {
    let count = |level: i16| {
        let counts = value.levels.iter().flatten();
        Cell::from(counts.filter(|count| count.level == level).map(|count| count.count).next())
    };
    levels(source).map(|(level, ..)| count(level)).chain([value.not_applicable.into()]).collect()
}
