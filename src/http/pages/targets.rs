//! What an agency shall reach, how far it is, and what keeps it from it most; only where a target holds.

use super::codes;
use super::layout::say;
use super::links;
use super::notation::{decimal, quantity};
use super::parts::table;
use super::view::{View, address};
use super::words::formula_name;
use crate::domain::subject::SubjectCode;
use crate::domain::target::Target;
use crate::error::{ErrorCode, Faults, Lang};
use crate::http::drags::{DragBody, DragsBody};
use crate::http::extract::App;
use crate::http::problem::Problem;
use crate::http::targets::{TargetList, TargetStanding};
use crate::service::drags::drags_of;
use crate::service::targets::{TargetsAsked, targets_of};
use maud::{Markup, html};

/// Criteria that are shown before the rest is asked for.
const FIRST: usize = 5;

/// Both sections; nothing for several agencies together, for a period that no target can be set for, or where none is.
pub async fn section(app: &App, view: &View) -> Result<Markup, Problem> {
    let period = view.period.code().and_then(|code| Target::parse_period(code).ok());
    let (SubjectCode::Agencies(codes), Some(period)) = (&view.asked.subject, period) else {
        return Ok(html! {});
    };
    let [agency] = codes.as_slice() else { return Ok(html! {}) };
    let (as_of, confidence) = (view.asked.as_of, view.asked.confidence);
    let asked = TargetsAsked { agency: agency.clone(), period: Some(period), as_of, confidence };
    let list = TargetList::from(&targets_of(app, &view.actor, &asked, Faults::default()).await?);
    if list.items.is_empty() {
        return Ok(html! {});
    }
    let drags = match drags_of(app, &view.actor, (&view.asked, None), Faults::default()).await {
        Ok(report) => Some(DragsBody::from(&report)),
        // The target is about another figure than is shown here.
        Err(error) if error.code == ErrorCode::ValidationFailed => None,
        Err(error) => return Err(Problem(error)),
    };
    Ok(html! {
        (targets(view, &list))
        @if let Some(drags) = drags.filter(|drags| drags.gap.is_some()) { (first(view, &drags)) }
    })
}

fn targets(view: &View, list: &TargetList) -> Markup {
    let head = [
        (view.say("Chỉ số", "Figure"), false),
        (view.say("Mục tiêu", "Target"), true),
        (view.say("Kết quả", "Result"), true),
        (view.say("Khoảng cách", "Distance"), true),
        (view.say("Đánh giá", "In words"), false),
    ];
    let rows = html! { @for item in &list.items { (row(view, item)) } };
    let period = view.period.code().unwrap_or_default();
    let file = |format: &str| {
        address(&format!("/v1/agencies/{}/targets", view.agency), &[("period", period), ("format", format)])
    };
    html! {
        section aria-labelledby="targets" {
            h2 #targets { (view.say("Mục tiêu", "Targets")) }
            (table(view.say("Mục tiêu và kết quả", "Targets and results"), &head, &rows))
            nav.files aria-label=(view.say("Tải các mục tiêu này", "These targets as a file")) {
                a href=(file("csv")) { "CSV" }
                a href=(file("xlsx")) { "XLSX" }
                a href=(file("json")) { (view.say("Yêu cầu phía sau số liệu này", "The request behind this figure")) }
            }
        }
    }
}

fn row(view: &View, item: &TargetStanding) -> Markup {
    let (target, lang) = (&item.target, view.lang);
    html! {
        tr {
            th scope="row" {
                (item.name.get(lang))
                @if let Some(figure) = &item.figure { span.range { (formula_name(figure.formula, lang)) } }
            }
            td.number {
                @if let Some(value) = target.at_least {
                    (view.say("ít nhất ", "at least ")) strong.amount { (quantity(value, item.unit, lang)) } " "
                }
                @if let Some(rank) = target.rank_at_most {
                    (view.say("hạng ", "rank ")) (rank) (view.say(" trở lên ", " or better "))
                }
                span.range { (codes::period(&target.period, lang)) }
                @if item.inherited { span.range { (view.say("của ", "of ")) (item.set_for.name) } }
            }
            td.number { (result(view, item)) }
            td.number { (far(view, item)) }
            td { (state(item.state, lang)) }
        }
    }
}

