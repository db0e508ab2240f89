//! Two figures beside each other, and what their difference says.

use crate::chart::words::number;
use crate::error::Lang;
use crate::http::comparisons::ComparisonBody;
use crate::http::figures::{AgencyReference, PeriodBody, ValueBody};
use crate::http::pages::bars::bar;
use crate::http::pages::codes;
use crate::http::pages::notation::quantity;
use crate::http::pages::parts::{alike, confidence, interval, not_fielded, people, table, value, withheld};
use crate::http::pages::view::View;
use maud::{Markup, html};

/// The comparison of two agencies or, `by_period`, of two periods; `most` is the largest value they can have.
pub fn figure(view: &View, body: &ComparisonBody, by_period: bool, most: f64) -> Markup {
    let name = |agency: &AgencyReference, period: &PeriodBody| match (by_period, &period.code) {
        (true, Some(code)) => codes::period(code, view.lang),
        (true, None) => period.short(),
        (false, _) => agency.short_name(view.lang),
    };
    let first = name(&body.head.agency, &body.head.period);
    let second = name(&body.other.agency, &body.other.period);
    let unit = body.head.formula.unit;
    let head = [
        (if by_period { view.say("Kỳ", "Period") } else { view.say("Cơ quan", "Agency") }, false),
        (view.say("Chỉ số và khoảng tin cậy", "Index and interval"), false),
        (view.say("Số người", "People"), true),
    ];
    let row = |name: &str, figure: &ValueBody| {
        html! {
            tr {
                th scope="row" lang=[(!by_period).then_some("vi")] { (name) }
                td.measure {
                    (value(figure, unit, view)) " "
                    span.hint { (interval(figure.interval.as_ref(), view)) }
                    (bar(figure, most))
                }
                td.number { (people(figure, view)) }
            }
        }
    };
    let rows = html! { (row(&first, &body.first)) (row(&second, &body.second)) };
    html! {
        (not_fielded(&body.head, view))
        p.verdict { (verdict(view, body, (&first, &second))) }
        (table(view.say("Hai số liệu", "Two figures"), &head, &rows))
        @if body.first.suppressed || body.second.suppressed { (withheld(&body.head, view)) }
        (confidence(&body.head, view))
        (alike(view))
    }
}

/// The difference in a sentence, and whether it may be chance.
fn verdict(view: &View, body: &ComparisonBody, (first, second): (&str, &str)) -> String {
    let unit = codes::difference_unit(body.head.formula.unit, view.lang);
    let Some(difference) = body.difference else {
        return view
            .say(
                "Không so sánh được: một trong hai bên không có số liệu được công bố.",
                "They cannot be compared: one of the two has no published figure.",
            )
            .to_owned();
    };
    let of = |figure: &ValueBody| {
        figure.value.map(|value| quantity(value, body.head.formula.unit, view.lang)).unwrap_or_default()
    };
    let (one, two) = (of(&body.first), of(&body.second));
    let size = number(difference.abs(), 2, view.lang);
    let more = match (view.lang, difference) {
        (Lang::Vi, d) if d > 0.0 => format!("{first} ({one}) cao hơn {second} ({two}) {size} {unit}."),
        (Lang::Vi, d) if d < 0.0 => format!("{first} ({one}) thấp hơn {second} ({two}) {size} {unit}."),
        (Lang::Vi, _) => format!("{first} và {second} bằng nhau ({one})."),
        (Lang::En, d) if d > 0.0 => format!("{first} ({one}) is {size} {unit} above {second} ({two})."),
        (Lang::En, d) if d < 0.0 => format!("{first} ({one}) is {size} {unit} below {second} ({two})."),
        (Lang::En, _) => format!("{first} and {second} are equal ({one})."),
    };
    format!("{more} {}", certainty(view, body))
}

fn certainty(view: &View, body: &ComparisonBody) -> String {
    let percent = body.head.confidence_percent;
    let Some(interval) = &body.interval else {
        return view
            .say(
                "Dữ liệu chưa đủ để biết chênh lệch có phải ngẫu nhiên không.",
                "The data cannot tell whether that is chance.",
            )
            .to_owned();
    };
    let [low, high] = [interval.low, interval.high].map(|bound| number(bound, 2, view.lang));
    match (view.lang, body.distinguishable) {
        (Lang::Vi, Some(true)) => format!(
            "Chênh lệch này khó là ngẫu nhiên: khoảng tin cậy {percent} % của nó, từ {low} đến {high}, không chứa 0."
        ),
        (Lang::Vi, _) => format!(
            "Chênh lệch này có thể chỉ là ngẫu nhiên: khoảng tin cậy {percent} % của nó, từ {low} đến {high}, chứa 0."
        ),
        (Lang::En, Some(true)) => format!(
            "That is hardly chance: its {percent}% confidence interval, {low} to {high}, does not hold 0."
        ),
        (Lang::En, _) => {
            format!("That may be chance: its {percent}% confidence interval, {low} to {high}, holds 0.")
        }
    }
}
