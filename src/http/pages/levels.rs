//! How the answers are spread over the levels: one bar made of parts, and the same as a table. Parts have gaps between
//! them and their level's number below, so that nobody has to tell them by colour.

use super::bars::percent;
use super::links;
use super::notation::{count, quantity};
use super::view::View;
use crate::domain::questionnaire::Kind;
use crate::error::Lang;
use crate::http::figures::LevelCount;
use crate::http::indexes::{IndexBody, level_words};
use maud::{Markup, html};
use num_traits::ToPrimitive;

/// Narrower parts, in percent of the bar, have no number below: it would run into the next.
const LEAST_LABELLED: f64 = 4.0;

/// The spread of the answers; nothing if they are withheld or there are none.
pub fn section(view: &View, body: &IndexBody) -> Markup {
    let levels = body.whole.levels.as_deref().unwrap_or_default();
    let answers: u64 = levels.iter().map(|level| level.count).sum();
    html! {
        @if answers > 0 {
            section aria-labelledby="levels" {
                h2 #levels { (view.say("Mọi người đã chọn mức nào", "Which levels people chose")) }
                p.hint {
                    (count(answers, view.lang)) " "
                    (view.say("câu trả lời cho mọi tiêu chí gộp lại; mỗi người trả lời nhiều câu.", "answers to all criteria together; each person gives many."))
                    @if body.head.survey.kind != "desk" {
                        " " (view.say(
                            "Chỉ số là trung bình của các tiêu chí, nên có thể khác đôi chút so với tỷ lệ tính từ bảng này.",
                            "The index is the mean of the criteria, so shares worked out from this table may differ from it a little.",
                        ))
                    }
                }
                (stacked(levels, answers))
                (table(view, body, levels, answers))
                (links::under(view, "", &[], true))
            }
        }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    let [part, whole] = [part, whole].map(|count| count.to_f64().unwrap_or(0.0));
    if whole > 0.0 { 100.0 * part / whole } else { 0.0 }
}

fn stacked(levels: &[LevelCount], answers: u64) -> Markup {
    let mut before = 0;
    let parts: Vec<(usize, i16, f64, f64)> = levels
        .iter()
        .enumerate()
        .map(|(place, level)| {
            let start = share(before, answers);
            before += level.count;
            (place, level.level, start, share(level.count, answers))
        })
        .collect();
    html! {
        svg.levels width="100%" height="62" aria-hidden="true" focusable="false" {
            @for (place, level, start, width) in parts {
                rect class=(format!("level-{}", shade(place, levels.len()))) x=(percent(start, 100.0)) y="0" width=(percent(width, 100.0)) height="36" {}
                @if width >= LEAST_LABELLED {
                    text x=(percent(start + width / 2.0, 100.0)) y="56" text-anchor="middle" { (level) }
                }
            }
        }
    }
}

/// Which of the five colours a level has: the worst is always the first, the best always the last.
const fn shade(place: usize, count: usize) -> usize {
    if count < 2 { 4 } else { place * 4 / (count - 1) }
}

/// A level with its words; where they differ from criterion to criterion, with what it gives.
fn name(view: &View, level: i16) -> String {
    match (view.survey.questionnaire.kind, view.lang) {
        (Kind::Desk, Lang::Vi) => format!("{level} điểm"),
        (Kind::Desk, Lang::En) if level == 1 => "1 point".to_owned(),
        (Kind::Desk, Lang::En) => format!("{level} points"),
        (Kind::Sipas, lang) => {
            format!("{level} – {}", level_words(&view.survey.questionnaire, level, lang))
        }
    }
}

fn table(view: &View, body: &IndexBody, levels: &[LevelCount], answers: u64) -> Markup {
    html! {
        table.levels {
            caption.unseen { (view.say("Số câu trả lời ở mỗi mức", "Answers at each level")) }
            thead {
                tr {
                    th scope="col" { (view.say("Mức", "Level")) }
                    th.number scope="col" { (view.say("Số câu trả lời", "Answers")) }
                    th.number scope="col" { (view.say("Tỷ lệ", "Share")) }
                }
            }
            tbody {
                @for (place, level) in levels.iter().enumerate() {
                    tr {
                        th scope="row" {
                            svg.swatch width="14" height="14" aria-hidden="true" focusable="false" {
                                rect class=(format!("level-{}", shade(place, levels.len()))) width="14" height="14" rx="3" {}
                            }
                            " " (name(view, level.level))
                        }
                        td.number { (count(level.count, view.lang)) }
                        td.number { (quantity(share(level.count, answers), "percent", view.lang)) }
                    }
                }
                @if let Some(aside) = body.whole.not_applicable.filter(|count| *count > 0) {
                    tr {
                        th scope="row" { (view.say("Không áp dụng (không tính)", "Not applicable (not counted)")) }
                        td.number { (count(aside, view.lang)) }
                        td.number { "–" }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_and_the_best_have_the_same_colours_on_every_scale() {
        assert_eq!([0, 1, 2, 3, 4].map(|place| shade(place, 5)), [0, 1, 2, 3, 4]);
        assert_eq!([0, 1, 2].map(|place| shade(place, 3)), [0, 2, 4]);
    }
}
