//! What is published for good: `GET /releases` lists it, `GET /releases?number=H56_2026-Q2/1` shows one as it was sealed.

mod figures;

use super::layout::{self, Page, say};
use super::view::address;
use crate::auth::Actor;
use crate::domain::audit_chain::Hash;
use crate::error::{Error, FaultKind, Faults, Lang};
use crate::http::extract::{App, Query};
use crate::http::problem::Problem;
use crate::http::releases::{ReleaseBody, ReleasePage, WholeBody};
use crate::service::releases::{self, Number, ReleaseFilter, ReleaseQuery};
use actix_web::{HttpRequest, HttpResponse, get};
use maud::{Markup, html};

/// Releases on one page.
const LIMIT: i64 = 50;

/// What is asked for.
struct Wanted {
    lang: Lang,
    number: Option<Number>,
    cursor: Option<String>,
}

#[get("/releases")]
pub async fn show_releases(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let expected = "H56_2026-Q2/1";
    let (wanted, faults) = query.draft(|fields| Wanted {
        lang: layout::lang(fields),
        number: fields.optional("number", |raw| Number::parse(raw).ok_or(FaultKind::BadFormat { expected })),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    });
    let lang = wanted.lang;
    if !faults.is_empty() {
        let error = Error::invalid(faults.into_vec(), app.clock.now());
        return Ok(layout::send(&request, lang, Err(Problem(error))));
    }
    let page = match &wanted.number {
        Some(number) => one(&app, lang, number).await,
        None => list(&app, &wanted).await,
    };
    Ok(layout::send(&request, lang, page.map_err(Problem)))
}

/// The address of a release's page.
fn of_release(lang: Lang, number: &str) -> String {
    let mut pairs = vec![("number", number)];
    if lang == Lang::En {
        pairs.push(("lang", "en"));
    }
    address("/releases", &pairs)
}

async fn list(app: &App, wanted: &Wanted) -> Result<Page, Error> {
    let lang = wanted.lang;
    let query = ReleaseQuery {
        agency: None,
        filter: ReleaseFilter::default(),
        limit: LIMIT,
        cursor: wanted.cursor.clone(),
    };
    let page = ReleasePage::from(releases::list(app, &Actor::Anonymous, &query, Faults::default()).await?);
    let title = say(lang, "Công bố", "Releases");
    let next = page.next_cursor.as_deref().map(|cursor| {
        let lang = (lang == Lang::En).then_some(("lang", "en"));
        address("/releases", &std::iter::once(("cursor", cursor)).chain(lang).collect::<Vec<_>>())
    });
    Ok(Page {
        title: title.to_owned(),
        description: say(lang, "Các số liệu đã công bố và ký.", "Figures that were published and signed.")
            .to_owned(),
        main: html! {
            h1 { (title) }
            p { (say(
                lang,
                "Số liệu trong một bản công bố đã được ký và không bao giờ thay đổi. Bản đính chính là một bản mới, nêu rõ bản cũ.",
                "The figures of a release are signed and never change. A correction is a new release that names the old one.",
            )) }
            @if page.items.is_empty() { p { (say(lang, "Chưa có bản công bố nào.", "Nothing has been published yet.")) } }
            ul.found {
                @for release in &page.items {
                    @if let Some(number) = &release.number { li { (entry(lang, release, number)) } }
                }
            }
            @if let Some(next) = next { p { a.button href=(next) { (say(lang, "Xem tiếp", "More")) } } }
        },
    })
}

fn title(lang: Lang, release: &ReleaseBody) -> &str {
    say(lang, &release.title.vi, &release.title.en)
}

fn entry(lang: Lang, release: &ReleaseBody, number: &str) -> Markup {
    html! {
        a href=(of_release(lang, number)) { (title(lang, release)) }
        span.hint {
            " " (number) " · " (release.sealed_at.as_deref().map(day).unwrap_or_default())
            @if let Some(corrects) = &release.corrects {
                " · " (say(lang, "đính chính bản ", "corrects revision ")) (corrects.revision)
            }
        }
    }
}

/// The day of an instant in Viet Nam, as people write it.
fn day(instant: &str) -> String {
    let read = chrono::DateTime::parse_from_rfc3339(instant);
    read.map(|at| super::notation::day(crate::domain::period::day_of(at.to_utc()))).unwrap_or_default()
}

async fn one(app: &App, lang: Lang, number: &Number) -> Result<Page, Error> {
    let whole = releases::published(app, Some(number)).await?;
    let package = whole.release.seal.as_ref().map(|seal| seal.package);
    let body = WholeBody::try_from(whole)?;
    let heading = title(lang, &body.release).to_owned();
    Ok(Page {
        description: format!("{heading} ({number})"),
        main: html! {
            h1 { (heading) }
            p.hint { (number.to_string()) " · " (body.draft.publisher.name) " · " (body.release.sealed_at.as_deref().map(day).unwrap_or_default()) }
            @if let Some(corrects) = &body.draft.corrects {
                p.notice {
                    (say(lang, "Đính chính ", "Corrects "))
                    a href=(of_release(lang, &format!("{}/{}", number.series, corrects.revision))) { (number.series) "/" (corrects.revision) }
                    ": " (corrects.reason)
                }
            }
            (figures::contents(lang, &body))
            (proof(lang, number, &body, package))
        },
        title: heading,
    })
}

/// How the release is checked, and where it is downloaded.
fn proof(lang: Lang, number: &Number, body: &WholeBody, package: Option<Hash>) -> Markup {
    let file = format!("/v1/releases/{number}/package");
    html! {
        section.prose aria-labelledby="proof" {
            h2 #proof { (say(lang, "Tải về và kiểm tra", "Download and check")) }
            p { a.button href=(file) { (say(lang, "Tải gói công bố (tar)", "Download the package (tar)")) } }
            p { (say(
                lang,
                "Gói có số liệu (JSON, CSV), phương pháp và chữ ký. Kiểm tra không cần mạng, với khóa công khai lấy từ nguồn khác:",
                "The package has the figures (JSON, CSV), the method and the signature. It is checked without a network, with the public key from another source:",
            )) }
            pre { code { "sipas release verify " (number.series) "-" (number.revision) ".tar --key public.pem" } }
            dl {
                dt { (say(lang, "Khóa", "Key")) } dd { code { (body.release.key.as_deref().unwrap_or_default()) } " " a href="/v1/releases/keys" { (say(lang, "mọi khóa đã dùng", "all keys used")) } }
                @if let Some(package) = package { dt { "SHA-256" } dd { code { (package.to_string()) } } }
                dt { (say(lang, "Tính lúc", "Figures made")) } dd { (day(&body.draft.drafted_at)) }
            }
            p.hint { (say(
                lang,
                "Chữ ký chứng minh ai công bố và rằng không gì bị thay đổi sau đó; không chứng minh rằng số liệu là đúng.",
                "The signature proves who published this and that nothing was changed since; it does not prove that the figures are right.",
            )) }
        }
    }
}
