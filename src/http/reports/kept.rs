//! Reports that were made by a schedule: `GET /v1/agencies/{code}/reports` and `…/reports/{id}`. What was made never changes,
//! whatever is answered, merged or programmed later.

use super::{content_type, send};
use crate::domain::agency::AgencyCode;
use crate::domain::report::{Report, language_word};
use crate::error::FaultKind;
use crate::http::extract::{App, Caller, Query, number};
use crate::http::fields::Fields;
use crate::http::openapi::{NotFound, NotModified, Refused};
use crate::http::problem::Problem;
use crate::http::reply::{cached, file_name};
use crate::service::reports::{self, DEFAULT_LIMIT, KeptReports, ListQuery, MAX_LIMIT};
use actix_web::http::header::CacheDirective;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::SecondsFormat;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Seconds for which a cache may keep what never changes.
const FOR_EVER: u32 = 31_536_000;

/// A report that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportBody {
    id: Uuid,
    /// Code of the survey.
    #[schema(example = "demo-service")]
    survey: String,
    /// A month, a quarter or a year.
    #[schema(example = "2026-Q2")]
    period: String,
    /// `vi` or `en`.
    #[schema(example = "vi")]
    language: &'static str,
    /// `html`, `xlsx` or `csv` (one file for each part, as ZIP).
    #[schema(example = "xlsx")]
    format: &'static str,
    /// Of the file.
    content_type: &'static str,
    /// How many.
    bytes: i32,
    /// SHA-256 of the bytes, in hexadecimal digits.
    sha256: String,
    /// When the newest response in it arrived; `null` if nobody answered or the whole is withheld.
    data_watermark: Option<String>,
    /// When it was made.
    made_at: String,
}

/// One page of reports, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportPage {
    items: Vec<ReportBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

impl ReportBody {
    fn new(report: Report, survey: String) -> Self {
        let micros = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        Self {
            id: report.id,
            survey,
            period: report.period.code().unwrap_or_default().to_owned(),
            language: language_word(report.lang),
            format: report.format.as_str(),
            content_type: content_type(report.format),
            bytes: report.bytes,
            sha256: report.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            data_watermark: report.watermark.map(micros),
            made_at: micros(report.made_at),
        }
    }
}

impl From<KeptReports> for ReportPage {
    fn from(kept: KeptReports) -> Self {
        let body = |(report, survey)| ReportBody::new(report, survey);
        Self { items: kept.items.into_iter().map(body).collect(), next_cursor: kept.next_cursor }
    }
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct ListReportsParams {
    /// Most reports of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the reports of an agency that were made by a schedule
///
/// The newest first. Open to whoever may read figures.
#[utoipa::path(tag = "figures", params(("code" = String, Path, example = "H56"), ListReportsParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "One page of reports", body = ReportPage), NotModified, Refused, NotFound))]
#[get("/v1/agencies/{code}/reports")]
pub async fn list_reports(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = query.read(&app, read)?;
    let page = reports::list(&app, &actor, AgencyCode::parse(&code).ok().as_ref(), &query).await?;
    cached(&request, &ReportPage::from(page), super::directives(&actor))
}

fn read(fields: &mut Fields<'_>) -> ListQuery {
    ListQuery {
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    }
}

/// Downloads a report as it was made
///
/// The same bytes for ever.
#[utoipa::path(tag = "figures", params(("code" = String, Path, example = "H56"), ("id" = Uuid, Path)),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The report", content(
        (String = "text/html"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "application/zip"),
    )), NotModified, Refused, NotFound))]
#[get("/v1/agencies/{code}/reports/{id}")]
pub async fn download_report(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (code, id) = path.into_inner();
    let agency = AgencyCode::parse(&code).ok();
    let (report, survey, content) = reports::fetch(&app, &actor, agency.as_ref(), id.parse().ok()).await?;
    let period = report.period.code().unwrap_or_default();
    let name = file_name(&["report", &code, &survey, period, language_word(report.lang)]);
    let mut keep =
        vec![CacheDirective::MaxAge(FOR_EVER), CacheDirective::Extension("immutable".into(), None)];
    // Where figures are closed, only the reader keeps what a proxy must not.
    keep.push(if app.rules.public_figures { CacheDirective::Public } else { CacheDirective::Private });
    Ok(send(&request, &content, (&name, report.format, report.lang), keep))
}
