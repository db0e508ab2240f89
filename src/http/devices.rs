//! Devices: `GET /v1/devices/{id}/receipts`.

use super::extract::{App, Caller, Query, number};
use super::openapi::{NotFound, Refused};
use super::problem::Problem;
use crate::domain::ids::SeqRange;
use crate::error::FaultKind;
use crate::service::devices::{self, DEFAULT_LIMIT, Holdings, MAX_LIMIT};
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which of the responses that a device numbered (`device_seq`) are held.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldingsBody {
    /// Id of the device.
    device: Uuid,
    /// How many numbers are held.
    held: i64,
    /// The highest of them; `null` if none is held.
    highest: Option<i64>,
    /// Numbers held without a gap, in order; one page of them. What lies in them may be deleted on the device.
    ranges: Vec<RangeBody>,
    /// What is missing before and between these ranges.
    gaps: Vec<RangeBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// Numbers from the first to the last, both included.
#[derive(Debug, Serialize, ToSchema)]
pub struct RangeBody {
    /// First number.
    #[schema(example = 1)]
    from: i64,
    /// Last number.
    #[schema(example = 57)]
    to: i64,
}

impl From<SeqRange> for RangeBody {
    fn from(range: SeqRange) -> Self {
        Self { from: range.first, to: range.last }
    }
}

/// Parameters of the receipts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct ListDeviceReceiptsParams {
    /// Most ranges of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists which numbered responses of a device are held, and which are missing
///
/// For the device itself and administrators in charge of it.
#[utoipa::path(tag = "intake", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "`client_id` of the device"), ListDeviceReceiptsParams),
    responses((status = 200, description = "Held and missing numbers", body = HoldingsBody), Refused, NotFound))]
#[get("/v1/devices/{id}/receipts")]
pub async fn list_device_receipts(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (limit, cursor) = query.read(&app, |fields| {
        let limit = fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT);
        (limit, fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())))
    })?;
    let id = Uuid::parse_str(&id).ok();
    let holdings = devices::receipts(&app, &caller.0, id, limit, cursor.as_deref()).await?;
    Ok(HttpResponse::Ok().json(HoldingsBody::new(id.unwrap_or_default(), holdings)))
}

impl HoldingsBody {
    fn new(device: Uuid, holdings: Holdings) -> Self {
        let bodies = |ranges: Vec<SeqRange>| ranges.into_iter().map(RangeBody::from).collect();
        Self {
            device,
            held: holdings.held,
            highest: holdings.highest,
            ranges: bodies(holdings.ranges),
            gaps: bodies(holdings.gaps),
            next_cursor: holdings.next_cursor,
        }
    }
}
