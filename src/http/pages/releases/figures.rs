//! The figures of a release as tables, read from the sealed text.

use crate::chart::words::{count, number};
use crate::domain::period::parse_day;
use crate::error::Lang;
use crate::http::pages::layout::say;
use crate::http::pages::notation::{day, quantity};
use crate::http::pages::parts::table;
use crate::http::releases::WholeBody;
use maud::{Markup, html};
use serde_json::Value;

/// Every content.
pub fn contents(lang: Lang, body: &WholeBody) -> Markup {
    let figures: Value = serde_json::from_str(body.figures.get()).unwrap_or_default();
    html! {
        @for content in list(&figures, "contents") { (section(lang, content)) }
    }
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn section(lang: Lang, content: &Value) -> Markup {
    let is_ranking = text(content, "/kind") == "ranking";
    let name = if is_ranking {
        say(lang, "Xếp hạng", "Ranking")
    } else {
        say(lang, "Chỉ số hài lòng", "Satisfaction index")
    };
    let caption = format!("{name}: {}, {}", text(content, "/agency/name"), text(content, "/period/code"));
    let unit = text(content, "/formula/unit");
    let head = |first: &'static str| {
        [
            (first, false),
            (say(lang, "Kết quả", "Result"), true),
            (say(lang, "Khoảng tin cậy", "Confidence interval"), true),
            (say(lang, "Số người", "People"), true),
        ]
    };
    let rows = html! {
        @if is_ranking {
            @for entry in list(content, "entries") { (row(lang, text(entry, "/name"), entry.get("rank"), entry, unit)) }
        } @else {
            @for entry in list(content, "figures") {
                @if let Some(whole) = entry.get("whole") { (row(lang, text(entry, "/agency/name"), None, whole, unit)) }
            }
        }
    };
    let tree_on = parse_day(text(content, "/tree_on")).map(day).unwrap_or_default();
    let wording = say(lang, "/text/vi", "/text/en");
    let elements = list(content, "figures").first().map(|entry| list(entry, "elements")).unwrap_or_default();
    html! {
        section {
            h2 { (caption) }
            @if content.pointer("/survey/sample") == Some(&Value::Bool(true)) {
                p.sample { (say(lang, "Số liệu minh họa, không phải số liệu thật.", "Invented for demonstration, not real figures.")) }
            }
            p.hint {
                (text(content, "/survey/code")) ", " (text(content, "/formula/id")) ", "
                (say(lang, "cơ quan theo ngày ", "agencies of ")) (tree_on)
            }
            (table(&caption, &head(say(lang, "Cơ quan", "Agency")), &rows))
            @if !elements.is_empty() {
                h3 { (say(lang, "Các yếu tố", "Elements")) }
                (table(say(lang, "Các yếu tố", "Elements"), &head(say(lang, "Yếu tố", "Element")), &html! {
                    @for element in elements { (row(lang, text(element, wording), None, element, unit)) }
                }))
            }
        }
    }
}

fn row(lang: Lang, name: &str, rank: Option<&Value>, value: &Value, unit: &str) -> Markup {
    let float = |pointer: &str| value.pointer(pointer).and_then(Value::as_f64);
    let interval = float("/interval/low").zip(float("/interval/high"));
    let rank = rank.and_then(Value::as_u64);
    html! {
        tr {
            th scope="row" { @if let Some(rank) = rank { (rank) ". " } (name) }
            td.number {
                @match float("/value") {
                    Some(figure) => { strong.amount { (quantity(figure, unit, lang)) } }
                    None if value.get("suppressed") == Some(&Value::Bool(true)) => {
                        span.hint { (say(lang, "không công bố", "withheld")) }
                    }
                    None => { span.hint { (say(lang, "chưa có người trả lời", "nobody answered")) } }
                }
            }
            td.number {
                @if let Some((low, high)) = interval { (number(low, 2, lang)) "\u{2060}–\u{2060}" (number(high, 2, lang)) }
            }
            td.number { (value.get("n").and_then(Value::as_u64).map_or_else(|| "–".to_owned(), |n| count(n, lang))) }
        }
    }
}
