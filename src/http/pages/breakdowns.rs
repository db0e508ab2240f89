//! The figure by groups of people: `GET /breakdown`.

use super::bars::bar;
use super::layout;
use super::parts::{choices, confidence, interval, not_fielded, people, table, value, withheld};
use super::view::View;
use super::ways::explained;
use super::{codes, frame, links};
use crate::domain::facet::Facet;
use crate::error::Faults;
use crate::http::breakdowns::{BreakdownBody, SliceBody};
use crate::http::extract::{App, Query};
use crate::http::figures::ValueBody;
use crate::http::problem::Problem;
use crate::service::breakdowns;
use actix_web::{HttpRequest, HttpResponse, get};
use maud::{Markup, html};

/// Facets that everybody may ask for, as `service::visibility::slices` has it; of others the page says so.
const OFFERED: [Facet; 3] = [Facet::Channel, Facet::Gender, Facet::AgeBand];

/// Shows the breakdown.
#[get("/breakdown")]
pub async fn show_breakdown(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let by = |fields: &mut crate::http::fields::Fields<'_>| fields.optional("by", Facet::parse);
    let (lang, read) = View::read(&app, "/breakdown", query, by).await;
    let page = match read {
        Ok((view, by)) => section(&app, &view, by.unwrap_or(Facet::Channel))
            .await
            .map(|section| frame::page(&view, view.say("Theo nhóm", "By group"), section)),
        Err(problem) => Err(problem),
    };
    Ok(layout::send(&request, lang, page))
}

async fn section(app: &App, view: &View, by: Facet) -> Result<Markup, Problem> {
    let shown = match breakdowns::read(app, &view.actor, (&view.asked, Some(by)), Faults::default()).await {
        Ok(report) => {
            let version = &report.head.survey.questionnaire;
            let most = report.head.formula.range(version.criteria.len()).1;
            // See `service::breakdowns`: those are in no slice of the public.
            let is_whole = version.optional().is_empty();
            html! {
                (figure(view, &BreakdownBody::from(&report), most, is_whole))
                (links::under(view, "/breakdown", &[("by", by.as_str())], false))
            }
        }
        Err(error) => explained(view, error)?,
    };
    let facets = OFFERED.map(|facet| {
        let text = codes::facet(facet.as_str(), view.lang).to_owned();
        (text, view.link(&[("by", Some(facet.as_str()))]), facet == by)
    });
    Ok(html! {
        section {
            h2 { (view.say("Chỉ số hài lòng theo nhóm người trả lời", "Satisfaction index by group")) }
            div.pickers { (choices(view.say("Phân theo", "By"), &facets)) }
            (shown)
        }
    })
}

fn figure(view: &View, body: &BreakdownBody, most: f64, is_whole: bool) -> Markup {
    let head = [
        (codes::facet(body.by, view.lang), false),
        (view.say("Chỉ số và khoảng tin cậy", "Index and interval"), false),
        (view.say("Số người", "People"), true),
    ];
    let name = |slice: &SliceBody| match (&slice.name, &slice.value_code) {
        (Some(name), _) => name.clone(),
        (None, Some(code)) => codes::facet_value(body.by, code, view.lang).to_owned(),
        (None, None) => view.say("Không cho biết", "Not told").to_owned(),
    };
    let unit = body.head.formula.unit;
    let rows = html! {
        @for slice in &body.slices { (row(view, &name(slice), &slice.value, (unit, most))) }
        @if is_whole { (row(view, view.say("Tất cả", "Everybody"), &body.all, (unit, most))) }
    };
    let is_withheld = body.all.suppressed || body.slices.iter().any(|slice| slice.value.suppressed);
    html! {
        (not_fielded(&body.head, view))
        @if body.slices.is_empty() {
            p.notice { (view.say("Chưa có người trả lời trong kỳ này.", "Nobody answered in this period.")) }
        } @else {
            (table(view.say("Chỉ số theo nhóm", "Index by group"), &head, &rows))
            @if !is_whole {
                p {
                    (view.say("Tất cả mọi người: ", "Everybody: ")) (value(&body.all, unit, view)) ". "
                    (view.say(
                        "Chỉ số của các nhóm được tính không có các câu hỏi được phép bỏ qua, để không lộ câu trả lời của ít người; vì vậy chỉ so các nhóm với nhau, không so với chỉ số chung.",
                        "The index of groups is made without the questions that may be skipped, so that nothing is told of what few answered; so compare groups with each other, not with that of everybody.",
                    ))
                }
            }
            @if is_withheld { (withheld(&body.head, view)) }
            p.hint {
                (view.say(
                    "Các nhóm là những người khác nhau, trả lời về những cơ quan khác nhau; chênh lệch giữa các nhóm chưa nói lên nguyên nhân.",
                    "Groups are different people who answered about different agencies; a difference between them tells no cause.",
                ))
            }
            (confidence(&body.head, view))
        }
    }
}

fn row(view: &View, name: &str, figure: &ValueBody, (unit, most): (&str, f64)) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td.measure {
                (value(figure, unit, view)) " "
                span.hint { (interval(figure.interval.as_ref(), view)) }
                (bar(figure, most))
            }
            td.number { (people(figure, view)) }
        }
    }
}
