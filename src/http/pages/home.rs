//! The public dashboard: `GET /`.

use super::view::View;
use super::{answers, elements, figure, frame, layout, levels, refusals, targets, tracker};
use crate::domain::measure::Frequency;
use crate::error::{ErrorCode, Faults};
use crate::http::extract::{App, Query};
use crate::http::indexes::IndexBody;
use crate::http::problem::Problem;
use crate::service::indexes;
use actix_web::{HttpRequest, HttpResponse, get};
use maud::{Markup, html};

#[get("/")]
pub async fn show_home(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let (lang, read) = View::read(&app, "/", query, |_| ()).await;
    let page = match read {
        Ok((view, ())) => page(&app, &view).await,
        // A new installation has nothing to show yet; that is no fault of who comes to see.
        Err(problem) if problem.0.code == ErrorCode::SurveyNotFound => Ok(refusals::page(lang, &problem.0)),
        Err(problem) => Err(problem),
    };
    Ok(layout::send(&request, lang, page))
}

async fn page(app: &App, view: &View) -> Result<layout::Page, Problem> {
    let report = indexes::read(app, &view.actor, &view.asked, Faults::default()).await?;
    let body = IndexBody::from(&report);
    let most = |criteria: usize| report.head.formula.range(criteria).1;
    // Criteria that are left out give no points.
    let counted = report.head.survey.questionnaire.criteria.len() - body.left_out.len();
    let targets = targets::section(app, view).await?;
    let said = answers::section(app, view).await?;
    let sections = html! {
        (figure::section(view, &body, most(counted)))
        (targets)
        (to_tracker(view))
        (figure::by_formula(view, &body))
        (elements::section(view, &body, most))
        (levels::section(view, &body))
        (said)
    };
    Ok(frame::page(view, view.say("Chỉ số hài lòng", "Satisfaction index"), sections))
}

/// The way to the indices that others publish, of one agency or the whole country.
fn to_tracker(view: &View) -> Markup {
    // Weeks, days and spans of days have no published index.
    let period = view.period.code().filter(|code| Frequency::any_period(code).is_ok());
    html! {
        @if view.around.agencies.len() <= 1 {
            p {
                a href=(tracker::of(view.lang, &view.agency, period)) {
                    (view.say("Các chỉ số do cơ quan khác công bố: PAR Index, SIPAS, PAPI, PCI …", "Indices that others publish: PAR Index, SIPAS, PAPI, PCI …"))
                }
            }
        }
    }
}
