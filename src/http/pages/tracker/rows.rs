//! The rows of the tracker, and changes in words.

use crate::chart::words::number;
use crate::error::Lang;
use crate::http::measure_values::{MeasureChangeBody, MeasureValueBody, SourceBody};
use crate::http::pages::codes;
use crate::http::pages::layout::say;
use crate::http::pages::notation::{count, day, quantity};
use crate::http::pages::targets::state;
use crate::http::tracker::{ComputedBody, MeasureTargetBody, TrackerItem};
use maud::{Markup, html};

/// A measure.
pub fn row(lang: Lang, item: &TrackerItem) -> Markup {
    let (measure, entry) = (&item.measure, item.entry.as_ref());
    let said = entry.map(|entry| &entry.statement);
    html! {
        tr {
            th scope="row" {
                (measure.name.get(lang))
                @if let Some(entry) = entry { br; span.hint { (codes::period(&entry.period, lang)) } }
            }
            td.number { @if let Some(value) = said.and_then(|said| said.value) { strong.amount { (published(value, measure.unit, lang)) } } }
            td.number {
                @if let Some((rank, out_of)) = said.and_then(|said| said.rank.zip(said.out_of)) { strong.amount { (rank) "/" (out_of) } }
            }
            td.change { @if let Some(change) = &item.change { (changed(lang, change, measure.unit)) } }
            td { @if let Some(target) = &item.target { (aim(lang, target, measure.unit)) } }
            td { @if let Some(duty) = &item.responsible { @if let Some(unit) = duty.named(lang) { (unit) } } }
            td { @if let Some(entry) = entry { (source(lang, entry)) } }
        }
    }
}

/// What shall be reached, and whether it was.
fn aim(lang: Lang, target: &MeasureTargetBody, unit: &str) -> Markup {
    html! {
        @if let Some(value) = target.at_least {
            (say(lang, "ít nhất ", "at least ")) (published(value, unit, lang)) " "
        }
        @if let Some(rank) = target.rank_at_most {
            (say(lang, "hạng ", "rank ")) (rank) (say(lang, " trở lên", " or better"))
        }
        br; (state(target.state, lang))
    }
}

/// A period as it stands within a sentence: `năm 2022`.
fn in_sentence(code: &str, lang: Lang) -> String {
    let name = codes::period(code, lang);
    match lang {
        Lang::Vi => name.to_lowercase(),
        Lang::En => name,
    }
}

/// As many decimals as were published, two at least.
fn published(value: f64, unit: &str, lang: Lang) -> String {
    let has_more = (value * 100.0 - (value * 100.0).round()).abs() > 1e-6;
    let places = if has_more { 4 } else { 2 };
    match (unit, lang) {
        ("percent", Lang::Vi) => format!("{}\u{a0}%", number(value, places, lang)),
        ("percent", Lang::En) => format!("{}%", number(value, places, lang)),
        _ => number(value, places, lang),
    }
}

/// A change in words, or why there is none.
fn changed(lang: Lang, change: &MeasureChangeBody, unit: &str) -> Markup {
    if let Some(broken) = &change.broken {
        return html! {
            span.hint { (say(lang, "Không so được: ", "Not comparable: ")) (broken.reason.get(lang)) }
        };
    }
    let assumed = change.before.as_ref().and_then(|before| before.assumed_because.as_ref());
    html! {
        @if let Some(places) = change.places { strong { (places_in_words(places, lang)) } }
        @if let Some(value) = change.value {
            @if change.places.is_some() { br; }
            (value_in_words(value, unit, lang))
        }
        @if change.places.is_some() || change.value.is_some() {
            br; span.hint { (say(lang, "so với ", "since ")) (in_sentence(&change.against, lang)) }
        }
        @if let Some(reason) = assumed {
            br; span.hint { (say(lang, "kỳ trước là giả định: ", "the period before is assumed: ")) (reason) }
        }
    }
}

/// `tăng 18 bậc`, `up 18 places`.
fn places_in_words(places: i32, lang: Lang) -> String {
    match (places, lang) {
        (0, _) => say(lang, "giữ nguyên thứ hạng", "same rank").to_owned(),
        (1.., Lang::Vi) => format!("tăng {places} bậc"),
        (_, Lang::Vi) => format!("giảm {} bậc", places.abs()),
        (1, Lang::En) => "up 1 place".into(),
        (1.., Lang::En) => format!("up {places} places"),
        (-1, Lang::En) => "down 1 place".into(),
        (_, Lang::En) => format!("down {} places", places.abs()),
    }
}

fn value_in_words(value: f64, unit: &str, lang: Lang) -> String {
    let amount = format!("{} {}", published(value.abs(), "", lang), codes::difference_unit(unit, lang));
    if value > 0.0 {
        format!("{} {amount}", say(lang, "tăng", "up"))
    } else if value < 0.0 {
        format!("{} {amount}", say(lang, "giảm", "down"))
    } else {
        say(lang, "giá trị không đổi", "same value").to_owned()
    }
}

/// Where a value was read, and how far it can be relied on.
fn source(lang: Lang, entry: &MeasureValueBody) -> Markup {
    let said = &entry.statement;
    let SourceBody { title, number, date, link } = &said.source;
    html! {
        @match link {
            Some(link) => { a href=(link) rel="noreferrer" { (title) } }
            None => { (title) }
        }
        @if let Some(number) = number { ", " (number) }
        @if let Some(date) = date { ", " (day(*date)) }
        @if let Some(reason) = &said.assumed_because {
            br; span.hint { (say(lang, "giả định: ", "assumed: ")) (reason) }
        }
        @if entry.revision > 1 {
            br; span.hint { (say(lang, "đã sửa, lần nhập ", "corrected, revision ")) (entry.revision) }
        }
    }
}

/// A figure of this service.
pub fn computed(lang: Lang, figure: &ComputedBody) -> Markup {
    let bound = |value: f64| number(value, 2, lang);
    html! {
        li {
            @match figure.value {
                Some(value) => { strong.amount { (quantity(value, figure.unit, lang)) } }
                None if figure.suppressed => { (say(lang, "không công bố (quá ít người trả lời)", "withheld (too few people answered)")) }
                None => { (say(lang, "chưa có người trả lời", "nobody answered")) }
            }
            @if let Some(interval) = &figure.interval { " (" (bound(interval.low)) "\u{2060}–\u{2060}" (bound(interval.high)) ")" }
            @if let Some(n) = figure.n.filter(|n| *n > 0) { ", " (count(n, lang)) " " (say(lang, "người", "people")) }
            ", " (in_sentence(&figure.period, lang)) ", " (say(lang, "đợt khảo sát ", "survey ")) (figure.survey)
            @if figure.sample { " " (say(lang, "(số liệu minh họa)", "(invented, for demonstration)")) }
            br; span.hint { (figure.label.get(lang)) " " (say(lang, "Công thức: ", "Formula: ")) (figure.formula) "." }
        }
    }
}
