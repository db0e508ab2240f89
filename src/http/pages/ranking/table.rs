//! The rows of a ranking, and those without a rank.

use crate::chart::words::number;
use crate::error::Lang;
use crate::http::pages::bars::bar;
use crate::http::pages::codes;
use crate::http::pages::parts::{interval, people, value, withheld};
use crate::http::pages::view::View;
use crate::http::rankings::{BeforeBody, EntryBody, RankingBody, StandingBody};
use maud::{Markup, html};

/// A ranked agency; `most` is the largest value it can have.
pub fn row(view: &View, body: &RankingBody, entry: &EntryBody, most: f64) -> Markup {
    html! {
        tr {
            td.rank { (rank(view, &entry.standing)) }
            th scope="row" lang="vi" { a href=(view.link_to("/", &[("agency", Some(&entry.code))])) { (entry.name) } }
            td.measure {
                (value(&entry.value, body.head.formula.unit, view)) " "
                span.hint { (interval(entry.value.interval.as_ref(), view)) }
                (bar(&entry.value, most))
            }
            td.number { (people(&entry.value, view)) span.narrow { " " (view.say("người", "people")) } }
            @if body.against.is_some() { td.change { @if let Some(before) = &entry.before { (change(view, body, before)) } } }
        }
    }
}

/// The rank, and those that are possible.
fn rank(view: &View, standing: &StandingBody) -> Markup {
    let places = standing.best_rank.zip(standing.worst_rank).filter(|(best, worst)| best != worst);
    html! {
        @if let Some(rank) = standing.rank { strong { (rank) } }
        @if let Some((best, worst)) = places {
            " " span.hint {
                @match view.lang {
                    Lang::Vi => { "có thể từ " (best) " đến " (worst) }
                    Lang::En => { "may be " (best) " to " (worst) }
                }
            }
        }
    }
}

fn change(view: &View, body: &RankingBody, before: &BeforeBody) -> Markup {
    let unit = codes::difference_unit(body.head.formula.unit, view.lang);
    html! {
        @if let Some(difference) = before.difference {
            @let sign = if difference > 0.0 { "+" } else { "" };
            strong.amount { (sign) (number(difference, 2, view.lang)) } " " span.hint {
                (unit) "; "
                @match before.distinguishable {
                    Some(true) => { (view.say("khó là ngẫu nhiên", "hardly chance")) }
                    _ => { (view.say("có thể chỉ là ngẫu nhiên", "may be chance")) }
                }
            }
        } @else {
            span.hint { (view.say("không so được", "cannot be compared")) }
        }
        @if let Some(places) = before.places.filter(|places| *places != 0) {
            br; span.hint {
                @match (view.lang, places > 0) {
                    (Lang::Vi, true) => { "lên " (places) " hạng" }
                    (Lang::Vi, false) => { "xuống " (places.abs()) " hạng" }
                    (Lang::En, true) => { "up " (places) " ranks" }
                    (Lang::En, false) => { "down " (places.abs()) " ranks" }
                }
            }
        }
    }
}

/// Those without a rank, by the reason.
pub fn unranked(view: &View, body: &RankingBody, entries: &[&EntryBody]) -> Markup {
    let groups = [
        ("suppressed", view.say("Không công bố*", "Withheld*")),
        ("too_few", view.say("Quá ít người trả lời", "Too few people answered")),
        ("no_responses", view.say("Chưa có người trả lời", "Nobody answered")),
    ];
    let of = |reason: &str| -> Vec<&&EntryBody> {
        entries.iter().filter(|entry| entry.standing.unranked == Some(reason)).collect()
    };
    let groups = groups.map(|(reason, text)| (text, of(reason)));
    html! {
        h3 { (view.say("Chưa được xếp hạng", "Not ranked")) }
        @for (text, entries) in groups.iter().filter(|(_, entries)| !entries.is_empty()) {
            p { (text) ":" }
            ul.names {
                @for entry in entries {
                    li { a href=(view.link_to("/", &[("agency", Some(&entry.code))])) lang="vi" { (entry.name) } }
                }
            }
        }
        @if entries.iter().any(|entry| entry.value.suppressed) { (withheld(&body.head, view)) }
    }
}
