//! Picture and table of a series.

use crate::http::pages::codes;
use crate::http::pages::parts::{alike, confidence, interval, not_fielded, people, table, value, withheld};
use crate::http::pages::plot::{Plot, legend};
use crate::http::pages::view::View;
use crate::http::series::{PointBody, SeriesBody};
use maud::{Markup, html};

/// The series, whose values lie within `limits`.
pub fn figure(view: &View, body: &SeriesBody, limits: (f64, f64)) -> Markup {
    let plot = Plot::of(body, limits, view);
    let shown = body.shown();
    let several = body.segments.len() > 1;
    let mut head = vec![(view.say("Kỳ", "Period"), false), (view.say("Giá trị", "Value"), true)];
    head.push((view.say("Khoảng tin cậy", "Interval"), true));
    head.push((view.say("Số người", "People"), true));
    if several {
        head.push((view.say("Phiếu", "Questionnaire"), false));
    }
    let rows = html! {
        @for run in shown.chunk_by(|one, next| told(view, one).is_some() && told(view, one) == told(view, next)) {
            @match run {
                [first, ..] if told(view, first).is_some() => { (empty(view, run, head.len())) }
                run => { @for point in run { (row(view, body, point, several)) } }
            }
        }
    };
    html! {
        (not_fielded(&body.head, view))
        @if shown.iter().any(|point| point.value.value.is_some()) { (plot.draw()) (legend(&plot, view.lang)) }
        @for (_, found) in body.broken(&shown) {
            p.break {
                strong { (view.say("Không so sánh được: ", "Not comparable: ")) }
                (body.label(found, view.lang))
            }
        }
        (table(view.say("Giá trị theo thời gian", "Values over time"), &head, &rows))
        @if shown.iter().any(|point| point.value.suppressed) { (withheld(&body.head, view)) }
        @if shown.iter().any(|point| point.value.interval.is_some()) { (confidence(&body.head, view)) (alike(view)) }
    }
}

/// Why a point has no value; such points in a row share one line of the table.
fn told(view: &View, point: &PointBody) -> Option<&'static str> {
    match point {
        point if point.from > view.around.today => Some(view.say("chưa đến", "not begun")),
        PointBody { value, .. } if value.suppressed => Some(view.say("không công bố*", "withheld*")),
        PointBody { value, .. } if value.value.is_none() => {
            Some(view.say("chưa có người trả lời", "nobody answered"))
        }
        _ => None,
    }
}

/// The period of a point, with a star if it is not all of it.
fn period(view: &View, point: &PointBody) -> String {
    codes::period(&point.code, view.lang) + if point.partial { "*" } else { "" }
}

/// The line of points without a value.
fn empty(view: &View, run: &[&PointBody], columns: usize) -> Markup {
    html! {
        tr {
            th scope="row" {
                @if let [first, ..] = run { (period(view, first)) }
                @if let [_, .., last] = run { " – " (period(view, last)) }
            }
            td colspan=(columns - 1) {
                span.hint { (run.first().and_then(|point| told(view, point)).unwrap_or_default()) }
            }
        }
    }
}

fn row(view: &View, body: &SeriesBody, point: &PointBody, several: bool) -> Markup {
    let asked = body.segments.get(point.segment);
    html! {
        tr {
            th scope="row" { (period(view, point)) }
            td.number { (value(&point.value, body.head.formula.unit, view)) }
            td.number { (interval(point.value.interval.as_ref(), view)) }
            td.number { (people(&point.value, view)) }
            @if several {
                td { @if let Some(segment) = asked { (segment.questionnaire) " " (segment.version) ", " (segment.formula) } }
            }
        }
    }
}
