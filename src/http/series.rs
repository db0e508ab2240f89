//! A figure over time: `GET /v1/agencies/{code}/index/series`.

mod chart;
mod sheet;

use super::SharedAnswers;
use super::extract::{App, Caller, Query};
use super::fields::Fields;
use super::figures::participation::ParticipationBody;
use super::figures::{FigureParams, HeadBody, ValueBody, asked, left_out, subject};
use super::format::{self, CHARTS, ChartParams, Format};
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::Wanted;
use crate::domain::bucket::Step;
use crate::domain::subject::SubjectCode;
use crate::domain::text;
use crate::service::series::{self, Point, SeriesQuery, SeriesReport};
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Parameters of a series beside those of every figure; `survey` may name several, split by commas, and `formula`
/// one for all or one for each of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the handler takes; a test compares the two")]
struct SeriesParams {
    /// How long each point is: `day`, `week` (ISO), `month` (default), `quarter` or `year`.
    #[param(example = "month")]
    step: Option<String>,
    /// `whole` (default), or the code of an element or criterion; codes are stable across versions.
    #[param(example = "access.signage")]
    part: Option<String>,
}

/// A series. Values of different segments are not comparable: draw no line from one to the next.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeriesBody {
    #[serde(flatten)]
    pub(super) head: HeadBody,
    /// How long each point is.
    #[schema(example = "month")]
    pub(super) step: &'static str,
    /// `whole`, or the code of an element or criterion.
    pub(super) part: String,
    /// The stretches of one questionnaire version and one formula, in order.
    pub(super) segments: Vec<SegmentBody>,
    /// Where one stretch ends and another begins.
    pub(super) breaks: Vec<BreakBody>,
    /// The points, in order.
    pub(super) points: Vec<PointBody>,
    /// Whether one of the surveys is invented for demonstration.
    #[serde(skip)]
    sample: bool,
}

/// Surveys whose responses are counted together.
#[derive(Debug, Serialize, ToSchema)]
pub struct SegmentBody {
    pub(super) surveys: Vec<String>,
    pub(super) questionnaire: String,
    pub(super) version: i16,
    pub(super) formula: &'static str,
    /// Whether the version has the part at all.
    pub(super) has_part: bool,
}

/// A break in the series.
#[derive(Debug, Serialize, ToSchema)]
pub struct BreakBody {
    /// First day of the later segment.
    pub(super) on: NaiveDate,
    /// Place of the later segment.
    pub(super) segment: usize,
    /// `questionnaire_version`, `formula`, or both.
    pub(super) reasons: Vec<&'static str>,
}

/// One point; `value` is `null` in a gap, never a zero that nobody measured.
#[derive(Debug, Serialize, ToSchema)]
pub struct PointBody {
    /// The period it is about, as `period` reads it.
    #[schema(example = "2026-07")]
    pub(super) code: String,
    /// First day.
    pub(super) from: NaiveDate,
    /// First day after it.
    pub(super) to: NaiveDate,
    /// Whether the asked period begins or ends inside it.
    pub(super) partial: bool,
    /// Place of its segment.
    pub(super) segment: usize,
    #[serde(flatten)]
    pub(super) value: ValueBody,
    /// Codes of criteria that the value is made without: nobody answered them, or too few did (`suppressed`), here or at
    /// another point of the segment. Empty for a criterion.
    pub(super) left_out: Vec<String>,
    /// How many of those who could have answered did, whatever the part, so not of `n` of an element or criterion;
    /// `null` where that cannot be told.
    pub(super) participation: Option<ParticipationBody>,
}

impl From<&SeriesReport> for SeriesBody {
    fn from(report: &SeriesReport) -> Self {
        let kind = report.head.survey.questionnaire.kind;
        let segments = report.segments.iter().filter_map(|segment| {
            let version = segment.version()?;
            Some(SegmentBody {
                surveys: segment.surveys.iter().map(|survey| survey.code.clone()).collect(),
                questionnaire: version.code.clone(),
                version: version.version,
                formula: segment.formula.id(),
                has_part: segment.has_part,
            })
        });
        let breaks = report.breaks().into_iter().map(|found| BreakBody {
            on: found.on,
            segment: found.segment,
            reasons: found.reasons,
        });
        let version = |point: &Point| report.segments.get(point.segment)?.version();
        let point = |point: &Point| PointBody {
            code: point.bucket.code.clone(),
            from: point.bucket.from,
            to: point.bucket.to,
            partial: point.bucket.partial,
            segment: point.segment,
            value: ValueBody::new(&point.value, kind),
            left_out: version(point).map(|version| left_out(&point.value, version)).unwrap_or_default(),
            participation: point.participation.map(ParticipationBody::from),
        };
        Self {
            head: HeadBody::new(&report.head, report.watermark),
            step: report.step.as_str(),
            part: report.part.clone(),
            segments: segments.collect(),
            breaks: breaks.collect(),
            points: report.points.iter().map(point).collect(),
            sample: report.segments.iter().flat_map(|segment| &segment.surveys).any(|survey| survey.sample),
        }
    }
}

/// Reads a series
///
/// The whole, an element or a criterion over time. Several surveys make one series; where the questionnaire version
/// or the formula changes, a new segment begins.
#[utoipa::path(tag = "figures", params(("code" = String, Path, example = "H56"), FigureParams, SeriesParams, ChartParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The series", content(
        (SeriesBody = "application/json"),
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "image/svg+xml"),
    )), NotModified, NotAcceptable, Refused, NotFound))]
#[get("/v1/agencies/{code}/index/series")]
pub async fn get_series(
    request: HttpRequest,
    app: App,
    sharing: web::Data<SharedAnswers>,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let subject = subject(&code)?;
    let ((query, format), faults) =
        query.draft(|fields| (series_query(subject, fields), format::parameter(fields)));
    let wanted = Wanted::new(&request, &actor, format, CHARTS)?;
    let work = async || series::read(&app, &actor, &query, faults).await;
    if wanted.format == Format::Json {
        return wanted.shared((&sharing, &actor), async || Ok(SeriesBody::from(&work().await?))).await;
    }
    let report = work().await?;
    let body = SeriesBody::from(&report);
    match wanted.format {
        Format::Svg => wanted.chart(body.chart(&report, wanted.lang), &body.file_name()),
        _ => wanted.sheet(body.sheet(wanted.lang), &body.file_name()).await,
    }
}

fn series_query(subject: SubjectCode, fields: &mut Fields<'_>) -> SeriesQuery {
    SeriesQuery {
        asked: asked(subject, fields),
        step: step(fields),
        part: fields
            .optional("part", |raw| text::clean(raw, 100))
            .flatten()
            .unwrap_or_else(|| "whole".into()),
    }
}

/// Months if nobody says otherwise; `None` for a word that is none, which is noted.
fn step(fields: &mut Fields<'_>) -> Option<Step> {
    let said = fields.has("step");
    fields.optional("step", Step::parse).or((!said).then_some(Step::Month))
}
