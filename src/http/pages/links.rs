//! What stands under every figure: the same figure as a file, and the request behind it.

use super::view::{View, address};
use crate::domain::report::{Cadence, ReportFormat};
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

/// Links to the report of the same agency, survey and period; nothing for periods and choices that reports do not have.
pub fn report(view: &View) -> Markup {
    let said = view.unseen(&[]);
    let of = |name: &str| said.iter().find(|(known, _)| *known == name).copied();
    let has_report = Cadence::of(&view.period).is_some()
        && ["scope", "flagged", "confidence", "from"].iter().all(|name| of(name).is_none());
    let path = format!("/v1/agencies/{}/report", view.agency);
    let file = |format: ReportFormat| {
        let mut pairs = vec![("survey", view.survey.code.as_str())];
        pairs.extend(view.period.code().map(|code| ("period", code)));
        pairs.extend(["formula", "as_of"].iter().filter_map(|name| of(name)));
        pairs.extend([("format", format.as_str()), ("lang", view.say("vi", "en"))]);
        address(&path, &pairs)
    };
    html! {
        @if has_report {
            nav.files aria-label=(view.say("Báo cáo của kỳ này", "Report of this period")) {
                span.hint { (view.say("Báo cáo:", "Report:")) }
                a href=(file(ReportFormat::Html)) { (view.say("Bản in", "For print")) }
                a href=(file(ReportFormat::Xlsx)) { "XLSX" }
                a href=(file(ReportFormat::Csv)) { "CSV (ZIP)" }
            }
        }
    }
}
