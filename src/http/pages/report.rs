//! A report as a page: to be read, and to be printed. Without navigation, script or anything that is loaded later: what is
//! on paper is what is on the screen.

use super::bars::drawn;
use super::layout::say;
use super::notation::{count, day};
use crate::chart::words::number;
use crate::error::Lang;
use crate::http::reports::{Document, Holds, Part};
use crate::http::sheet::Cell;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The page.
pub fn page(document: &Document) -> String {
    let lang = document.lang;
    html! {
        (DOCTYPE)
        html lang=(say(lang, "vi", "en")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (document.title) " – SIPAS" }
                link rel="icon" href="/kiosk/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href=(crate::web::address("/assets/base.css"));
                link rel="stylesheet" href=(crate::web::address("/assets/dashboard.css"));
                link rel="stylesheet" href=(crate::web::address("/assets/report.css"));
            }
            body.report {
                main #main {
                    header {
                        h1 { (document.title) }
                        @if document.sample {
                            p.sample { (say(lang, "Số liệu minh họa, không phải số liệu thật.", "Invented for demonstration, not real figures.")) }
                        }
                        dl.facts { @for (label, value) in &document.facts { div { dt { (label) } dd { (value) } } } }
                    }
                    @for part in &document.parts { (section(part, lang)) }
                }
            }
        }
    }
    .into_string()
}

fn section(part: &Part, lang: Lang) -> Markup {
    html! {
        section id=(part.code) aria-labelledby={ (part.code) "-title" } {
            h2 id={ (part.code) "-title" } { (part.title) }
            @for note in &part.notes { p.hint { (note) } }
            @if let Some(picture) = &part.picture { figure.picture { (PreEscaped(without_declaration(picture))) } }
            div.scroll tabindex="0" role="region" aria-label=(part.title) {
                table {
                    caption.unseen { (part.title) }
                    thead { tr {
                        @for column in &part.columns {
                            th scope="col" class=[(column.holds == Holds::Number).then_some("number")] {
                                (column.label)
                                @if let Some(unit) = column.unit { " (" (unit) ")" }
                            }
                        }
                    } }
                    tbody { @for row in &part.rows { (line(part, row, lang)) } }
                }
            }
        }
    }
}

/// An SVG document as a part of a page.
fn without_declaration(picture: &str) -> &str {
    picture.find("<svg").and_then(|begin| picture.get(begin..)).unwrap_or_default()
}

fn line(part: &Part, row: &[Cell], lang: Lang) -> Markup {
    html! {
        tr {
            @for (place, (column, cell)) in part.columns.iter().zip(row).enumerate() {
                @if place == 0 {
                    th scope="row" { (words(cell, lang)) (bar(part, row)) }
                } @else {
                    td class=[(column.holds == Holds::Number).then_some("number")] { (words(cell, lang)) }
                }
            }
        }
    }
}

/// The value of a row as a bar with its interval, where the part has such.
fn bar(part: &Part, row: &[Cell]) -> Markup {
    let figure = |name: &str| match part.column(name).and_then(|place| row.get(place)) {
        Some(Cell::Decimal(figure)) => Some(*figure),
        _ => None,
    };
    html! {
        @if let Some((value, low, high, most)) = part.bars {
            (drawn(figure(value), figure(low).zip(figure(high)), most))
        }
    }
}

/// A cell as the reader writes it.
fn words(cell: &Cell, lang: Lang) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Integer(whole) => count(*whole, lang),
        Cell::Signed(whole) if *whole > 0 => format!("+{whole}"),
        Cell::Signed(whole) if *whole < 0 => format!("\u{2212}{}", whole.unsigned_abs()),
        Cell::Signed(_) => "0".to_owned(),
        Cell::Decimal(figure) => number(*figure, 2, lang),
        Cell::Exact(figure) => exact(*figure, lang),
        Cell::Truth(true) => say(lang, "có", "yes").to_owned(),
        Cell::Truth(false) => say(lang, "không", "no").to_owned(),
        Cell::Day(of) => day(*of),
        Cell::Empty => String::new(),
    }
}

/// A figure as others published it, with as many decimals as it has.
fn exact(figure: f64, lang: Lang) -> String {
    let decimals = figure.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len());
    number(figure, decimals, lang)
}
