//! Pages for people: the public dashboard at `/`, the kiosk at `/kiosk`, the page for administrators at `/staff`, and
//! their files. Not part of the contract: programs use the API, and a page shows nothing that the API would not tell the
//! same reader.

mod answers;
pub(super) mod bars;
mod breakdowns;
pub(super) mod codes;
mod comparison;
mod elements;
mod figure;
mod files;
mod frame;
mod home;
mod layout;
mod levels;
mod links;
mod method;
pub(super) mod notation;
mod parts;
pub(super) mod periods;
mod picker;
mod plot;
mod ranking;
mod refusals;
mod releases;
pub(super) mod report;
mod search;
mod series;
pub(super) mod targets;
mod tracker;
mod view;
mod ways;
pub(super) mod words;

use crate::error::Error;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, web};

/// What a page may load: its own files, and nothing written into the page itself.
pub(super) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; \
     worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// Paths of the pages that are written here; the others are files.
const WRITTEN: [&str; 10] = [
    "/",
    "/series",
    "/ranking",
    "/breakdown",
    "/comparison",
    "/tracker",
    "/agencies",
    "/answers",
    "/method",
    "/releases",
];

/// What others append to every link that is shared: says where a reader came from and nothing about the page.
const TRACKING: [&str; 2] = ["fbclid", "gclid"];

/// Whether a page or one of its files is at this path.
pub fn is_page(path: &str) -> bool {
    WRITTEN.contains(&path) || crate::web::files().contains_key(path)
}

/// Whether a parameter only tells where a reader came from. Pages do as if it were not there; the API refuses it like any
/// other it does not know.
pub fn is_tracking(name: &str) -> bool {
    TRACKING.contains(&name) || name.starts_with("utm_")
}

/// Paths that programs ask, and their documentation.
const OF_PROGRAMS: [&str; 7] =
    ["/v1/", "/oauth/", "/.well-known/", "/health/", "/metrics", "/docs", "/openapi.json"];

/// The page that says why there is nothing to see, if a browser asks for what a page could be; with what it may load. A
/// program gets the problem document.
pub fn refusal(request: &HttpRequest, error: &Error) -> Option<(String, HeaderValue)> {
    let path = request.path();
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let is_browser = request.method() == Method::GET && accept?.contains("text/html");
    let is_page = is_browser && !OF_PROGRAMS.iter().any(|begin| path.starts_with(begin));
    is_page.then(|| (layout::refusal(request, error), POLICY))
}

/// The pages.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(home::show_home)
        .service(answers::show_answers)
        .service(series::show_series)
        .service(ranking::show_ranking)
        .service(breakdowns::show_breakdown)
        .service(comparison::show_comparison)
        .service(tracker::show_tracker)
        .service(search::find_agencies)
        .service(method::show_method)
        .service(releases::show_releases)
        .service(web::redirect("/kiosk/", "/kiosk"))
        .service(web::redirect("/staff/", "/staff"));
    for path in WRITTEN.into_iter().filter(|path| *path != "/") {
        config.service(web::redirect(format!("{path}/"), path));
    }
    files::routes(config);
}
