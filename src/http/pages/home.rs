//! The public dashboard: `GET /`.

use super::frame;
use super::layout;
use super::view::View;
use crate::http::extract::{App, Query};
use crate::http::problem::Problem;
use actix_web::{HttpRequest, HttpResponse, get};
use maud::html;

#[get("/")]
pub async fn show_home(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let (lang, read) = View::read(&app, "/", query, |_| ()).await;
    let page = read
        .map(|(view, ())| frame::page(&view, view.say("Chỉ số hài lòng", "Satisfaction index"), html! {}));
    Ok(layout::send(&request, lang, page))
}
