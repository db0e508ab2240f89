//! "Bà con nói, cơ quan làm": what an agency makes of comments, as a section below its figures and as a page of its own:
//! `GET /answers`. Shows the body of the API's list and nothing else.

use super::layout::{self, Page, say};
use super::notation::{count, day};
use super::refusals::of_agency;
use super::view::{View, address};
use crate::auth::Actor;
use crate::chart::words::number;
use crate::domain::agency::AgencyCode;
use crate::domain::tree::Depth;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Lang};
use crate::http::extract::{App, Query};
use crate::http::problem::Problem;
use crate::http::undertakings::{AnsweringBody, UndertakingBody, UndertakingPageBody, WordsBody};
use crate::service::agencies;
use crate::service::undertakings::{self, UndertakingQuery};
use actix_web::{HttpRequest, HttpResponse, get};
use maud::{Markup, html};

/// Undertakings below an agency's figures.
const NEWEST: i64 = 5;

/// Undertakings of a page of their own.
const LIMIT: i64 = 50;

/// What is looked for.
struct Wanted {
    lang: Lang,
    agency: Option<AgencyCode>,
    cursor: Option<String>,
}

/// The newest ones of the page's agency, if anything was said or could have been.
pub async fn section(app: &App, view: &View) -> Result<Markup, Problem> {
    let [agency] = view.around.agencies.as_slice() else { return Ok(html! {}) };
    let body = fetch(app, &agency.code, NEWEST, None).await?;
    let all = place(view.lang, agency.code.as_str(), None);
    Ok(html! {
        @if body.answering.months > 0 || !body.items.is_empty() {
            section aria-labelledby="answers" {
                h2 #answers { (title(view.lang)) }
                (answering(view.lang, &body.answering))
                (items(view.lang, &body.items, agency.code.as_str()))
                @if !body.items.is_empty() { p { a.button href=(all) { (view.say("Xem tất cả", "See all")) } } }
            }
        }
    })
}

#[get("/answers")]
pub async fn show_answers(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let (wanted, faults) = query.draft(|fields| Wanted {
        lang: layout::lang(fields),
        agency: fields.required("agency", AgencyCode::parse),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    });
    let lang = wanted.lang;
    if !faults.is_empty() {
        let error = Error::invalid(faults.into_vec(), app.clock.now());
        return Ok(layout::send(&request, lang, Err(Problem(error))));
    }
    Ok(layout::send(&request, lang, page(&app, &wanted).await))
}

async fn page(app: &App, wanted: &Wanted) -> Result<Page, Problem> {
    let lang = wanted.lang;
    let code = wanted.agency.as_ref().ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let body = fetch(app, code, LIMIT, wanted.cursor.clone()).await?;
    let agency = agencies::fetch(app, code).await?.place.agency;
    let title = format!("{}: {}", title(lang), agency.name);
    let description = say(
        lang,
        "Cơ quan đã làm gì với góp ý của người dân.",
        "What the agency did about what people wrote.",
    );
    let file = |format| address(&format!("/v1/agencies/{code}/undertakings"), &[("format", format)]);
    Ok(Page {
        main: html! {
            h1 { (self::title(lang)) }
            p { a href=(of_agency(lang, code.as_str())) lang="vi" { (agency.name) } }
            (answering(lang, &body.answering))
            (items(lang, &body.items, code.as_str()))
            @if let Some(next) = &body.next_cursor {
                p { a.button href=(place(lang, code.as_str(), Some(next))) { (say(lang, "Xem tiếp", "More")) } }
            }
            nav.files aria-label=(say(lang, "Tải danh sách này", "This list as a file")) {
                a href=(file("csv")) { "CSV" }
                a href=(file("xlsx")) { "XLSX" }
                a href=(file("json")) { (say(lang, "Yêu cầu phía sau danh sách này", "The request behind this list")) }
            }
        },
        title,
        description: description.to_owned(),
    })
}

async fn fetch(
    app: &App,
    code: &AgencyCode,
    limit: i64,
    cursor: Option<String>,
) -> Result<UndertakingPageBody, Problem> {
    let depth = Depth::Subtree;
    let query = UndertakingQuery { depth, survey: None, month: None, state: None, limit, cursor };
    let page = undertakings::list(app, &Actor::Anonymous, Some(code), &query, Faults::default()).await?;
    Ok(UndertakingPageBody::new(app, page))
}

fn title(lang: Lang) -> &'static str {
    say(lang, "Bà con nói, cơ quan làm", "You said, we did")
}

