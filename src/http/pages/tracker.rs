//! Where an agency stands by the indices that others publish: `GET /tracker`. Needs no survey: what it shows was entered.

mod rows;

use super::codes;
use super::layout::{self, Page, say};
use super::parts::{choices, table};
use super::refusals::of_agency;
use super::view::address;
use crate::auth::Actor;
use crate::domain::measure::Frequency;
use crate::domain::measure_value::Holder;
use crate::domain::period::{Period, day_of};
use crate::domain::subject::COUNTRY_WORD;
use crate::error::{Error, ErrorCode, Lang};
use crate::http::extract::{App, Query};
use crate::http::figures::AgencyReference;
use crate::http::problem::Problem;
use crate::http::tracker::{TrackerBody, TrackerItem};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::Datelike;
use maud::{Markup, html};

/// Years to choose from, this one included: as far back as the SIPAS that is published goes.
const YEARS: i32 = 10;

/// What the page is asked for.
struct Asked {
    lang: Lang,
    agency: Option<Holder>,
    period: Option<Period>,
}

/// Shows the tracker.
#[get("/tracker")]
pub async fn show_tracker(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let (asked, faults) = query.draft(|fields| Asked {
        lang: layout::lang(fields),
        agency: fields.optional("agency", |raw| Ok(Holder::parse(raw).ok())).unwrap_or(Some(Holder::Country)),
        period: fields.optional("period", Frequency::any_period),
    });
    let page = if faults.is_empty() {
        page(&app, &asked).await.map_err(Problem)
    } else {
        Err(Problem(Error::invalid(faults.into_vec(), app.clock.now())))
    };
    Ok(layout::send(&request, asked.lang, page))
}

/// Address of the tracker of an agency.
pub fn of(lang: Lang, agency: &str, period: Option<&str>) -> String {
    let mut pairs = vec![("agency", agency)];
    pairs.extend(period.map(|period| ("period", period)));
    if lang == Lang::En {
        pairs.push(("lang", "en"));
    }
    address("/tracker", &pairs)
}

async fn page(app: &App, asked: &Asked) -> Result<Page, Error> {
    let holder = asked.agency.as_ref().ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    // As nobody in particular, whoever asks.
    let body = TrackerBody::fetch(app, &Actor::Anonymous, holder, asked.period.as_ref()).await?;
    let (lang, this_year) = (asked.lang, day_of(app.clock.now()).year());
    let title = say(lang, "Theo dõi các chỉ số", "Index tracker");
    let name = agency_name(&body.agency, lang);
    let of_period = body.period.as_deref().map_or_else(
        || say(lang, "số liệu mới nhất", "the newest values").to_owned(),
        |code| codes::period(code, lang),
    );
    Ok(Page {
        title: format!("{title}: {name}, {of_period}"),
        description: match lang {
            Lang::Vi => format!(
                "{name}: giá trị, thứ hạng và thay đổi của PAR Index, SIPAS, PAPI, PCI và các chỉ số khác."
            ),
            Lang::En => {
                format!("{name}: values, ranks and changes of PAR Index, SIPAS, PAPI, PCI and other indices.")
            }
        },
        main: html! {
            div.place {
                p { (title) }
                h1 { span lang=[(body.agency.code != COUNTRY_WORD).then_some("vi")] { (name) } ", " (of_period) }
                // Of an agency that ended nothing is measured today.
                @if body.successors.is_empty() {
                    p { a href=(of_agency(lang, &body.agency.code)) { (say(lang, "Chỉ số hài lòng do hệ thống này đo", "The satisfaction that this service measures")) } }
                }
                (relatives(lang, &body, asked.period.as_ref()))
            }
            (years(lang, &body, this_year))
            section {
                h2 { (say(lang, "Các chỉ số đã công bố", "Published indices")) }
                (published(lang, &body))
                (files(lang, &body))
            }
            (computed(lang, &body))
        },
    })
}

/// The agency's name, the country's in the reader's language.
fn agency_name(agency: &AgencyReference, lang: Lang) -> String {
    if agency.code == COUNTRY_WORD {
        say(lang, "Cả nước", "The whole country").to_owned()
    } else {
        agency.name.clone()
    }
}

