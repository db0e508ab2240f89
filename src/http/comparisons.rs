//! Two figures beside each other: `GET /v1/agencies/{code}/index/comparison`.

mod sheet;

use super::SharedAnswers;
use super::extract::{App, Caller, Query};
use super::fields::Fields;
use super::figures::participation::ParticipationBody;
use super::figures::{
    AgencyReference, FigureParams, HeadBody, IntervalBody, PeriodBody, ValueBody, asked, left_out, subject,
};
use super::format::{self, Format, TABLES, TableParams};
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::Wanted;
use crate::domain::period::Period;
use crate::domain::subject::SubjectCode;
use crate::error::{Error, FaultKind, FigureFault};
use crate::service::comparisons::{self, ComparisonReport, Other};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Parameters of a comparison beside those of every figure: exactly one of the two.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the handler takes; a test compares the two")]
struct ComparisonParams {
    /// With these agencies in the same period.
    #[param(example = "H21")]
    with: Option<String>,
    /// With the same agencies in this period.
    #[param(example = "2025")]
    with_period: Option<String>,
}

/// Two figures and how they differ.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparisonBody {
    #[serde(flatten)]
    pub(super) head: HeadBody,
    /// The whole of what was asked.
    pub(super) first: ValueBody,
    /// Codes of criteria that the first value is made without: nobody answered them, or too few did, of the first or of
    /// the second.
    pub(super) first_left_out: Vec<String>,
    /// How many of those who could have answered did, of the first; `null` where that cannot be told.
    pub(super) first_participation: Option<ParticipationBody>,
    /// What it is compared with.
    pub(super) other: OtherBody,
    /// The whole of that.
    pub(super) second: ValueBody,
    /// Codes of criteria that the second value is made without.
    pub(super) second_left_out: Vec<String>,
    /// How many of those who could have answered did, of the second.
    pub(super) second_participation: Option<ParticipationBody>,
    /// First minus second, in the formula's unit; `null` if one of them has no value.
    #[schema(example = -1.25)]
    pub(super) difference: Option<f64>,
    /// Interval of the difference (Welch for means, Newcombe for shares); `null` where the data cannot tell.
    pub(super) interval: Option<IntervalBody>,
    /// Whether the interval excludes 0: such a difference is hardly chance.
    pub(super) distinguishable: Option<bool>,
}

/// What a figure is compared with.
#[derive(Debug, Serialize, ToSchema)]
pub struct OtherBody {
    pub(super) agency: AgencyReference,
    pub(super) period: PeriodBody,
}

impl From<&ComparisonReport> for ComparisonBody {
    fn from(report: &ComparisonReport) -> Self {
        let version = &report.head.survey.questionnaire;
        let comparison = &report.comparison;
        let [first, second] = report.participation.map(|found| found.map(ParticipationBody::from));
        Self {
            head: HeadBody::new(&report.head, report.watermark),
            first: ValueBody::new(&report.first, version.kind),
            first_left_out: left_out(&report.first, version),
            first_participation: first,
            other: OtherBody {
                agency: AgencyReference::new(&report.other.0),
                period: PeriodBody::from(&report.other.1),
            },
            second: ValueBody::new(&report.second, version.kind),
            second_left_out: left_out(&report.second, version),
            second_participation: second,
            difference: comparison.difference.map(|value| value.to_f64()),
            interval: comparison.interval.map(|interval| IntervalBody::from(&interval)),
            distinguishable: comparison.distinguishable,
        }
    }
}

/// Compares two figures
///
/// Two agencies in one period, or one in two periods, with the interval of the difference. They must not be about
/// the same people: agencies or periods that overlap are refused.
#[utoipa::path(tag = "figures", params(("code" = String, Path, example = "H56"), FigureParams, ComparisonParams, TableParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The comparison", content(
        (ComparisonBody = "application/json"),
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )), NotModified, NotAcceptable, Refused, NotFound))]
#[get("/v1/agencies/{code}/index/comparison")]
pub async fn get_comparison(
    request: HttpRequest,
    app: App,
    sharing: web::Data<SharedAnswers>,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let subject = subject(&code)?;
    let ((asked, other, format), faults) =
        query.draft(|fields| (asked(subject, fields), other(fields), format::parameter(fields)));
    let wanted = Wanted::new(&request, &actor, format, TABLES)?;
    let work = async || {
        Ok::<_, Error>(ComparisonBody::from(
            &comparisons::read(&app, &actor, (&asked, &other), faults).await?,
        ))
    };
    if wanted.format == Format::Json {
        return wanted.shared((&sharing, &actor), work).await;
    }
    let body = work().await?;
    let file = body.head.file_name("comparison");
    wanted.sheet(body.sheet(wanted.lang), &file).await
}

/// Takes what is compared with: exactly one of two parameters.
fn other(fields: &mut Fields<'_>) -> Other {
    if fields.has("with") == fields.has("with_period") {
        fields.fault("with", FaultKind::Figure(FigureFault::OneOfTwo));
    }
    let parse =
        |raw: &str| SubjectCode::parse(raw).ok_or(FaultKind::BadFormat { expected: "H56, H56,H21, VN" });
    Other { subject: fields.optional("with", parse), period: fields.optional("with_period", Period::parse) }
}
