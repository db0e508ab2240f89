//! Who is responsible for a measure: `PUT /v1/agencies/{code}/measure-duties/{measure}`.

use super::extract::{App, Query, SignedJson};
use super::fields::{Fields, Node};
use super::figures::AgencyReference;
use super::openapi::{NotFound, Refused, SubmitRefused};
use super::problem::Problem;
use crate::domain::agency::{Agency, AgencyCode};
use crate::domain::measure_value::{Duty, Holder};
use crate::domain::period::parse_day;
use crate::domain::text;
use crate::error::{Faults, Place};
use crate::service::measure_duties::{self, DutyDraft};
use crate::service::measures;
use actix_web::{HttpResponse, put, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// Who is responsible from a day on; named in words, by the code of an agency, or by both.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyRequest {
    /// First day.
    from: NaiveDate,
    /// The unit in Vietnamese.
    #[schema(max_length = 200, example = "Sở Nội vụ")]
    unit_vi: Option<String>,
    /// The same in English.
    #[schema(max_length = 200, example = "Department of Home Affairs")]
    unit_en: Option<String>,
    /// Code of the unit, where it is an agency.
    #[schema(example = "H56.D1")]
    agency: Option<String>,
}

/// Who is responsible for a measure.
#[derive(Debug, Serialize, ToSchema)]
pub struct DutyBody {
    /// First day.
    pub(super) from: NaiveDate,
    /// The unit in Vietnamese.
    pub(super) unit_vi: Option<String>,
    /// The same in English.
    pub(super) unit_en: Option<String>,
    /// The unit, where it is an agency.
    pub(super) agency: Option<AgencyReference>,
}

impl From<&Duty<Agency>> for DutyBody {
    fn from(duty: &Duty<Agency>) -> Self {
        Self {
            from: duty.from,
            unit_vi: duty.unit_vi.clone(),
            unit_en: duty.unit_en.clone(),
            agency: duty.agency.as_ref().map(|agency| AgencyReference::new(std::slice::from_ref(agency))),
        }
    }
}

/// Records who is responsible for a measure
///
/// From a day on, until a later day is recorded; of the same day the newest record counts, what was recorded before stays.
/// For administrators of the agency; `VN` is the whole country.
#[utoipa::path(tag = "tracker", request_body = DutyRequest, security(("bearer" = [])),
    params(("code" = String, Path, example = "H56"), ("measure" = String, Path, example = "par")),
    responses((status = 200, description = "It is recorded", body = DutyBody), Refused, NotFound, SubmitRefused))]
#[put("/v1/agencies/{code}/measure-duties/{measure}")]
pub async fn put_measure_duty(
    app: App,
    query: Query,
    path: web::Path<(String, String)>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (holder, measure) = (Holder::parse(&path.0).ok(), measures::fetch(&path.1).ok());
    let (draft, faults) = read(signed.body);
    let duty = measure_duties::record(&app, &signed.actor, (holder.as_ref(), measure), draft, faults).await?;
    Ok(HttpResponse::Ok().json(DutyBody::from(&duty)))
}

fn read(body: Node) -> (DutyDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let unit = |raw: &str| text::clean(raw, Duty::<()>::MAX_UNIT);
    let draft = DutyDraft {
        from: fields.required("from", parse_day),
        unit_vi: fields.optional("unit_vi", unit).flatten(),
        unit_en: fields.optional("unit_en", unit).flatten(),
        agency: fields.optional("agency", AgencyCode::parse),
    };
    fields.finish();
    (draft, faults)
}