/// The address of the page of an agency.
fn place(lang: Lang, code: &str, cursor: Option<&str>) -> String {
    let mut pairs = vec![("agency", code)];
    pairs.extend(cursor.map(|cursor| ("cursor", cursor)));
    if lang == Lang::En {
        pairs.push(("lang", "en"));
    }
    address("/answers", &pairs)
}

/// How soon the agency answers, in a sentence.
fn answering(lang: Lang, body: &AnsweringBody) -> Markup {
    let figure = |count_of: usize| count(u64::try_from(count_of).unwrap_or(u64::MAX), lang);
    html! {
        p {
            @if body.months == 0 {
                (say(lang, "Chưa có tháng nào có góp ý để trả lời.", "No month has comments to be answered yet."))
            } @else if lang == Lang::Vi {
                "Có góp ý trong " (figure(body.months)) " tháng, cơ quan đã trả lời " (figure(body.answered)) " tháng"
                @if let Some(days) = body.median_days { ", một nửa trong vòng " (number(days, 1, lang)) " ngày sau khi hết tháng" }
                "."
            } @else {
                "People commented in " (figure(body.months)) " months, of which " (figure(body.answered)) " were answered"
                @if let Some(days) = body.median_days { ", half of them within " (number(days, 1, lang)) " days after the month" }
                "."
            }
            @if body.overdue > 0 {
                " " (say(lang, "Cam kết quá hạn: ", "Promises overdue: ")) (body.overdue) "."
            }
        }
        p.hint { (say(lang,
            "Mỗi tháng của một đợt khảo sát tại một cơ quan tính riêng; góp ý của người dân được giữ kín, cơ quan tóm tắt bằng lời của mình.",
            "Each month of one survey at one agency counts by itself. Comments are confidential; the agency sums them up in its own words.",
        )) }
    }
}

fn items(lang: Lang, items: &[UndertakingBody], of: &str) -> Markup {
    html! {
        @if items.is_empty() {
            p { (say(lang, "Cơ quan chưa trả lời góp ý nào.", "The agency has not answered any comments yet.")) }
        } @else {
            ul.found { @for one in items { li { (item(lang, one, of)) } } }
        }
    }
}

fn item(lang: Lang, one: &UndertakingBody, of: &str) -> Markup {
    let month = one.month.split_once('-').map(|(year, month)| format!("{month}/{year}")).unwrap_or_default();
    html! {
        p.hint {
            (say(lang, "Góp ý tháng ", "Comments of ")) (month)
            @if let Some(topic) = &one.topic_text { " · " (words(lang, topic)) }
            @if one.agency.code != of { " · " span lang="vi" { (one.agency.name) } }
        }
        @if let (Some(said), Some(did)) = (&one.you_said, &one.we_did) {
            p { strong { (say(lang, "Bà con nói: ", "You said: ")) } (words(lang, said)) }
            p { strong { (say(lang, "Cơ quan làm: ", "We did: ")) } (words(lang, did)) }
        }
        p.hint {
            (state(lang, one))
            @if one.comments.few { " · " (say(lang, "trả lời một vài góp ý", "answers a few comments")) }
            @if let Some(many @ 1..) = one.comments.count {
                " · " (say(lang, "trả lời ", "answers ")) (count(many, lang)) (say(lang, " góp ý", " comments"))
            }
            @if let Some(reason) = &one.reason {
                " · " (if one.you_said.is_some() { say(lang, "đã sửa: ", "corrected: ") } else { say(lang, "lý do: ", "because: ") })
                span lang="vi" { (reason) }
            }
        }
    }
}

fn state(lang: Lang, one: &UndertakingBody) -> Markup {
    html! {
        @match (one.state, one.day) {
            ("done", Some(on)) => { (say(lang, "Đã làm ngày ", "Done on ")) (day(on)) }
            ("promised", Some(by)) => {
                (say(lang, "Hứa làm trước hết ngày ", "Promised by ")) (day(by))
                @if one.overdue { strong { (say(lang, ", quá hạn", ", overdue")) } }
            }
            _ => { strong { (say(lang, "Cơ quan đã rút lại nội dung này", "The agency has withdrawn this")) } }
        }
    }
}

/// The text in the reader's language, or the Vietnamese one marked as such.
fn words(lang: Lang, words: &WordsBody) -> Markup {
    match (lang, &words.en) {
        (Lang::En, Some(en)) => html! { (en) },
        _ => html! { span lang="vi" { (words.vi) } },
    }
}
