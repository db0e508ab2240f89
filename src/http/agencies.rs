//! Agencies: `GET /v1/agencies`, `GET /v1/agencies/{code}`.

use super::extract::{App, Caller, Query, number};
use super::openapi::{NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::cached;
use crate::domain::agency::{AgencyCode, AgencyLevel};
use crate::domain::period::{day_of, parse_day};
use crate::domain::text;
use crate::error::{Error, ErrorCode, FaultKind};
use crate::service::agencies::{
    self, AgencyPlace, AgencyQuery, AgencyRecord, DEFAULT_LIMIT, MAX_LIMIT, PastPlace, Relative,
};

use actix_web::http::header::CacheDirective;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// An agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgencyBody {
    /// E-identifier (QĐ 20/2020/QĐ-TTg art. 4).
    #[schema(example = "H56")]
    code: String,
    /// Administrative unit code (QĐ 19/2025/QĐ-TTg): 2 digits for a province, 5 for a commune.
    #[schema(example = "38")]
    unit_code: Option<String>,
    /// `ministry`, `province`, `department`, `district` or `commune`.
    #[schema(example = "province")]
    level: &'static str,
    /// Vietnamese name.
    #[schema(example = "Thanh Hóa")]
    name: String,
    /// Code of the agency above.
    parent: Option<String>,
    /// First day of its existence.
    valid_from: NaiveDate,
    /// First day on which it no longer exists.
    valid_to: Option<NaiveDate>,
    /// Invented for demonstration.
    sample: bool,
    /// What a user of the entry has to know.
    note: Option<String>,
}

impl From<AgencyPlace> for AgencyBody {
    fn from(AgencyPlace { agency, parent }: AgencyPlace) -> Self {
        Self {
            code: agency.code.to_string(),
            unit_code: agency.unit_code,
            level: agency.level.as_str(),
            name: agency.name,
            parent: parent.map(|code| code.to_string()),
            valid_from: agency.valid.from,
            valid_to: agency.valid.to,
            sample: agency.sample,
            note: agency.note,
        }
    }
}

/// An agency with its past and what is planned.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgencyRecordBody {
    /// As it is today; if it is over or to come, as it was at last or will be at first.
    #[serde(flatten)]
    agency: AgencyBody,
    /// What it was and will be called, where it stood and its unit code, in order; the first from `valid_from` on.
    versions: Vec<VersionBody>,
    /// With whose work it goes on.
    predecessors: Vec<RelativeBody>,
    /// Who goes on with its work. Shares of one day add up to 1; the agency itself is among them if it goes on with
    /// a part.
    successors: Vec<RelativeBody>,
}

/// What holds of an agency from a day on.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionBody {
    /// First day.
    valid_from: NaiveDate,
    /// Vietnamese name.
    #[schema(example = "Gia Lai")]
    name: String,
    /// Code of the agency above.
    parent: Option<String>,
    /// Administrative unit code.
    #[schema(example = "64")]
    unit_code: Option<String>,
}

/// An agency at the other end of a succession.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelativeBody {
    /// Its code.
    #[schema(example = "H08")]
    agency: String,
    /// First day on which the successor goes on with the work.
    effective_on: NaiveDate,
    /// How much of the predecessor's work, as a fraction.
    #[schema(example = "3/5")]
    share: String,
}

impl From<Relative> for RelativeBody {
    fn from(relative: Relative) -> Self {
        Self {
            agency: relative.code.to_string(),
            effective_on: relative.on,
            share: relative.share.to_string(),
        }
    }
}

impl From<AgencyRecord> for AgencyRecordBody {
    fn from(record: AgencyRecord) -> Self {
        let version = |version: PastPlace| VersionBody {
            valid_from: version.from,
            name: version.name,
            parent: version.parent.map(|code| code.to_string()),
            unit_code: version.unit_code,
        };
        Self {
            agency: record.place.into(),
            versions: record.versions.into_iter().map(version).collect(),
            predecessors: record.predecessors.into_iter().map(RelativeBody::from).collect(),
            successors: record.successors.into_iter().map(RelativeBody::from).collect(),
        }
    }
}

/// One page of agencies.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgencyPage {
    /// The agencies, by code.
    items: Vec<AgencyBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct ListAgenciesParams {
    /// Children of this agency only.
    #[param(example = "H56")]
    parent: Option<String>,
    /// This level only.
    #[param(example = "province")]
    level: Option<String>,
    /// Name holds this text, compared without diacritics and case.
    #[param(example = "dak lak")]
    q: Option<String>,
    /// Agencies that exist on this day, with the names and parents of that day; today by default.
    valid_on: Option<NaiveDate>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists agencies
///
/// Sorted by code. Open to everybody.
#[utoipa::path(tag = "catalogue", params(ListAgenciesParams),
    responses((status = 200, description = "One page of agencies", body = AgencyPage), NotModified, Refused))]
#[get("/v1/agencies")]
pub async fn list_agencies(
    request: HttpRequest,
    app: App,
    _: Caller,
    query: Query,
) -> Result<HttpResponse, Problem> {
    let today = day_of(app.clock.now());
    let query = query.read(&app, |fields| AgencyQuery {
        parent: fields.optional("parent", AgencyCode::parse),
        level: fields.optional("level", AgencyLevel::parse),
        name: fields.optional("q", |raw| text::clean(raw, 100)).flatten(),
        valid_on: fields.optional("valid_on", parse_day).unwrap_or(today),
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    })?;
    let (items, next_cursor) = agencies::list(&app, &query).await?;
    let page = AgencyPage { items: items.into_iter().map(AgencyBody::from).collect(), next_cursor };
    cached(&request, &page, vec![CacheDirective::Public, CacheDirective::MaxAge(60)])
}

/// Shows an agency
///
/// With its past: names, parents, unit codes, predecessors and successors with their days. Also one that no longer
/// exists. Open to everybody.
#[utoipa::path(tag = "catalogue", params(("code" = String, Path, example = "H56")),
    responses((status = 200, description = "The agency", body = AgencyRecordBody), NotModified, Refused, NotFound))]
#[get("/v1/agencies/{code}")]
pub async fn get_agency(
    request: HttpRequest,
    app: App,
    _: Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let code = AgencyCode::parse(&code).map_err(|_| Error::new(ErrorCode::AgencyNotFound))?;
    let body = AgencyRecordBody::from(agencies::fetch(&app, &code).await?);
    cached(&request, &body, vec![CacheDirective::Public, CacheDirective::MaxAge(60)])
}
