//! Values of a measure: `PUT /v1/agencies/{code}/measures/{measure}/{period}`, and the series
//! `GET /v1/agencies/{code}/measures/{measure}`.

mod reading;
mod sheet;

use self::reading::read;
use super::extract::{App, Caller, Query, SignedJson};
use super::figures::AgencyReference;
use super::format::{self, Format, TABLES, TableParams};
use super::measures::{MeasureBody, MeasureBreakBody};
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::{Wanted, file_name};
use super::surveys::TextBody;
use super::tables::truth;
use crate::domain::amount::Amount;
use crate::domain::measure::Measure;
use crate::domain::measure_value::{Change, Holder, MeasureValue, Rank, SourceDocument, Statement};
use crate::error::{Error, ErrorCode};
use crate::service::measure_values::{self, MeasureSeries, Point, may_see_enterer};
use crate::service::measures;
use actix_web::{HttpRequest, HttpResponse, get, put, web};
use chrono::{NaiveDate, SecondsFormat};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub use reading::{SOURCE_COLUMNS, source_cells};
pub use sheet::{origin, statement_cells, statement_columns};

/// What a document says: a value, a rank, or both.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatementBody {
    /// In the measure's unit, at most four decimals; `null`: not published, which is not zero.
    #[schema(minimum = 0, maximum = 9999.9999, example = 82.66)]
    pub(super) value: Option<f64>,
    /// Place in the published list, 1 the best. The whole country has none.
    #[schema(minimum = 1, maximum = 100_000, example = 20)]
    pub(super) rank: Option<i32>,
    /// How many are in the list; goes with `rank`.
    #[schema(minimum = 1, maximum = 100_000, example = 63)]
    pub(super) out_of: Option<i32>,
    /// Where it was read.
    pub(super) source: SourceBody,
    /// `verified`: read in the source; `assumed`: general knowledge, or derived.
    #[schema(example = "verified")]
    pub(super) mark: String,
    /// Why it is assumed; goes with `assumed` only.
    #[schema(max_length = 500)]
    pub(super) assumed_because: Option<String>,
}

/// A document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceBody {
    #[schema(max_length = 300, example = "Công bố Chỉ số SIPAS 2023")]
    pub(super) title: String,
    #[schema(max_length = 100, example = "QĐ 1/QĐ-BNV")]
    pub(super) number: Option<String>,
    pub(super) date: Option<NaiveDate>,
    /// Where it can be read, by HTTPS.
    #[schema(max_length = 500, example = "https://example.gov.vn/sipas-2023")]
    pub(super) link: Option<String>,
}

/// A value as it is entered: a value, a rank, or both.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureValueDraft {
    /// In the measure's unit, at most four decimals; without it only the rank was published, which is not zero.
    #[schema(minimum = 0, maximum = 9999.9999, example = 82.66)]
    pub value: Option<f64>,
    /// Place in the published list, 1 the best. The whole country has none.
    #[schema(minimum = 1, maximum = 100_000, example = 20)]
    pub rank: Option<i32>,
    /// How many are in the list; goes with `rank`.
    #[schema(minimum = 1, maximum = 100_000, example = 63)]
    pub out_of: Option<i32>,
    /// Where it was read.
    pub source: SourceBody,
    /// `verified`: read in the source; `assumed`: general knowledge, or derived.
    #[schema(example = "verified")]
    pub mark: String,
    /// Why it is assumed; goes with `assumed` only.
    #[schema(max_length = 500)]
    pub assumed_because: Option<String>,
    /// The revision this corrects; only where something is entered already.
    #[schema(minimum = 1, maximum = 100_000)]
    pub replaces: Option<i32>,
}

/// A value that was entered.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureValueBody {
    /// A year, quarter or month.
    #[schema(example = "2023")]
    pub(super) period: String,
    #[serde(flatten)]
    pub(super) statement: StatementBody,
    /// 1 for what was entered first, one more for each correction.
    pub(super) revision: i32,
    /// Version of the measure's definition it was entered by.
    pub(super) measure_version: i16,
    /// Always `entered`: nothing of it was computed by this service.
    #[schema(example = "entered")]
    pub(super) origin: &'static str,
    /// Who published it.
    pub(super) published_by: TextBody,
    pub(super) entered_at: String,
    /// The client that entered it; `null` for who may enter nothing.
    pub(super) entered_by: Option<Uuid>,
}

/// How a value stands against the period right before; nothing is told across a break.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureChangeBody {
    /// The period before.
    #[schema(example = "2022")]
    pub(super) against: String,
    /// Value now minus value then, in the measure's unit.
    #[schema(example = 2.58)]
    pub(super) value: Option<f64>,
    /// `up`, `down` or `same`: whether the number is larger, not whether that is better.
    #[schema(example = "up")]
    pub(super) value_direction: Option<&'static str>,
    /// Places gained; negative: lost.
    #[schema(example = 1)]
    pub(super) places: Option<i32>,
    /// `up`: nearer to the first place; `down` or `same`.
    #[schema(example = "up")]
    pub(super) rank_direction: Option<&'static str>,
    /// What is said of the period before.
    pub(super) before: Option<StatementBody>,
    /// Why there is nothing to compare, if the series breaks between the two.
    pub(super) broken: Option<MeasureBreakBody>,
}

/// A measure over time, every period from the first that something is said of to the last.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureSeriesBody {
    /// `VN`: the whole country.
    pub(super) agency: AgencyReference,
    pub(super) measure: MeasureBody,
    pub(super) points: Vec<MeasurePointBody>,
}

