//! The index of the agency with everything below it, by the formula asked for and by the others of its kind.

use super::Source;
use crate::http::pages::words::formula_name;
use crate::http::reports::document::{Head, Part, Place};
use crate::http::sheet::Cell;

/// The part.
pub fn part(source: &Source<'_>) -> Option<Part> {
    let (index, lang) = (&source.index, source.lang);
    let mut columns = vec![
        Head::text("measure", source.say("Chỉ số", "Index")),
        Head::word("formula", source.say("Công thức", "Formula")),
    ];
    columns.extend(source.value_columns());
    let asked = index.head.formula.id;
    let mut first: Vec<Cell> = vec![formula_name(asked, lang).into(), asked.into()];
    first.extend(source.value_cells(&index.whole));
    let other = |formula: &'static str, value: Option<f64>| -> Vec<Cell> {
        let mut row: Vec<Cell> = vec![formula_name(formula, lang).into(), formula.into(), value.into()];
        row.extend([Cell::Empty, Cell::Empty, index.whole.n.into(), source.note(&index.whole).into()]);
        row
    };
    let others = index.by_formula.iter().filter(|by| by.formula != asked);
    let rows = std::iter::once(first).chain(others.map(|by| other(by.formula, by.value))).collect();
    let title = source.say("Chỉ số hài lòng", "Satisfaction index").to_owned();
    let mut part = Part::new("index", Place::Overview, title, columns, rows);
    if let Some(band) = &index.band {
        part = part.noted(format!("{}: {} ({})", source.say("Xếp loại", "Band"), band.name, band.code));
    }
    if !index.head.survey.fielded {
        part = part.noted(
            source.say("Đợt khảo sát này không diễn ra tại đây.", "This survey does not take place here."),
        );
    }
    if !index.left_out.is_empty() {
        let left_out = source.say(
            "Tiêu chí không tính vào (không ai trả lời, hoặc quá ít người)",
            "Criteria left out (nobody answered them, or too few did)",
        );
        part = part.noted(format!("{left_out}: {}", index.left_out.join(", ")));
    }
    part.picture = Some(index.chart(&source.figures.index.head.survey.questionnaire, lang));
    Some(part)
}
