//! Which reports are made by themselves: `GET /v1/agencies/{code}/report-schedules`, `PUT` and `DELETE
//! …/report-schedules/{survey}/{cadence}`.

use super::extract::{App, Caller, Query, SignedJson};
use super::fields::{Fields, Node};
use super::openapi::{NotFound, NotPermitted, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::no_store;
use crate::domain::agency::AgencyCode;
use crate::domain::period::Period;
use crate::domain::report::{Cadence, language_word, parse_language, parse_period};
use crate::error::{FaultKind, Faults, Lang, Place};
use crate::service::report_schedules::{self, ScheduleDraft, Told};
use actix_web::{HttpResponse, delete, get, put, web};
use chrono::SecondsFormat;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What is asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleRequest {
    /// In which languages: `vi`, `en`, or both.
    #[schema(min_items = 1, max_items = 2, example = json!(["vi", "en"]))]
    pub languages: Vec<String>,
    /// The first period, of the cadence's length; by default the one that runs now.
    #[schema(example = "2026-Q1")]
    pub from: Option<String>,
}

/// Reports that are made by themselves.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleBody {
    /// Code of the agency.
    #[schema(example = "H56")]
    agency: String,
    /// Code of the survey.
    #[schema(example = "demo-service")]
    survey: String,
    /// `month`, `quarter` or `year`.
    #[schema(example = "quarter")]
    cadence: &'static str,
    /// In which languages.
    #[schema(example = json!(["vi", "en"]))]
    languages: Vec<&'static str>,
    /// The first period.
    #[schema(example = "2026-Q1")]
    from: String,
    /// Id of the client that asked.
    created_by: Uuid,
    /// When.
    created_at: String,
}

/// The schedules of an agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleList {
    /// Those that run, in the order of entering.
    items: Vec<ScheduleBody>,
}

impl From<Told> for ScheduleBody {
    fn from(Told { schedule, agency, survey }: Told) -> Self {
        let first = schedule.cadence.holding(schedule.from);
        Self {
            agency,
            survey,
            cadence: schedule.cadence.as_str(),
            languages: schedule.languages.iter().map(|lang| language_word(*lang)).collect(),
            from: first.as_ref().and_then(Period::code).unwrap_or_default().to_owned(),
            created_by: schedule.created_by.0,
            created_at: schedule.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        }
    }
}

/// Lists which reports of an agency are made by themselves
///
/// For administrators with the agency in their subtree.
#[utoipa::path(tag = "figures", security(("bearer" = [])), params(("code" = String, Path, example = "H56")),
    responses((status = 200, description = "The schedules that run", body = ScheduleList), Refused, NotPermitted, NotFound))]
#[get("/v1/agencies/{code}/report-schedules")]
pub async fn list_report_schedules(
    app: App,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let found = report_schedules::list(&app, &actor, AgencyCode::parse(&code).ok().as_ref()).await?;
    let list = ScheduleList { items: found.into_iter().map(ScheduleBody::from).collect() };
    Ok(HttpResponse::Ok().insert_header(no_store()).json(list))
}

/// Has reports of an agency made by themselves
///
/// For administrators with the agency in their subtree. When a period is over and nothing that it would count can arrive any
/// more (or after the days that are set), its reports are made once, as everybody may read them, in every form. May be
/// repeated; other content ends the schedule before. What was made stays.
#[utoipa::path(tag = "figures", request_body = ScheduleRequest, security(("bearer" = [])),
    params(("code" = String, Path, example = "H56"), ("survey" = String, Path, example = "demo-service"),
           ("cadence" = String, Path, example = "quarter")),
    responses((status = 200, description = "The schedule that runs", body = ScheduleBody),
              Refused, NotFound, SubmitRefused))]
#[put("/v1/agencies/{code}/report-schedules/{survey}/{cadence}")]
pub async fn put_report_schedule(
    app: App,
    query: Query,
    path: web::Path<(String, String, String)>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (code, survey, cadence) = path.into_inner();
    let (draft, faults) = read(survey, &cadence, signed.body);
    let agency = AgencyCode::parse(&code).ok();
    let told = report_schedules::put(&app, &signed.actor, agency.as_ref(), draft, faults).await?;
    Ok(HttpResponse::Ok().insert_header(no_store()).json(ScheduleBody::from(told)))
}

fn read(survey: String, cadence: &str, body: Node) -> (ScheduleDraft, Faults) {
    let mut faults = Faults::default();
    let cadence =
        Cadence::parse(cadence).map_err(|kind| faults.push(Place::Parameter("cadence".into()), kind)).ok();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let languages = languages(&mut fields);
    let from = fields.optional("from", parse_period);
    fields.finish();
    (ScheduleDraft { survey, cadence, languages, from }, faults)
}

/// One or both languages, each once, Vietnamese first.
fn languages(fields: &mut Fields<'_>) -> Option<Vec<Lang>> {
    let nodes = fields.required_list("languages")?;
    let (mut known, place) = (Vec::new(), fields.place_of("languages"));
    for (number, node) in nodes.iter().enumerate() {
        let kind = match node {
            Node::Text(word) => match parse_language(word) {
                Ok(lang) => {
                    known.push(lang);
                    continue;
                }
                Err(kind) => kind,
            },
            _ => FaultKind::WrongType { expected: "string" },
        };
        fields.faults().push(place.member(&number.to_string()), kind);
    }
    if nodes.is_empty() {
        fields.fault("languages", FaultKind::Missing);
    }
    let all = [Lang::Vi, Lang::En].into_iter().filter(|lang| known.contains(lang)).collect::<Vec<_>>();
    (known.len() == nodes.len() && !all.is_empty()).then_some(all)
}

/// Has reports of an agency not made by themselves any more
///
/// For administrators with the agency in their subtree. What was made stays.
#[utoipa::path(tag = "figures", security(("bearer" = [])),
    params(("code" = String, Path, example = "H56"), ("survey" = String, Path, example = "demo-service"),
           ("cadence" = String, Path, example = "quarter")),
    responses((status = 204, description = "The schedule has ended"), Refused, NotPermitted, NotFound))]
#[delete("/v1/agencies/{code}/report-schedules/{survey}/{cadence}")]
pub async fn end_report_schedule(
    app: App,
    Caller(actor): Caller,
    query: Query,
    path: web::Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (code, survey, cadence) = path.into_inner();
    let (agency, cadence) = (AgencyCode::parse(&code).ok(), Cadence::parse(&cadence).ok());
    report_schedules::end(&app, &actor, agency.as_ref(), (&survey, cadence)).await?;
    Ok(HttpResponse::NoContent().finish())
}
