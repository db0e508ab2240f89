//! Pages for people: the public dashboard at `/`, the kiosk at `/kiosk`, the page for administrators at `/staff`, and
//! their files. Not part of the contract: programs use the API, and a page shows nothing that the API would not tell the
//! same reader.

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
pub(super) mod report;
mod search;
mod series;
pub(super) mod targets;
mod tracker;
mod view;
mod ways;
pub(super) mod words;

use actix_web::http::header::HeaderValue;
use actix_web::web;

/// What a page may load: its own files, and nothing written into the page itself.
pub(super) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; \
     worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// Paths of the pages that are written here; the others are files.
const WRITTEN: [&str; 8] =
    ["/", "/series", "/ranking", "/breakdown", "/comparison", "/tracker", "/agencies", "/method"];

/// Whether a page or one of its files is at this path.
pub fn is_page(path: &str) -> bool {
    WRITTEN.contains(&path) || crate::web::files().contains_key(path)
}

/// The pages.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(home::show_home)
        .service(series::show_series)
        .service(ranking::show_ranking)
        .service(breakdowns::show_breakdown)
        .service(comparison::show_comparison)
        .service(tracker::show_tracker)
        .service(search::find_agencies)
        .service(method::show_method)
        .service(web::redirect("/kiosk/", "/kiosk"))
        .service(web::redirect("/staff/", "/staff"));
    for path in WRITTEN.into_iter().filter(|path| *path != "/") {
        config.service(web::redirect(format!("{path}/"), path));
    }
    files::routes(config);
}
