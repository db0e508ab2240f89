//! A figure by the values of a facet: `GET /v1/agencies/{code}/index/breakdown`.

mod sheet;

use super::SharedAnswers;
use super::extract::{App, Caller, Query};
use super::figures::participation::ParticipationBody;
use super::figures::{FigureParams, HeadBody, ValueBody, asked, left_out, subject};
use super::format::{self, Format, TABLES, TableParams};
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::Wanted;
use crate::domain::facet::Facet;
use crate::error::Error;
use crate::service::breakdowns::{self, BreakdownReport, Slice};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Parameters of a breakdown beside those of every figure; the period has to be made of whole months.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the handler takes; a test compares the two")]
struct BreakdownParams {
    /// By what: `channel`, `service_point`, `procedure`, `gender` or `age_band`.
    #[param(example = "channel")]
    by: String,
}

/// A figure broken down.
#[derive(Debug, Serialize, ToSchema)]
pub struct BreakdownBody {
    #[serde(flatten)]
    pub(super) head: HeadBody,
    /// By what.
    #[schema(example = "channel")]
    pub(super) by: &'static str,
    /// Everything together.
    pub(super) all: ValueBody,
    /// Codes of criteria that `all` is made without: nobody answered them, or too few did.
    pub(super) left_out: Vec<String>,
    /// How many of those who could have answered did; `null` where that cannot be told.
    pub(super) participation: Option<ParticipationBody>,
    /// The whole by value.
    pub(super) slices: Vec<SliceBody>,
}

/// Those who share a value.
#[derive(Debug, Serialize, ToSchema)]
pub struct SliceBody {
    /// The value; `null` for those who told none.
    #[schema(example = "kiosk")]
    pub(super) value_code: Option<String>,
    /// Its Vietnamese name, where a code needs one.
    pub(super) name: Option<String>,
    #[serde(flatten)]
    pub(super) value: ValueBody,
    /// Codes of criteria that this value is made without: nobody here answered them, or too few did, or (for readers
    /// who are not in charge) the questionnaire lets people leave them out.
    pub(super) left_out: Vec<String>,
}

impl From<&BreakdownReport> for BreakdownBody {
    fn from(report: &BreakdownReport) -> Self {
        let version = &report.head.survey.questionnaire;
        let slice = |slice: &Slice| SliceBody {
            value_code: slice.value.clone(),
            name: slice.name.clone(),
            value: ValueBody::new(&slice.whole, version.kind),
            left_out: left_out(&slice.whole, version),
        };
        Self {
            head: HeadBody::new(&report.head, report.watermark),
            by: report.facet.as_str(),
            all: ValueBody::new(&report.all, version.kind),
            left_out: left_out(&report.all, version),
            participation: report.participation.map(ParticipationBody::from),
            slices: report.slices.iter().map(slice).collect(),
        }
    }
}

/// Reads a breakdown
///
/// The whole by channel, service point, procedure, gender or age band.
#[utoipa::path(tag = "figures", params(("code" = String, Path, example = "H56"), FigureParams, BreakdownParams, TableParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The breakdown", content(
        (BreakdownBody = "application/json"),
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )), NotModified, NotAcceptable, Refused, NotFound))]
#[get("/v1/agencies/{code}/index/breakdown")]
pub async fn get_breakdown(
    request: HttpRequest,
    app: App,
    sharing: web::Data<SharedAnswers>,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let subject = subject(&code)?;
    let ((asked, facet, format), faults) = query.draft(|fields| {
        (asked(subject, fields), fields.required("by", Facet::parse), format::parameter(fields))
    });
    let wanted = Wanted::new(&request, &actor, format, TABLES)?;
    let work = async || {
        Ok::<_, Error>(BreakdownBody::from(&breakdowns::read(&app, &actor, (&asked, facet), faults).await?))
    };
    if wanted.format == Format::Json {
        return wanted.shared((&sharing, &actor), work).await;
    }
    let body = work().await?;
    let file = body.head.file_name(&format!("breakdown-{}", body.by));
    wanted.sheet(body.sheet(wanted.lang), &file).await
}
