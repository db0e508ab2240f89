//! Elements and their criteria as bars with intervals, in the order of the questionnaire. The bars stand in real tables,
//! so that a screen reader gets the numbers with their headings.

use super::bars::bar;
use super::links;
use super::notation::{count, decimal, quantity};
use super::view::View;
use crate::http::figures::ValueBody;
use crate::http::indexes::{IndexBody, IndexElement};
use maud::{Markup, html};

/// The elements, unless nobody answered or all is withheld; `most` gives the largest value that so many criteria together can have.
pub fn section(view: &View, body: &IndexBody, most: impl Fn(usize) -> f64) -> Markup {
    html! {
        // Why there is nothing is said at the figure.
        @if !body.whole.suppressed && body.whole.n != Some(0) {
            section aria-labelledby="elements" {
                h2 #elements { (view.say("Từng nội dung được đánh giá", "What people rated")) }
                (elements(view, body, &most))
                h3 { (view.say("Từng tiêu chí", "Each criterion")) }
                @for element in body.elements.iter().filter(|element| !element.criteria.is_empty()) {
                    (criteria(view, body, element, &most))
                }
                (links::under(view, "", &[], false))
            }
        }
    }
}

fn elements(view: &View, body: &IndexBody, most: &impl Fn(usize) -> f64) -> Markup {
    html! {
        table.bars {
            caption.unseen { (view.say("Kết quả theo yếu tố", "Results by element")) }
            (head(view, view.say("Yếu tố", "Element")))
            tbody {
                @for element in &body.elements {
                    (row(view, body, element.text.get(view.lang), &element.value, most(element.criteria.len())))
                }
            }
        }
    }
}

fn criteria(view: &View, body: &IndexBody, element: &IndexElement, most: &impl Fn(usize) -> f64) -> Markup {
    let text = element.text.get(view.lang);
    html! {
        details.criteria {
            summary { (text) span.hint { " · " (element.criteria.len()) " " (view.say("tiêu chí", "criteria")) } }
            table.bars {
                caption.unseen { (view.say("Tiêu chí của: ", "Criteria of: ")) (text) }
                (head(view, view.say("Tiêu chí", "Criterion")))
                tbody {
                    @for criterion in &element.criteria {
                        (row(view, body, criterion.text.get(view.lang), &criterion.value, most(1)))
                    }
                }
            }
        }
    }
}

fn head(view: &View, what: &str) -> Markup {
    html! {
        thead {
            tr {
                th scope="col" { (what) }
                th.number scope="col" { (view.say("Kết quả", "Result")) span.unseen { (view.say(" và khoảng tin cậy", " and confidence interval")) } }
                th.number scope="col" { (view.say("Số người", "People")) }
            }
        }
    }
}

fn row(view: &View, body: &IndexBody, text: &str, value: &ValueBody, most: f64) -> Markup {
    let unit = body.head.formula.unit;
    html! {
        tr {
            th scope="row" { (text) (bar(value, most)) }
            @match value.value {
                Some(at) => {
                    td.number {
                        strong { (quantity(at, unit, view.lang)) }
                        @if let Some(interval) = &value.interval {
                            span.range { (decimal(interval.low, view.lang)) " – " (decimal(interval.high, view.lang)) }
                        }
                    }
                }
                None if value.suppressed => td.number { span.hint { (view.say("giữ lại vì ít người trả lời", "not shown: too few people")) } },
                None => td.number { span.hint { (view.say("không ai trả lời", "nobody answered")) } },
            }
            td.number {
                @if let Some(n) = value.n {
                    (count(n, view.lang)) " " span.narrow aria-hidden="true" { (view.say("người", "people")) }
                } @else { "–" }
            }
        }
    }
}
