//! The public dashboard: `GET /`.

use super::layout::{self, Page, lang, say};
use crate::http::extract::{App, Query};
use crate::http::problem::Problem;
use actix_web::{HttpRequest, HttpResponse, get};
use maud::html;

#[get("/")]
pub async fn show_home(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let (lang, faults) = query.draft(lang);
    let page = if faults.is_empty() {
        Ok(Page {
            title: say(lang, "Chỉ số hài lòng", "Satisfaction index").to_owned(),
            main: html! { h1 { (say(lang, "Chỉ số hài lòng", "Satisfaction index")) } },
        })
    } else {
        Err(Problem(crate::error::Error::invalid(faults.into_vec(), app.clock.now())))
    };
    Ok(layout::send(&request, lang, page))
}
