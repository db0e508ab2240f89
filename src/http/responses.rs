//! Responses: `POST /v1/responses`.

mod reading;

pub use reading::SentResponse;

use super::extract::{App, Query};
use super::fields::Node;
use super::openapi::{Refused, SubmitRefused};
use super::problem::Problem;
use super::visits::SentJson;
use crate::domain::response::ResponseDraft;
use crate::error::{FaultKind, Faults};
use crate::service::responses::{self, Stored};
use actix_web::{HttpResponse, post};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// A filled questionnaire. Unknown fields are refused.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "survey": "demo-service", "rated_agency": "H56.C1", "service_point": "MC-H56-C1", "channel": "kiosk", "age_band": "35-49",
    "answers": {
        "access.information": 4, "access.signage": 5, "access.premises": 5, "access.equipment": 3,
        "procedure.published": 4, "procedure.documents": 4, "procedure.fees": 5, "procedure.time_limit": 4,
        "official.polite": 5, "official.answers": 4, "official.guidance": 4, "official.rules": 5, "official.dedicated": 4,
        "result.on_time": 3, "result.accurate": 5, "result.fair": 4,
        "feedback.channel": null, "feedback.handled": null, "feedback.notified": null
    }
}))]
pub struct ResponseBody {
    /// UUIDv7 (RFC 9562) made when the citizen finishes; its timestamp is the time of answering. Sending the
    /// same id again is safe. Without an id the service makes one, and repeating is not safe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Code of the survey.
    #[schema(example = "demo-service")]
    pub survey: String,
    /// Code of the agency that is rated: the one that decides.
    #[schema(example = "H56.C1")]
    pub rated_agency: String,
    /// Code of the desk that received the file. A device that stands at a desk may leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "MC-H56-C1")]
    pub service_point: Option<String>,
    /// Number the device gives its responses: 1, 2, 3, … without a gap. `GET /v1/devices/{id}/receipts` tells which
    /// are held. For devices only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub device_seq: Option<i64>,
    /// Visit token from the receipt, if a device scanned it; who sends it as bearer token leaves this out. One visit
    /// rates once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 191)]
    pub visit: Option<String>,
    /// `full` (default) or `short`: which form was filled in. A survey with a `short_form` takes both. Of a short one the
    /// other criteria may not be named; they are stored as not applicable. Which form it was is not stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "full")]
    pub form: Option<String>,
    /// Level by criterion code; `null` (or leaving it out) for not applicable where the criterion allows it.
    #[schema(example = json!({"access.signage": 4, "feedback.notified": null}))]
    pub answers: BTreeMap<String, Option<i16>>,
    /// How the citizen answered: `kiosk`, `tablet`, `own_phone`, `web`, `paper` or `interview`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kiosk")]
    pub channel: Option<String>,
    /// Procedure code (mã TTHC).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2.000815")]
    pub procedure: Option<String>,
    /// `male` or `female`; leave out if not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// `18-24`, `25-34`, `35-49`, `50-60` or `over-60`; leave out if not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "35-49")]
    pub age_band: Option<String>,
    /// Whether staff helped to fill the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assisted_by_staff: Option<bool>,
    /// Free text, at most 2,000 characters; stored apart from the answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub comment: Option<String>,
}

/// A stored response.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptBody {
    /// Its id.
    id: Uuid,
    /// Time of answering, as the id tells it.
    answered_at: String,
    /// Whether it was stored before.
    replayed: bool,
}

impl From<Stored> for ReceiptBody {
    fn from(stored: Stored) -> Self {
        let answered_at: DateTime<Utc> = stored.id.answered_at();
        Self {
            id: stored.id.uuid(),
            answered_at: answered_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            replayed: stored.replayed,
        }
    }
}

/// Stores a response
///
/// Durable once answered with 201. Repeat with the same id until then: the same content is answered with 200
/// and `replayed`, other content with 409. A refusal names every fault at once.
///
/// The bearer token is a client's, or the visit token from a receipt: then the response has to say the survey, the agency
/// and the desk of that visit, and `visit_used` means that the visit has rated with another response.
#[utoipa::path(tag = "intake", request_body = ResponseBody, security(("bearer" = [])),
    responses((status = 201, description = "Stored now", body = ReceiptBody),
              (status = 200, description = "Was stored before with the same content", body = ReceiptBody),
              Refused, SubmitRefused))]
#[post("/v1/responses")]
pub async fn submit_response(app: App, query: Query, sent: SentJson) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let SentResponse { draft, faults } = sent.body;
    let stored = responses::submit(&app, &sent.sender, draft, faults).await?;
    let mut reply = if stored.replayed { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(reply.json(ReceiptBody::from(stored)))
}

/// Reads a response from the row of a file as if it had been sent.
pub fn read_draft(node: Node) -> (ResponseDraft, Faults) {
    match SentResponse::deserialize(node) {
        Ok(SentResponse { draft, faults }) => (draft, faults),
        Err(_) => {
            // More fields than an object of JSON may have.
            let mut faults = Faults::default();
            faults.at("", FaultKind::Unreadable { expected: "an object of fewer fields" });
            (ResponseDraft::default(), faults)
        }
    }
}
