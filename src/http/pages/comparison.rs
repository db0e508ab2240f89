//! The figure beside that of another agency or period: `GET /comparison`.

mod table;

use self::table::figure;
use super::layout;
use super::parts::{choices, tell_apart};
use super::view::View;
use super::ways::explained;
use super::{codes, frame, links};
use crate::domain::period::Period;
use crate::domain::subject::SubjectCode;
use crate::domain::text;
use crate::error::{FaultKind, Faults, FigureFault};
use crate::http::comparisons::ComparisonBody;
use crate::http::extract::{App, Query};
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::service::agencies::{self, AgencyPlace, AgencyQuery};
use crate::service::comparisons::{self, Other};
use actix_web::{HttpRequest, HttpResponse, get};
use maud::{Markup, html};

/// Longest text that is searched for: a list of codes as the API takes it.
const MOST_CHARS: usize = 300;

/// Agencies offered for a name.
const MOST_FOUND: i64 = 20;

/// What only this page has.
struct Own {
    /// Codes of agencies, or a name to search for.
    with: Option<String>,
    /// The other period.
    with_period: Option<Period>,
}

fn own(fields: &mut Fields<'_>) -> Own {
    if fields.has("with") && fields.has("with_period") {
        fields.fault("with", FaultKind::Figure(FigureFault::OneOfTwo));
    }
    Own {
        with: fields.optional("with", |raw| text::clean(raw, MOST_CHARS)).flatten(),
        with_period: fields.optional("with_period", Period::parse),
    }
}

/// Shows the comparison.
#[get("/comparison")]
pub async fn show_comparison(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let (lang, read) = View::read(&app, "/comparison", query, own).await;
    let page = match read {
        Ok((view, own)) => section(&app, &view, &own)
            .await
            .map(|section| frame::page(&view, view.say("So sánh", "Comparison"), section)),
        Err(problem) => Err(problem),
    };
    Ok(layout::send(&request, lang, page))
}

async fn section(app: &App, view: &View, own: &Own) -> Result<Markup, Problem> {
    let shown = match (&own.with, &own.with_period) {
        (Some(with), _) => match known(app, with).await? {
            Some(subject) => {
                let other = Other { subject: Some(subject), period: None };
                compared(app, view, &other, ("with", &with.to_uppercase())).await?
            }
            None => found(view, with, &named(app, view, with).await?),
        },
        (None, Some(period)) => {
            let other = Other { subject: None, period: Some(period.clone()) };
            compared(app, view, &other, ("with_period", period.code().unwrap_or_default())).await?
        }
        (None, None) if view.asked.subject == SubjectCode::Country => html! {
            p { (view.say("Cả nước gồm mọi cơ quan, nên chỉ so sánh được với một kỳ khác. Muốn so sánh hai cơ quan, hãy mở trang của một trong hai trước.",
                "The whole country holds every agency, so it can only be compared with another period. To compare two agencies, open the page of one of them first.")) }
        },
        (None, None) => html! {
            p { (view.say("Chọn một cơ quan khác hoặc một kỳ khác để so sánh.", "Choose another agency or another period to compare with.")) }
        },
    };
    Ok(html! {
        section {
            h2 { (view.say("So sánh", "Comparison")) }
            (pickers(view, own))
            (shown)
        }
    })
}

/// The agencies if the text is their codes, in capitals or not, and all of them exist.
async fn known(app: &App, with: &str) -> Result<Option<SubjectCode>, Problem> {
    let Some(subject) = SubjectCode::parse(&with.to_uppercase()) else { return Ok(None) };
    if let SubjectCode::Agencies(codes) = &subject {
        for code in codes {
            match agencies::fetch(app, code).await {
                Ok(_) => {}
                Err(error) if error.code == crate::error::ErrorCode::AgencyNotFound => return Ok(None),
                Err(error) => return Err(Problem(error)),
            }
        }
    }
    Ok(Some(subject))
}

/// Agencies whose name holds the text.
async fn named(app: &App, view: &View, name: &str) -> Result<Vec<AgencyPlace>, Problem> {
    let query = AgencyQuery {
        parent: None,
        level: None,
        name: Some(name.to_owned()),
        valid_on: view.around.today,
        limit: MOST_FOUND,
        cursor: None,
    };
    Ok(agencies::list(app, &query).await?.0)
}

fn found(view: &View, text: &str, places: &[AgencyPlace]) -> Markup {
    html! {
        @if places.is_empty() {
            p.notice role="status" { (view.say("Không tìm thấy cơ quan nào có tên", "No agency is called")) " “" (text) "”." }
        } @else {
            p { (view.say("So sánh với:", "Compare with:")) }
            ul.names {
                @for place in places {
                    li { a href=(view.link(&[("with", Some(place.agency.code.as_str()))])) {
                        span { span lang="vi" { (place.agency.name) } " (" (place.agency.code.as_str()) ")" }
                    } }
                }
            }
        }
    }
}

fn pickers(view: &View, own: &Own) -> Markup {
    let chosen = own.with_period.as_ref().and_then(Period::code);
    let earlier = view.period.code().map(codes::earlier).unwrap_or_default();
    let choice = |code: &String| {
        let address = view.link(&[("with", None), ("with_period", Some(code))]);
        (codes::period(code, view.lang), address, chosen == Some(code))
    };
    let periods: Vec<(String, String, bool)> = earlier.iter().map(choice).collect();
    html! {
        div.pickers {
            @if view.asked.subject != SubjectCode::Country { form.with action="/comparison" {
                @for (name, value) in view.unseen(&["with", "with_period"]) { input type="hidden" name=(name) value=(value); }
                label for="with" { (view.say("Với cơ quan (tên hoặc mã)", "With the agency (name or code)")) }
                span.row {
                    input #with name="with" type="search" maxlength=(MOST_CHARS) value=[own.with.as_deref()];
                    button { (view.say("So sánh", "Compare")) }
                }
            } }
            @if !periods.is_empty() { (choices(view.say("Với kỳ", "With the period"), &periods)) }
        }
    }
}

async fn compared(app: &App, view: &View, other: &Other, extra: (&str, &str)) -> Result<Markup, Problem> {
    let read = comparisons::read(app, &view.actor, (&view.asked, other), Faults::default()).await;
    Ok(match read {
        Ok(report) => {
            let most = report.head.formula.range(report.head.survey.questionnaire.criteria.len()).1;
            let mut body = ComparisonBody::from(&report);
            let both = [&mut body.head.agency, &mut body.other.agency];
            let one = both.into_iter().filter(|agency| agency.names.len() == 1);
            tell_apart(app, one.map(|agency| (agency.code.as_str(), &mut agency.name)).collect()).await?;
            html! {
                (figure(view, &body, other.period.is_some(), most))
                (links::under(view, "/comparison", &[extra], false))
            }
        }
        Err(error) => explained(view, error)?,
    })
}