/// Ways to the agencies before and after a merger, whose values are their own.
fn relatives(lang: Lang, body: &TrackerBody, period: Option<&Period>) -> Markup {
    let period = period.and_then(Period::code);
    let list = |label: &str, others: &[AgencyReference]| {
        html! {
            @if !others.is_empty() {
                p { (label) " "
                    @for (place, other) in others.iter().enumerate() {
                        @if place > 0 { ", " }
                        a href=(of(lang, &other.code, period)) lang="vi" { (other.name) }
                    }
                }
            }
        }
    };
    html! {
        (list(say(lang, "Tiếp nối công việc của:", "Goes on with the work of:"), &body.predecessors))
        (list(say(lang, "Nay thuộc về:", "Became part of:"), &body.successors))
    }
}

fn years(lang: Lang, body: &TrackerBody, this_year: i32) -> Markup {
    let newest = say(lang, "Mới nhất", "Newest").to_owned();
    let mut all = vec![(newest, of(lang, &body.agency.code, None), body.period.is_none())];
    for year in (this_year - YEARS + 1..=this_year).rev() {
        let code = year.to_string();
        let chosen = body.period.as_deref() == Some(&code);
        let link = of(lang, &body.agency.code, Some(&code));
        all.push((code, link, chosen));
    }
    choices(say(lang, "Năm", "Year"), &all)
}

fn published(lang: Lang, body: &TrackerBody) -> Markup {
    let (shown, missing): (Vec<&TrackerItem>, Vec<&TrackerItem>) = body
        .items
        .iter()
        .partition(|item| item.entry.is_some() || item.responsible.is_some() || item.target.is_some());
    let head = [
        (say(lang, "Chỉ số", "Index"), false),
        (say(lang, "Giá trị", "Value"), true),
        (say(lang, "Thứ hạng", "Rank"), true),
        (say(lang, "So với kỳ trước", "Against the period before"), false),
        (say(lang, "Mục tiêu", "Target"), false),
        (say(lang, "Đơn vị phụ trách", "Responsible"), false),
        (say(lang, "Nguồn", "Source"), false),
    ];
    let rows = html! { @for item in &shown { (rows::row(lang, item)) } };
    html! {
        @if shown.is_empty() {
            p.notice { (say(lang, "Chưa có số liệu nào được nhập cho kỳ này.", "Nothing has been entered for this period.")) }
        } @else {
            (table(say(lang, "Các chỉ số đã công bố", "Published indices"), &head, &rows))
            p.hint { (say(lang,
                "Số liệu do các cơ quan khác công bố, được nhập từ tài liệu nêu ở cột nguồn; hệ thống này không tính. Ô trống là chưa công bố hoặc chưa nhập, không phải bằng 0.",
                "Published by others and entered from the documents in the last column; this service computes none of it. An empty cell is not published or not entered, which is not zero.",
            )) }
        }
        @if !shown.is_empty() && !missing.is_empty() {
            p.hint { (say(lang, "Chưa nhập: ", "Not entered: "))
                @for (place, item) in missing.iter().enumerate() { @if place > 0 { "; " } (item.measure.name.get(lang)) }
                "."
            }
        }
    }
}

/// The same table as a file, and the request behind it.
fn files(lang: Lang, body: &TrackerBody) -> Markup {
    let path = format!("/v1/agencies/{}/measures", body.agency.code);
    let file = |format: &str| {
        let mut pairs: Vec<(&str, &str)> =
            body.period.as_deref().map(|period| ("period", period)).into_iter().collect();
        pairs.push(("format", format));
        address(&path, &pairs)
    };
    html! {
        nav.files aria-label=(say(lang, "Tải bảng này", "This table as a file")) {
            a href=(file("csv")) { "CSV" }
            a href=(file("xlsx")) { "XLSX" }
            a href=(file("json")) { (say(lang, "Yêu cầu phía sau bảng này", "The request behind this table")) }
            a href="/docs/" { (say(lang, "Tài liệu API", "About the API")) }
        }
    }
}

fn computed(lang: Lang, body: &TrackerBody) -> Markup {
    html! {
        @if !body.computed.is_empty() {
            section {
                h2 { (say(lang, "Do hệ thống này tính, không phải chỉ số đã công bố", "Computed by this service, not the published indices")) }
                ul.others { @for figure in &body.computed { (rows::computed(lang, figure)) } }
            }
        }
    }
}
