//! What sections have in common: values and intervals in words, choices as links, tables that scroll by themselves.

use super::notation::{count, quantity};
use super::view::View;
use crate::chart::words::number;
use crate::http::extract::App;
use crate::http::figures::{HeadBody, IntervalBody, ValueBody};
use crate::http::problem::Problem;
use crate::service::agencies::called_above;
use maud::{Markup, html};
use std::collections::HashMap;

/// Adds the agency above to names that several of these have; `named` are codes and names.
pub async fn tell_apart(app: &App, mut named: Vec<(&str, &mut String)>) -> Result<(), Problem> {
    let mut often: HashMap<String, usize> = HashMap::new();
    named.iter().for_each(|(_, name)| *often.entry((*name).clone()).or_default() += 1);
    named.retain(|(_, name)| often.get(*name).is_some_and(|times| *times > 1));
    let codes: Vec<&str> = named.iter().map(|(code, _)| *code).collect();
    let above = called_above(app, &codes).await?;
    for (code, name) in named {
        if let Some(above) = above.get(code) {
            *name = format!("{name} ({above})");
        }
    }
    Ok(())
}

/// A choice between links; the one that holds is marked for everybody, not by colour alone.
pub fn choices(label: &str, choices: &[(String, String, bool)]) -> Markup {
    html! {
        nav.choices aria-label=(label) {
            span.hint { (label) ":" }
            ul {
                @for (text, address, is_chosen) in choices {
                    li { a href=(address) aria-current=[is_chosen.then_some("true")] { (text) } }
                }
            }
        }
    }
}

/// A table with a name; `head` says of each column whether it holds numbers. Where it is too wide for the screen it scrolls, and not the page.
pub fn table(caption: &str, head: &[(&str, bool)], rows: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption.unseen { (caption) }
                thead { tr { @for (name, is_number) in head { th scope="col" class=[is_number.then_some("number")] { (name) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// The value of a cell, or why there is none.
pub fn value(value: &ValueBody, unit: &str, view: &View) -> Markup {
    html! {
        @match value.value {
            Some(figure) => { strong.amount { (quantity(figure, unit, view.lang)) } }
            None if value.suppressed => { span.hint { (view.say("không công bố*", "withheld*")) } }
            None => { span.hint { (view.say("chưa có người trả lời", "nobody answered")) } }
        }
    }
}

/// `79,78–83,73`, or nothing.
pub fn interval(interval: Option<&IntervalBody>, view: &View) -> String {
    let bound = |value| number(value, 2, view.lang);
    // The word joiners keep both bounds in one line.
    interval.map_or_else(String::new, |interval| {
        format!("{}\u{2060}–\u{2060}{}", bound(interval.low), bound(interval.high))
    })
}

/// People; nothing where their number is withheld.
pub fn people(value: &ValueBody, view: &View) -> String {
    value.n.map_or_else(|| "–".to_owned(), |n| count(n, view.lang))
}

/// Why something is withheld, to stand below a table in which something is.
pub fn withheld(head: &HeadBody, view: &View) -> Markup {
    let least = head.min_n;
    html! {
        p.hint {
            @if view.lang == crate::error::Lang::Vi {
                "* Không công bố để không ai đoán được câu trả lời của từng người: có ít hơn " (least)
                " người trả lời, hoặc số liệu này sẽ làm lộ một số liệu như thế."
            } @else {
                "* Withheld so that nobody can tell what a person answered: fewer than " (least)
                " people answered, or this figure would give away one of which that is so."
            }
        }
    }
}

/// A note if the survey is not fielded here, so that nobody could have answered.
pub fn not_fielded(head: &HeadBody, view: &View) -> Markup {
    html! {
        @if !head.survey.fielded {
            p.notice { (view.say("Đợt khảo sát này không diễn ra tại đây.", "This survey does not take place here.")) }
        }
    }
}

/// Why a figure beside others may differ from the one on its own page.
pub fn alike(view: &View) -> Markup {
    html! {
        p.hint {
            (view.say(
                "Các kết quả đặt cạnh nhau được tính từ cùng những tiêu chí: tiêu chí nào phải giữ lại ở một nơi thì bỏ ở mọi nơi. Vì vậy có thể khác với trang riêng của cơ quan hoặc của kỳ đó.",
                "Results beside each other are made of the same criteria: what has to be withheld in one of them is left out in all. So they may differ from the page of the agency or the period alone.",
            ))
        }
    }
}

/// What an interval says, once for each page.
pub fn confidence(head: &HeadBody, view: &View) -> Markup {
    let percent = head.confidence_percent;
    html! {
        p.hint {
            @if view.lang == crate::error::Lang::Vi {
                "Khoảng tin cậy " (percent) " %: nếu lặp lại khảo sát nhiều lần, khoảng " (percent)
                " % số khoảng như vậy chứa giá trị thật."
            } @else {
                (percent) "% confidence interval: if the survey were repeated many times, about " (percent)
                "% of such intervals would hold the true value."
            }
        }
    }
}