fn result(view: &View, item: &TargetStanding) -> Markup {
    let index = item.index.as_ref();
    let whole = item.figure.as_ref().map(|figure| &figure.whole);
    let value = whole.and_then(|whole| whole.value).or_else(|| index.and_then(|index| index.value));
    let interval = whole.and_then(|whole| whole.interval.as_ref());
    html! {
        @if let Some(value) = value { strong.amount { (quantity(value, item.unit, view.lang)) } }
        @if let Some(interval) = interval {
            span.range { (decimal(interval.low, view.lang)) " – " (decimal(interval.high, view.lang)) }
        }
        @if let Some((rank, out_of)) = index.and_then(|index| index.rank.zip(index.out_of)) {
            span.range { (view.say("hạng ", "rank ")) (rank) "/" (out_of) }
        }
        @if value.is_none() && index.is_none_or(|index| index.rank.is_none()) { "–" }
    }
}

/// How far, in words: a plus or minus sign is easily overlooked.
fn far(view: &View, item: &TargetStanding) -> Markup {
    let amount = |distance: f64| quantity(distance.abs(), item.unit, view.lang);
    html! {
        @match item.distance {
            Some(distance) if distance < 0.0 => { (view.say("còn thiếu ", "short by ")) (amount(distance)) }
            Some(distance) if distance > 0.0 => { (view.say("vượt ", "above by ")) (amount(distance)) }
            Some(_) => { (view.say("đúng bằng", "exactly")) }
            None if item.places.is_none() => { "–" }
            None => {}
        }
        @if let Some(places) = item.places {
            span.range {
                @if places < 0 { (view.say("kém ", "below by ")) } @else { (view.say("hơn ", "above by ")) }
                (places.unsigned_abs()) (view.say(" bậc", " places"))
            }
        }
    }
}

/// A state in words.
pub fn state(code: &str, lang: Lang) -> &str {
    match code {
        "met" => say(lang, "Đạt", "Reached"),
        "missed" => say(lang, "Chưa đạt", "Not reached"),
        "not_distinguishable" => say(
            lang,
            "Chưa thể nói chắc: mục tiêu nằm trong khoảng tin cậy, hoặc không có khoảng tin cậy",
            "Cannot be told: the target lies within the interval, or there is none",
        ),
        "no_value" => say(lang, "Chưa có số liệu", "No figure yet"),
        "suppressed" => say(lang, "Không công bố vì ít người trả lời", "Withheld: too few people answered"),
        other => other,
    }
}

fn first(view: &View, body: &DragsBody) -> Markup {
    let unit = body.head.formula.unit;
    let counted = || body.criteria.iter().filter(|drag| drag.contribution.is_some());
    html! {
        section aria-labelledby="drags" {
            h2 #drags { (view.say("Kéo xuống nhiều nhất", "What to change first")) }
            p.hint {
                (view.say(
                    "Mỗi tiêu chí góp bao nhiêu vào khoảng cách tới mục tiêu: lớn hơn 0 là kéo kết quả chung xuống, nhỏ hơn 0 là nâng lên. Khoảng cách: ",
                    "How much each criterion contributes to the gap: above 0 it pulls the whole down, below 0 it lifts it. The gap: ",
                ))
                (body.gap.map_or_else(String::new, |gap| quantity(gap, unit, view.lang))) "."
            }
            (drags(view, caption(view, true), unit, counted().take(FIRST)))
            @if counted().count() > FIRST {
                details {
                    summary { (view.say("Các tiêu chí còn lại", "The other criteria")) }
                    (drags(view, caption(view, false), unit, counted().skip(FIRST)))
                }
            }
            (links::under(view, "/drags", &[], false))
        }
    }
}

/// Two tables are told apart by their names.
fn caption<'t>(view: &View, is_first: bool) -> &'t str {
    if is_first {
        view.say("Các tiêu chí kéo xuống nhiều nhất", "The criteria that contribute most")
    } else {
        view.say("Phần của các tiêu chí còn lại", "What the other criteria contribute")
    }
}

fn drags<'d>(
    view: &View,
    caption: &str,
    unit: &'static str,
    drags: impl Iterator<Item = &'d DragBody>,
) -> Markup {
    let head = [
        (view.say("Tiêu chí", "Criterion"), false),
        (view.say("Kết quả", "Result"), true),
        (view.say("Phần trong khoảng cách", "Part of the gap"), true),
        (view.say("So với mục tiêu", "Against the target"), false),
    ];
    let rows = html! {
        @for drag in drags {
            tr {
                th scope="row" { (drag.text.get(view.lang)) }
                td.number {
                    @if let Some(value) = drag.value.value { strong.amount { (quantity(value, unit, view.lang)) } }
                    @if let Some(interval) = &drag.value.interval {
                        span.range { (decimal(interval.low, view.lang)) " – " (decimal(interval.high, view.lang)) }
                    }
                }
                td.number { (drag.contribution.map_or_else(String::new, |part| quantity(part, unit, view.lang))) }
                td { (state(drag.state, view.lang)) }
            }
        }
    };
    table(caption, &head, &rows)
}
