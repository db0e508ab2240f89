//! Looking for an agency by its name, with or without diacritics: `GET /agencies`.

use super::layout::{self, Page, say};
use super::refusals::of_agency;
use super::view::address;
use super::words::level_name;
use crate::domain::agency::AgencyCode;
use crate::domain::period::day_of;
use crate::domain::text;
use crate::error::{Error, FaultKind, Lang};
use crate::http::extract::{App, Query};
use crate::http::problem::Problem;
use crate::service::agencies::{self, AgencyPlace, AgencyQuery};
use actix_web::{HttpRequest, HttpResponse, get};
use maud::{Markup, html};

/// Agencies of one page of results.
const LIMIT: i64 = 50;

/// What is looked for.
struct Wanted {
    lang: Lang,
    name: Option<String>,
    cursor: Option<String>,
}

/// The search box.
pub fn form(lang: Lang, text: &str) -> Markup {
    html! {
        form.search role="search" action="/agencies" method="get" {
            @if lang == Lang::En { input type="hidden" name="lang" value="en"; }
            input type="search" name="q" value=(text) maxlength="100" autocomplete="off"
                aria-label=(say(lang, "Tên hoặc mã cơ quan", "Name or code of an agency"))
                placeholder=(say(lang, "Tìm cơ quan, ví dụ: Thanh Hóa", "Find an agency"));
            button { (say(lang, "Tìm", "Search")) }
        }
    }
}

#[get("/agencies")]
pub async fn find_agencies(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let (wanted, faults) = query.draft(|fields| Wanted {
        lang: layout::lang(fields),
        name: fields.optional("q", |raw| text::clean(raw, 100)).flatten(),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    });
    let lang = wanted.lang;
    if !faults.is_empty() {
        let error = Error::invalid(faults.into_vec(), app.clock.now());
        return Ok(layout::send(&request, lang, Err(Problem(error))));
    }
    Ok(layout::send(&request, lang, found(&app, &wanted).await.map_err(Problem)))
}

async fn found(app: &App, wanted: &Wanted) -> Result<Page, Error> {
    let lang = wanted.lang;
    let query = AgencyQuery {
        parent: None,
        level: None,
        name: wanted.name.clone(),
        valid_on: day_of(app.clock.now()),
        limit: LIMIT,
        cursor: wanted.cursor.clone(),
    };
    let (mut places, next) = agencies::list(app, &query).await?;
    let code = wanted.name.as_ref().and_then(|name| AgencyCode::parse(&name.to_uppercase()).ok());
    if let (Some(code), None) = (code, &wanted.cursor) {
        // Who types a code means that agency, also if it is over.
        places.extend(agencies::fetch(app, &code).await.ok().map(|record| record.place));
    }
    let above = agencies::names_above(app, &places).await?;
    let title = say(lang, "Tìm cơ quan", "Find an agency");
    Ok(Page {
        title: title.to_owned(),
        description: say(lang, "Danh sách cơ quan được người dân đánh giá.", "Agencies that citizens rate.")
            .to_owned(),
        main: html! {
            h1 { (title) }
            (form(lang, wanted.name.as_deref().unwrap_or_default()))
            @if places.is_empty() {
                p { (say(lang, "Không tìm thấy cơ quan hiện có nào mang tên này. Hãy thử ít chữ hơn; cơ quan đã kết thúc thì tìm bằng mã.", "No agency of today has this in its name. Try fewer words; agencies that ended are found by their code.")) }
            } @else {
                ul.found { @for (place, above) in places.iter().zip(&above) { (result(lang, place, above.as_ref())) } }
            }
            @if let Some(next) = next {
                p { a.button href=(further(wanted, &next)) { (say(lang, "Xem tiếp", "More")) } }
            }
        },
    })
}

fn result(lang: Lang, place: &AgencyPlace, above: Option<&String>) -> Markup {
    let agency = &place.agency;
    html! {
        li {
            a href=(of_agency(lang, agency.code.as_str())) lang="vi" { (agency.name) }
            span.hint {
                " " (agency.code) " · " (level_name(agency.level.as_str(), lang))
                @if let Some(parent) = above { " · " (say(lang, "thuộc ", "below ")) span lang="vi" { (parent) } }
            }
        }
    }
}

fn further(wanted: &Wanted, cursor: &str) -> String {
    let mut pairs = vec![("cursor", cursor)];
    pairs.extend(wanted.name.as_deref().map(|name| ("q", name)));
    if wanted.lang == Lang::En {
        pairs.push(("lang", "en"));
    }
    address("/agencies", &pairs)
}
