//! Two figures beside each other: `GET /v1/agencies/{code}/index/comparison`.

use super::extract::{App, Caller, Query};
use super::figures::{
    AgencyReference, FigureParams, HeadBody, IntervalBody, PeriodBody, ValueBody, asked, subject,
};
use super::openapi::{NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::cached;
use crate::domain::period::Period;
use crate::domain::subject::SubjectCode;
use crate::error::{FaultKind, FigureFault};
use crate::service::comparisons::{self, ComparisonReport, Other};
use actix_web::http::header::CacheDirective;
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
    /// What it is compared with.
    pub(super) other: OtherBody,
    /// The whole of that.
    pub(super) second: ValueBody,
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
        let kind = report.head.survey.questionnaire.kind;
        let comparison = &report.comparison;
        Self {
            head: HeadBody::new(&report.head, report.watermark),
            first: ValueBody::new(&report.first, kind),
            other: OtherBody {
                agency: AgencyReference::new(&report.other.0),
                period: PeriodBody::from(&report.other.1),
            },
            second: ValueBody::new(&report.second, kind),
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
#[utoipa::path(tag = "figures", params(("code" = String, Path, example = "H56"), FigureParams, ComparisonParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The comparison", body = ComparisonBody), NotModified, Refused, NotFound))]
#[get("/v1/agencies/{code}/index/comparison")]
pub async fn get_comparison(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let subject = subject(&code)?;
    let ((asked, other), faults) = query.draft(|fields| {
        let one_of_two = fields.has("with") != fields.has("with_period");
        let parse =
            |raw: &str| SubjectCode::parse(raw).ok_or(FaultKind::BadFormat { expected: "H56, H56,H21, VN" });
        let asked = asked(subject, fields);
        let other = Other {
            subject: fields.optional("with", parse),
            period: fields.optional("with_period", Period::parse),
        };
        if !one_of_two {
            fields.fault("with", FaultKind::Figure(FigureFault::OneOfTwo));
        }
        (asked, other)
    });
    let report = comparisons::read(&app, &actor, (&asked, &other), faults).await?;
    cached(&request, &ComparisonBody::from(&report), vec![CacheDirective::Private, CacheDirective::NoCache])
}
