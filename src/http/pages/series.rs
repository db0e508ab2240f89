//! The figure over time: `GET /series`.

mod table;

use self::table::figure;
use super::layout;
use super::parts::choices;
use super::view::View;
use super::ways::explained;
use super::{codes, frame, links};
use crate::domain::bucket::Step;
use crate::domain::period::Period;
use crate::domain::text;
use crate::error::{Error, FaultKind, Faults, Lang};
use crate::http::extract::{App, Query};
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::series::SeriesBody;
use crate::service::figures::Asked;
use crate::service::series::{self, SeriesQuery};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{Datelike, Months, NaiveDate};
use maud::{Markup, html};

/// Steps that everybody may ask for.
const STEPS: [(Step, &str, &str); 3] =
    [(Step::Month, "Tháng", "Month"), (Step::Quarter, "Quý", "Quarter"), (Step::Year, "Năm", "Year")];

/// The words of [`STEPS`].
const WORDS: [&str; 3] = ["month", "quarter", "year"];

/// Longest list of further surveys, in characters.
const MOST_CHARS: usize = 20 * 61;

/// What only this page has.
struct Own {
    /// How long each point is; by the length of the period if nobody says.
    step: Option<Step>,
    /// Codes of surveys that the series goes on with, split by commas: another version of the questionnaire is another
    /// survey.
    also: Option<String>,
}

fn own(fields: &mut Fields<'_>) -> Own {
    let step = |raw: &str| {
        let found = STEPS.into_iter().map(|(step, ..)| step).find(|step| step.as_str() == raw);
        found.ok_or(FaultKind::NotAllowed { allowed: &WORDS })
    };
    Own {
        step: fields.optional("step", step),
        also: fields.optional("also", |raw| text::clean(raw, MOST_CHARS)).flatten(),
    }
}

/// Shows the series.
#[get("/series")]
pub async fn show_series(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let (lang, read) = View::read(&app, "/series", query, own).await;
    let page = match read {
        Ok((view, own)) => section(&app, &view, &own)
            .await
            .map(|section| frame::page(&view, view.say("Theo thời gian", "Over time"), section)),
        Err(problem) => Err(problem),
    };
    Ok(layout::send(&request, lang, page))
}

async fn section(app: &App, view: &View, own: &Own) -> Result<Markup, Problem> {
    let step = own.step.unwrap_or_else(|| usual_step(view.period.from(), view.period.to()));
    let surveys: Vec<&str> = std::iter::once(view.survey.code.as_str())
        .chain(own.also.iter().flat_map(|a| a.split(',')))
        .collect();
    let surveys = surveys.join(",");
    let query = SeriesQuery {
        asked: Asked { survey: Some(surveys.clone()), ..view.asked.clone() },
        step: Some(step),
        part: "whole".into(),
    };
    let pickers = pickers(view, own, step);
    let shown = match series::read(app, &view.actor, &query, Faults::default()).await {
        Ok(report) => {
            let body = SeriesBody::from(&report);
            let limits = SeriesBody::limits(&report);
            let extra = [("survey", surveys.as_str()), ("step", step.as_str())];
            html! {
                (figure(view, &body, limits))
                (links::under(view, "/series", &extra, true))
            }
        }
        Err(error) => explained(view, named(error))?,
    };
    Ok(html! {
        section {
            h2 { (view.say("Chỉ số hài lòng theo thời gian", "Satisfaction index over time")) }
            (pickers)
            (shown)
        }
    })
}

/// What the service says about the list of surveys is about the further ones: the first was found.
fn named(mut error: Error) -> Error {
    for fault in &mut error.faults {
        if fault.place == crate::error::Place::Parameter("survey".into()) {
            fault.place = crate::error::Place::Parameter("also".into());
        }
    }
    error
}

/// Months up to two years, quarters up to eight.
fn usual_step(from: NaiveDate, to: NaiveDate) -> Step {
    match (to - from).num_days() {
        ..=732 => Step::Month,
        733..=2_923 => Step::Quarter,
        _ => Step::Year,
    }
}

fn pickers(view: &View, own: &Own, step: Step) -> Markup {
    let steps = STEPS.map(|(one, vi, en)| {
        (view.say(vi, en).to_owned(), view.link(&[("step", Some(one.as_str()))]), one == step)
    });
    html! {
        div.pickers {
            (choices(view.say("Mỗi điểm là một", "Each point is a"), &steps))
            @let spans: Vec<_> = [whole_year(view), since_opening(view)].into_iter().flatten().collect();
            @if !spans.is_empty() { (choices(view.say("Khoảng thời gian", "Span"), &spans)) }
            @let further = further(view, own);
            @if !further.is_empty() {
                (choices(view.say("Nối thêm đợt khảo sát", "Go on with the survey"), &further))
            }
        }
    }
}

/// All months since the survey opened, if those are others than the chosen ones.
fn since_opening(view: &View) -> Option<(String, String, bool)> {
    let first = |day: NaiveDate| day.with_day(1);
    let from = first(view.survey.window.from)?;
    let last = view
        .survey
        .window
        .to
        .and_then(|to| to.pred_opt())
        .map_or(view.around.today, |last| last.min(view.around.today));
    let to = first(last)?.checked_add_months(Months::new(1))?;
    if to <= from || (view.period.from(), view.period.to()) == (from, to) {
        return None;
    }
    let text = match view.lang {
        Lang::Vi => format!("từ khi mở đợt khảo sát ({})", from.format("%m/%Y")),
        Lang::En => format!("since the survey opened ({})", from.format("%B %Y")),
    };
    let (from, to) = (from.to_string(), to.to_string());
    let address = view.link(&[("period", None), ("from", Some(&from)), ("to", Some(&to)), ("step", None)]);
    Some((text, address, false))
}

/// The year that a shorter period lies in.
fn whole_year(view: &View) -> Option<(String, String, bool)> {
    let year = view.period.from().year().to_string();
    let whole = Period::parse(&year).ok()?;
    let is_part = view.period.to() <= whole.to() && view.period != whole;
    let address = view.link(&[("period", Some(&year)), ("from", None), ("to", None), ("step", None)]);
    is_part.then(|| (codes::period(&year, view.lang), address, false))
}

/// Other surveys of the same kind here; a link adds one or takes it out again.
fn further(view: &View, own: &Own) -> Vec<(String, String, bool)> {
    let held: Vec<&str> = own.also.iter().flat_map(|codes| codes.split(',')).collect();
    let kind = view.survey.questionnaire.kind;
    let others = view.around.surveys.iter().filter(|nearby| {
        let survey = &nearby.survey;
        nearby.fielded && survey.questionnaire.kind == kind && survey.code != view.survey.code
    });
    let choice = |code: &str, name: &str| {
        let is_held = held.contains(&code);
        let mut codes: Vec<&str> = held.iter().copied().filter(|held| *held != code).collect();
        if !is_held {
            codes.push(code);
        }
        let codes = codes.join(",");
        let address = view.link(&[("also", Some(codes.as_str()).filter(|codes| !codes.is_empty()))]);
        (name.to_owned(), address, is_held)
    };
    others
        .map(|nearby| choice(&nearby.survey.code, view.say(&nearby.survey.name.vi, &nearby.survey.name.en)))
        .collect()
}
