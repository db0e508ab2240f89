//! What drags the index most: where a target is in force, what each criterion contributes to the gap; otherwise the criteria
//! whose value lies below the whole's, the lowest first.

use super::Source;
use crate::chart::words::number;
use crate::http::drags::{DragBody, DragsBody};
use crate::http::indexes::IndexCriterion;
use crate::http::reports::document::{Head, Part, Place};
use crate::http::sheet::Cell;

/// Most criteria named: what to change first, not everything.
const MOST: usize = 10;

/// The part, by the target if there is one.
pub fn part(source: &Source<'_>) -> Option<Part> {
    match &source.figures.drags {
        Some(report) => by_target(source, &DragsBody::from(report)),
        None => lowest(source),
    }
}

/// What contributes to the gap, the most first; none where nothing does.
fn by_target(source: &Source<'_>, body: &DragsBody) -> Option<Part> {
    let drags = || body.criteria.iter().filter(|drag| drag.contribution.is_some_and(|part| part > 0.0));
    drags().next()?;
    let columns = vec![
        Head::text("text", source.say("Tiêu chí", "Criterion")),
        Head::word("code", source.say("Mã", "Code")),
        Head::number("value", source.say("Giá trị", "Value"), Some(source.unit())),
        Head::number("goal", source.say("Cần đạt", "Goal"), Some(source.unit())),
        Head::number(
            "contribution",
            source.say("Phần trong khoảng cách", "Part of the gap"),
            Some(source.difference_unit()),
        ),
        Head::number("n", source.say("Số người", "People"), None),
    ];
    let row = |drag: &DragBody| -> Vec<Cell> {
        let text = drag.text.get(source.lang).into();
        let value = &drag.value;
        vec![
            text,
            drag.code.as_str().into(),
            value.value.into(),
            drag.goal.into(),
            drag.contribution.into(),
            value.n.into(),
        ]
    };
    let rows = drags().take(MOST).map(row).collect();
    let title =
        source.say("Tiêu chí kéo chỉ số xuống nhiều nhất", "Criteria that drag the index most").to_owned();
    let number = |figure: f64| number(figure, 2, source.lang);
    let gap = body.gap.map_or_else(|| "–".to_owned(), number);
    let (target, whole) = (source.say("Mục tiêu", "Target"), source.say("khoảng cách", "gap"));
    let told = format!("{target}: {} {}; {whole}: {gap}", number(body.at_least), source.unit());
    Some(Part::new("drags", Place::Drags, title, columns, rows).noted(told))
}

/// The part without a target; none where nothing lies below, where the whole is withheld, or where values of criteria are points that are
/// added up instead of averaged.
fn lowest(source: &Source<'_>) -> Option<Part> {
    let index = &source.index;
    let whole = index.whole.value.filter(|_| index.head.formula.unit == "percent")?;
    let criteria = index.elements.iter().flat_map(|element| &element.criteria);
    let counted = |criterion: &&IndexCriterion| !index.left_out.contains(&criterion.code);
    let mut below: Vec<(f64, &IndexCriterion)> = criteria
        .filter(counted)
        .filter_map(|criterion| Some((hundredths(criterion.value.value? - whole), criterion)))
        .filter(|(distance, _)| *distance < 0.0)
        .collect();
    if below.is_empty() {
        return None;
    }
    below
        .sort_by(|(one, first), (two, second)| one.total_cmp(two).then_with(|| first.code.cmp(&second.code)));
    let columns = vec![
        Head::text("text", source.say("Tiêu chí", "Criterion")),
        Head::word("code", source.say("Mã", "Code")),
        Head::number("value", source.say("Giá trị", "Value"), Some(source.unit())),
        Head::number(
            "distance",
            source.say("So với chung", "Against the whole"),
            Some(source.difference_unit()),
        ),
        Head::number("n", source.say("Số người", "People"), None),
    ];
    let row = |(distance, criterion): &(f64, &IndexCriterion)| -> Vec<Cell> {
        let text = criterion.text.get(source.lang).into();
        let value = &criterion.value;
        vec![text, criterion.code.as_str().into(), value.value.into(), (*distance).into(), value.n.into()]
    };
    let rows = below.iter().take(MOST).map(row).collect();
    let title =
        source.say("Tiêu chí kéo chỉ số xuống nhiều nhất", "Criteria that drag the index most").to_owned();
    Some(Part::new("drags", Place::Drags, title, columns, rows).noted(source.say(
        "Những tiêu chí thấp hơn chỉ số chung, thấp nhất đứng đầu; nhiều nhất mười tiêu chí.",
        "Criteria below the whole, the lowest first; ten at most.",
    )))
}

/// The difference of two figures with two decimals has two itself, whatever binary fractions make of it.
fn hundredths(difference: f64) -> f64 {
    (100.0 * difference).round() / 100.0
}
