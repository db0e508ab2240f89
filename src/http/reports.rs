//! Reports: `GET /v1/agencies/{code}/report`, and those that were made by a schedule in `reports/kept.rs`. Made of the answers of the API to the same reader (`parts`), written as a page,
//! a workbook or packed CSV files. No file knows what time it is: the same figures give the same bytes.

mod csv;
mod document;
mod kept;
mod parts;
mod xlsx;

pub use document::{Document, Holds, Part};
pub use kept::{download_report, list_reports};

use super::extract::{App, Caller, Query, language};
use super::fields::Fields;
use super::figures::subject;
use super::openapi::{NotFound, NotModified, Refused};
use super::pages;
use super::problem::Problem;
use super::reply::{self, MAX_AGE_SECONDS};
use crate::auth::Actor;
use crate::domain::period::parse_day;
use crate::domain::report::{ReportFormat, language_word, parse_language, parse_period};
use crate::domain::subject::SubjectCode;
use crate::domain::text;
use crate::domain::tree::{AsOf, Depth};
use crate::error::{Error, FaultKind, Lang, Result};
use crate::service::figures::{Asked, Confidence, Flagged};
use crate::service::reports::{self, ReportFigures, ReportQuery};
use crate::service::{Services, report_schedules};
use actix_web::http::header::{
    self, CacheDirective, ContentDisposition, DispositionParam, DispositionType, HeaderValue,
};
use actix_web::{HttpRequest, HttpResponse, get, web};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use utoipa::IntoParams;

/// What a report is asked for by.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `wanted` takes; a test compares the two")]
struct ReportParams {
    /// Code of the survey.
    #[param(example = "demo-service")]
    survey: String,
    /// A month, a quarter or a year: `2026-07`, `2026-Q3`, `2026`.
    #[param(example = "2026-Q2")]
    period: String,
    /// Formula id; by default the first of the survey's kind.
    #[param(example = "satisfied-share")]
    formula: Option<String>,
    /// By which tree of agencies: `now`, `then`, or a day. By default that of the period's last day, or of today while the
    /// period is not over.
    as_of: Option<String>,
    /// `html` (default), `xlsx` or `csv` (one file for each part, as ZIP).
    format: Option<String>,
    /// `vi` or `en`; without it `Accept-Language` decides.
    lang: Option<String>,
}

/// How a report is wanted.
struct Wanted {
    query: ReportQuery,
    format: ReportFormat,
    lang: Option<Lang>,
}

/// Reads a report
///
/// What there is to say about an agency and those right below it in a month, a quarter or a year: participation, the index
/// with its interval, elements and criteria, what drags most, the ranking with changes, how many commented, and how it
/// was all made. Nothing in it is told that the single figures would not tell the same reader. The same figures give the
/// same bytes.
#[utoipa::path(tag = "figures", params(("code" = String, Path, example = "H56"), ReportParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The report", content(
        (String = "text/html"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "application/zip"),
    )), NotModified, Refused, NotFound))]
#[get("/v1/agencies/{code}/report")]
pub async fn get_report(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> std::result::Result<HttpResponse, Problem> {
    let subject = subject(&code)?;
    let (wanted, faults) = query.draft(|fields| wanted(subject, fields));
    let figures = reports::read(&app, &actor, &wanted.query, faults).await?;
    let (format, lang) = (wanted.format, wanted.lang.unwrap_or_else(|| language(&request)));
    let name = file_name(&figures, lang);
    let file = written(Arc::new(figures), lang, format).await?;
    Ok(send(&request, &file, (&name, format, lang), directives(&actor)))
}

fn wanted(subject: SubjectCode, fields: &mut Fields<'_>) -> Wanted {
    let as_of = |raw: &str| match raw {
        "now" => Ok(AsOf::Now),
        "then" => Ok(AsOf::Then),
        _ => parse_day(raw)
            .map(AsOf::On)
            .map_err(|_| FaultKind::BadFormat { expected: "now, then, 2024-12-31" }),
    };
    let as_of = fields.optional("as_of", as_of);
    let asked = Asked {
        subject,
        depth: Depth::Subtree,
        survey: fields.required("survey", |raw| text::clean(raw, 60).map(Option::unwrap_or_default)),
        period: fields.required("period", parse_period),
        formula: fields.optional("formula", |raw| Ok::<_, FaultKind>(raw.to_owned())),
        as_of: AsOf::Now,
        confidence: Confidence::default(),
        flagged: Flagged::default(),
    };
    Wanted {
        query: ReportQuery { asked, as_of },
        format: fields.optional("format", ReportFormat::parse).unwrap_or(ReportFormat::Html),
        lang: fields.optional("lang", parse_language),
    }
}

/// Writes the file; takes a thread of its own, since a workbook takes a while.
///
/// # Errors
/// [`crate::error::ErrorCode::Internal`].
async fn written(figures: Arc<ReportFigures>, lang: Lang, format: ReportFormat) -> Result<Vec<u8>> {
    let work = move || write(&parts::document(&figures, lang), format);
    web::block(work).await.map_err(Error::internal)?
}

/// Makes the reports that are due by their schedules; gives how many files.
///
/// # Errors
/// As [`report_schedules::make_due`].
pub async fn make_due(services: &Services) -> Result<usize> {
    report_schedules::make_due(services, written).await
}

/// A report in a form.
fn write(document: &Document, format: ReportFormat) -> Result<Vec<u8>> {
    match format {
        ReportFormat::Html => Ok(pages::report::page(document).into_bytes()),
        ReportFormat::Xlsx => xlsx::write(document).map_err(Error::internal),
        ReportFormat::Csv => csv::write(document),
    }
}

/// Name of the file without ending.
fn file_name(figures: &ReportFigures, lang: Lang) -> String {
    let head = &figures.index.head;
    let codes: Vec<&str> = head.agencies.iter().map(|agency| agency.code.as_str()).collect();
    let agency = if codes.is_empty() { "VN".to_owned() } else { codes.join("-") };
    let period = head.period.code().unwrap_or_default();
    reply::file_name(&["report", &agency, &head.survey.code, period, head.formula.id(), language_word(lang)])
}

const fn content_type(format: ReportFormat) -> &'static str {
    match format {
        ReportFormat::Html => "text/html; charset=utf-8",
        ReportFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ReportFormat::Csv => "application/zip",
    }
}

const fn ending(format: ReportFormat) -> &'static str {
    match format {
        ReportFormat::Html => "html",
        ReportFormat::Xlsx => "xlsx",
        ReportFormat::Csv => "zip",
    }
}

/// Who may keep a report of figures that may still change.
fn directives(actor: &Actor) -> Vec<CacheDirective> {
    match actor {
        Actor::Anonymous => vec![CacheDirective::Public, CacheDirective::MaxAge(MAX_AGE_SECONDS)],
        Actor::Client(_) => vec![CacheDirective::Private, CacheDirective::NoCache],
    }
}

/// Sends a report: a page is shown, a file saved.
fn send(
    request: &HttpRequest,
    file: &[u8],
    (name, format, lang): (&str, ReportFormat, Lang),
    directives: Vec<CacheDirective>,
) -> HttpResponse {
    let mut response = reply::bytes(request, content_type(format), file, &Sha256::digest(file), directives);
    let shown = format == ReportFormat::Html;
    let disposition = ContentDisposition {
        disposition: if shown { DispositionType::Inline } else { DispositionType::Attachment },
        parameters: vec![DispositionParam::Filename(format!("{name}.{}", ending(format)))],
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(disposition.to_string()) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language_word(lang)));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language, Authorization"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, pages::POLICY);
    response
}
