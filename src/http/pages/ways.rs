//! Questions that the API does not answer the public, in plain words with a way on, inside the page they were asked on.
//! What is simply wrong stays a refusal.

use super::codes;
use super::view::View;
use crate::domain::facet::Facet;
use crate::error::{Error, FaultKind, FigureFault};
use crate::http::problem::Problem;
use chrono::Datelike;
use maud::{Markup, html};

/// The refusal as a part of the page.
///
/// # Errors
/// The refusal itself, if there is no way on that could be offered.
pub fn explained(view: &View, error: Error) -> Result<Markup, Problem> {
    let found = match error.faults.as_slice() {
        [fault] => match &fault.kind {
            FaultKind::Figure(fault) => Some(fault.clone()),
            _ => None,
        },
        _ => None,
    };
    let ways = found.as_ref().map(|fault| ways(view, fault)).unwrap_or_default();
    match found {
        Some(fault) if !ways.is_empty() => Ok(html! {
            div.notice role="note" {
                p { (fault.detail(view.lang)) }
                ul { @for (text, address) in ways { li { a href=(address) { (text) } } } }
            }
        }),
        _ => Err(Problem(error)),
    }
}

/// Links to what is answered.
fn ways(view: &View, fault: &FigureFault) -> Vec<(String, String)> {
    match fault {
        FigureFault::MonthsForPublic | FigureFault::WholeMonths => {
            let from = view.period.from();
            let codes = [from.format("%Y-%m").to_string(), from.year().to_string()];
            codes.map(|code| (codes::period(&code, view.lang), of_period(view, &code))).to_vec()
        }
        FigureFault::BreakdownInCharge => whole(view),
        FigureFault::TooMany { .. } => {
            vec![(view.say("Theo năm", "By year").to_owned(), view.link(&[("step", Some("year"))]))]
        }
        FigureFault::NotInTree { successors } => {
            let then = view.say("Theo cơ cấu của thời kỳ đó", "By the tree of that time").to_owned();
            let then = (then, view.link(&[("as_of", Some("then"))]));
            let successor =
                |code: &String| (code.clone(), view.link(&[("agency", Some(code)), ("as_of", None)]));
            successors.iter().map(successor).chain([then]).collect()
        }
        FigureFault::Overlapping => {
            let without = [("with", None), ("with_period", None), ("against", None)];
            vec![(view.say("Chọn lại", "Choose again").to_owned(), view.link(&without))]
        }
        _ => Vec::new(),
    }
}

/// The same about another period, without a second one, which may have been what was not answered.
fn of_period(view: &View, code: &str) -> String {
    let others = ["from", "to", "against", "with_period"].map(|name| (name, None));
    view.link(&[[("period", Some(code))].as_slice(), &others].concat())
}

/// The agency at the top and the country, by the first facet that is public, in a period of one year.
fn whole(view: &View) -> Vec<(String, String)> {
    let by = Some(Facet::Channel.as_str());
    let year = view.period.from().year().to_string();
    let top = match view.around.above.first() {
        Some(top) => Some(top),
        None => view.around.agencies.first(),
    };
    let link = |code: &str| {
        let period = [("period", Some(year.as_str())), ("from", None), ("to", None)];
        let others = [("agency", Some(code)), ("by", by), ("scope", None)];
        view.link(&[others.as_slice(), period.as_slice()].concat())
    };
    let mut ways: Vec<(String, String)> =
        top.into_iter().map(|top| (top.name.clone(), link(top.code.as_str()))).collect();
    ways.push((view.say("Cả nước", "The whole country").to_owned(), link("VN")));
    ways
}
