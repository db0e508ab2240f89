//! What all pages have in common: head, navigation, foot, and how a page or a refusal is sent.

use super::{POLICY, is_tracking, refusals, search};
use crate::error::{Error, ErrorCode, FaultKind, Lang};
use crate::http::extract::language;
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::reply::{MAX_AGE_SECONDS, bytes};
use actix_web::http::header::{self, CONTENT_SECURITY_POLICY, CacheDirective};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError};
use maud::{DOCTYPE, Markup, html};
use sha2::{Digest, Sha256};

/// A page before its frame is put around it.
pub struct Page {
    /// Title of the window; the name of the service is added.
    pub title: String,
    /// What the page shows, in a sentence for search engines.
    pub description: String,
    /// Content of `<main>`, from its only `<h1>` on.
    pub main: Markup,
}

/// The one of two texts that is in the language.
pub fn say<'t>(lang: Lang, vi: &'t str, en: &'t str) -> &'t str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}

/// The language of the page: `lang=vi|en`, Vietnamese if nothing is said. Not `Accept-Language`: a link shows
/// everybody the same.
pub fn lang(fields: &mut Fields<'_>) -> Lang {
    let read = |raw: &str| match raw {
        "vi" => Ok(Lang::Vi),
        "en" => Ok(Lang::En),
        _ => Err(FaultKind::NotAllowed { allowed: &["vi", "en"] }),
    };
    fields.optional("lang", read).unwrap_or(Lang::Vi)
}

/// Sends the page, or one that says what was wrong.
pub fn send(request: &HttpRequest, lang: Lang, page: Result<Page, Problem>) -> HttpResponse {
    match page {
        Ok(page) => {
            let text = framed(request, lang, &page).into_string();
            let keep = vec![CacheDirective::Public, CacheDirective::MaxAge(MAX_AGE_SECONDS)];
            let digest = Sha256::digest(&text);
            let mut response = bytes(request, "text/html; charset=utf-8", text.as_bytes(), &digest, keep);
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
            response
        }
        Err(problem) => refused(request, lang, &problem),
    }
}

fn refused(request: &HttpRequest, lang: Lang, problem: &Problem) -> HttpResponse {
    let page = refusals::page(lang, &problem.0);
    let mut response = HttpResponseBuilder::new(problem.status_code());
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .content_type("text/html; charset=utf-8");
    if problem.0.code == ErrorCode::TokenMissing {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"sipas\""));
    }
    response.body(framed(request, lang, &page).into_string())
}

/// The page for a refusal that no page wrote itself, in the language the address asks for, or else the browser.
pub fn refusal(request: &HttpRequest, error: &Error) -> String {
    let mut said = request.query_string().split('&').filter_map(|pair| pair.strip_prefix("lang="));
    let lang = match said.next() {
        Some("en") => Lang::En,
        Some("vi") => Lang::Vi,
        _ => language(request),
    };
    framed(request, lang, &refusals::page(lang, error)).into_string()
}

/// The address of a page in the reader's language.
pub fn local(path: &str, lang: Lang) -> String {
    match lang {
        Lang::Vi => path.to_owned(),
        Lang::En => format!("{path}?lang=en"),
    }
}

/// The same address in the other language.
fn in_language(request: &HttpRequest, code: &str) -> String {
    let mut pairs: Vec<&str> = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("lang="))
        .filter(|pair| !is_tracking(pair.split('=').next().unwrap_or_default()))
        .collect();
    let lang = format!("lang={code}");
    pairs.push(&lang);
    format!("{}?{}", request.path(), pairs.join("&"))
}

fn framed(request: &HttpRequest, lang: Lang, page: &Page) -> Markup {
    let code = say(lang, "vi", "en");
    html! {
        (DOCTYPE)
        html lang=(code) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (page.title) " – SIPAS" }
                meta name="description" content=(page.description);
                meta name="theme-color" content="#0b4a6f";
                link rel="icon" href="/kiosk/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href=(crate::web::address("/assets/base.css"));
                link rel="stylesheet" href=(crate::web::address("/assets/dashboard.css"));
            }
            body {
                a.skip href="#main" { (say(lang, "Đến nội dung", "Skip to content")) }
                header.site {
                    a.brand href=(local("/", lang)) {
                        "SIPAS"
                        span.hint { (say(lang, "Người dân đánh giá dịch vụ công", "What citizens say about public services")) }
                    }
                    (search::form(lang, ""))
                    nav aria-label=(say(lang, "Các trang", "Pages")) {
                        a href=(local("/agencies", lang)) { (say(lang, "Cơ quan", "Agencies")) }
                        a href=(local("/tracker", lang)) { (say(lang, "Theo dõi chỉ số", "Index tracker")) }
                        a href=(local("/method", lang)) { (say(lang, "Cách tính", "Method")) }
                        a href="/docs/" { "API" }
                        a href=(local("/staff", lang)) { (say(lang, "Quản trị", "Administration")) }
                        a href=(in_language(request, say(lang, "en", "vi"))) lang=(say(lang, "en", "vi"))
                            hreflang=(say(lang, "en", "vi")) { (say(lang, "English", "Tiếng Việt")) }
                    }
                }
                main #main { (page.main) }
                footer.site {
                    p { (say(lang,
                        "Số liệu trên trang này là số liệu mà API công khai trả lời; ai cũng có thể hỏi và tính lại.",
                        "The figures on these pages are those of the public API; everybody may ask for them and check them.",
                    )) }
                }
            }
        }
    }
}
