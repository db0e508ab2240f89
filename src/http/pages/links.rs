//! What stands under every figure: the same figure as a file, and the request behind it.

use super::view::View;
use maud::{Markup, html};

/// Links to the answer of the API for the same question. `what` is empty for the index, `/series` for a series; `extra`
/// are parameters that only this resource takes; `chart` says whether it comes as a picture too.
pub fn under(view: &View, what: &str, extra: &[(&str, &str)], chart: bool) -> Markup {
    let file = |format: &str| {
        let mut all = extra.to_vec();
        all.push(("format", format));
        view.api(what, &all)
    };
    html! {
        nav.files aria-label=(view.say("Tải số liệu này", "This figure as a file")) {
            a href=(file("csv")) { "CSV" }
            a href=(file("xlsx")) { "XLSX" }
            @if chart { a href=(file("svg")) { "SVG" } }
            a href=(file("json")) { (view.say("Yêu cầu phía sau số liệu này", "The request behind this figure")) }
            a href="/docs/" { (view.say("Tài liệu API", "About the API")) }
        }
    }
}