/// One period; `entry` is `null` in a gap.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasurePointBody {
    #[schema(example = "2023")]
    pub(super) period: String,
    /// Values of different segments are not comparable: draw no line from one to the next. From 1.
    pub(super) segment: usize,
    pub(super) entry: Option<MeasureValueBody>,
    /// `null` where nothing is said of the period before.
    pub(super) change: Option<MeasureChangeBody>,
    /// What was said before and corrected, oldest first; only with `revisions=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) replaced: Option<Vec<MeasureValueBody>>,
}

impl From<&Statement> for StatementBody {
    fn from(said: &Statement) -> Self {
        let SourceDocument { title, number, date, link } = said.source.clone();
        Self {
            value: said.value.map(Amount::to_f64),
            rank: said.rank.map(Rank::rank),
            out_of: said.rank.map(Rank::out_of),
            source: SourceBody { title, number, date, link },
            mark: said.mark().as_str().to_owned(),
            assumed_because: said.assumed_because.clone(),
        }
    }
}

impl MeasureValueBody {
    pub(super) fn new(value: &MeasureValue, measure: &Measure, shows_enterer: bool) -> Self {
        Self {
            period: value.period.code().unwrap_or_default().to_owned(),
            statement: StatementBody::from(&value.statement),
            revision: value.revision,
            measure_version: value.version,
            origin: "entered",
            published_by: TextBody::from(&measure.owner),
            entered_at: value.entered_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            entered_by: shows_enterer.then_some(value.entered_by.0),
        }
    }
}

impl From<&Change> for MeasureChangeBody {
    fn from(change: &Change) -> Self {
        let direction = |number: i32| match number {
            0 => "same",
            1.. => "up",
            _ => "down",
        };
        Self {
            against: change.before.code().unwrap_or_default().to_owned(),
            value: change.value.map(|difference| f64::from(difference) / 10_000.0),
            value_direction: change.value.map(direction),
            places: change.places,
            rank_direction: change.places.map(direction),
            before: change.statement.as_ref().map(StatementBody::from),
            broken: change.broken.as_ref().map(MeasureBreakBody::from),
        }
    }
}

impl MeasureSeriesBody {
    fn new(series: &MeasureSeries, revisions: bool, shows_enterer: bool) -> Self {
        let entry = |value: &MeasureValue| MeasureValueBody::new(value, series.measure, shows_enterer);
        let point = |point: &Point| MeasurePointBody {
            period: point.period.code().unwrap_or_default().to_owned(),
            segment: point.segment,
            entry: point.value.as_ref().map(entry),
            change: point.change.as_ref().map(MeasureChangeBody::from),
            replaced: revisions.then(|| point.replaced.iter().map(entry).collect()),
        };
        Self {
            agency: AgencyReference::new(series.agency.as_slice()),
            measure: MeasureBody::from(series.measure),
            points: series.points.iter().map(point).collect(),
        }
    }
}

/// Enters a value of a measure
///
/// As an administrator of the agency read it in a document; `VN` is the whole country, for who belongs to it. Another
/// value for the same period is a correction and names the revision it replaces, which stays in the records; who names
/// none, or not the newest, gets 409. Saying again what is said already changes nothing.
#[utoipa::path(tag = "tracker", request_body = MeasureValueDraft, security(("bearer" = [])),
    params(("code" = String, Path, example = "H56"), ("measure" = String, Path, example = "sipas"),
           ("period" = String, Path, example = "2023")),
    responses((status = 200, description = "What counts from now on", body = MeasureValueBody),
              Refused, NotFound, SubmitRefused))]
#[put("/v1/agencies/{code}/measures/{measure}/{period}")]
pub async fn put_measure_value(
    app: App,
    query: Query,
    path: web::Path<(String, String, String)>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (code, measure, period) = path.into_inner();
    let (holder, measure) = (Holder::parse(&code).ok(), measures::fetch(&measure).ok());
    let (draft, faults) = read(measure, &period, signed.body);
    let value = measure_values::enter(&app, &signed.actor, (holder.as_ref(), measure), draft, faults).await?;
    // Only a measure that is known gets so far.
    let measure = measures::fetch(value.measure.as_str())?;
    Ok(HttpResponse::Ok().json(MeasureValueBody::new(&value, measure, true)))
}

/// Parameters of the series.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the handler takes; a test compares the two")]
struct MeasureSeriesParams {
    /// Whether to tell what was corrected too: `true` or `false` (default).
    #[param(example = "true")]
    revisions: Option<bool>,
}

/// Shows a measure over time
///
/// Every period with its source; gaps and breaks are told. Open to everybody.
#[utoipa::path(tag = "tracker",
    params(("code" = String, Path, example = "VN"), ("measure" = String, Path, example = "sipas"), MeasureSeriesParams, TableParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The series", content(
        (MeasureSeriesBody = "application/json"),
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )), NotModified, NotAcceptable, Refused, NotFound))]
#[get("/v1/agencies/{code}/measures/{measure}")]
pub async fn get_measure_series(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (revisions, format) = query.read(&app, |fields| {
        (fields.optional("revisions", truth).unwrap_or(false), format::parameter(fields))
    })?;
    let wanted = Wanted::new(&request, &actor, format, TABLES)?;
    let measure = measures::fetch(&path.1)?;
    let series = measure_values::series(&app, &holder(&path.0)?, measure).await?;
    let body = MeasureSeriesBody::new(&series, revisions, may_see_enterer(&actor));
    if wanted.format == Format::Json {
        return wanted.json(&body);
    }
    let name = file_name(&["measure", &body.agency.code, measure.code.as_str()]);
    wanted.sheet(body.sheet(wanted.lang), &name).await
}

/// Reads whose values are meant.
pub(super) fn holder(code: &str) -> Result<Holder, Error> {
    Holder::parse(code).map_err(|_| Error::new(ErrorCode::AgencyNotFound))
}
