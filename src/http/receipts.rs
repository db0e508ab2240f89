//! What became of the responses of a bulk request: `GET /v1/receipts/{id}`.

use super::extract::{App, Caller, Query};
use super::openapi::{NotFound, Refused};
use super::problem::{FaultBody, Problem};
use crate::domain::receipt::{Receipt, Verdict};
use crate::error::{Error, Lang};
use crate::service::bulk::Item;
use crate::service::receipts;
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// What became of each response of a bulk request.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkBody {
    /// Id of the receipt, to read this again.
    receipt: Uuid,
    /// When the responses arrived.
    received_at: DateTime<Utc>,
    /// How many of each outcome.
    counts: OutcomeCounts,
    /// Each response in the order it was sent.
    items: Vec<ItemBody>,
}

/// How many of each outcome.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct OutcomeCounts {
    /// Stored now.
    created: usize,
    /// Stored before with the same content.
    replayed: usize,
    /// In contradiction to what is stored.
    conflict: usize,
    /// Not stored.
    rejected: usize,
}

/// What became of one response.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemBody {
    /// Its id; `null` if none could be read.
    id: Option<Uuid>,
    /// `created`, `replayed` (stored before with the same content), `conflict` or `rejected`.
    #[schema(example = "created")]
    outcome: &'static str,
    /// Why it was not stored, in the language of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ItemProblem>)]
    problem: Option<Box<RawValue>>,
}

/// Why a response was not stored; the same codes as for a single one.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemProblem {
    /// Status a single response would have got.
    #[schema(example = 422)]
    status: u16,
    /// Stable code, see the list of errors in the documentation.
    #[schema(example = "validation_failed")]
    code: &'static str,
    /// One sentence in the reader's language.
    title: &'static str,
    /// More about this occurrence, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Broken rules, at most 20; pointers lead into this response.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FaultBody>,
    /// The server's clock, where the client's may be wrong (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    server_time: Option<DateTime<Utc>>,
}

impl ItemProblem {
    fn new(error: &Error, lang: Lang) -> Self {
        Self {
            status: error.code.status(),
            code: error.code.name(),
            title: error.code.title(lang),
            detail: error.detail.clone(),
            errors: error.faults.iter().map(|fault| FaultBody::new(fault, lang)).collect(),
            server_time: error.server_time,
        }
    }
}

/// The problems of a bulk request as JSON by place, in the words of a language.
pub fn problems_of(items: &[Item], lang: Lang) -> String {
    let problems: BTreeMap<usize, ItemProblem> = items
        .iter()
        .enumerate()
        .filter_map(|(place, item)| Some((place, ItemProblem::new(item.problem.as_ref()?, lang))))
        .collect();
    serde_json::to_string(&problems).unwrap_or_else(|_| "{}".to_owned())
}

impl From<Receipt> for BulkBody {
    fn from(receipt: Receipt) -> Self {
        let mut problems = Problems::read(&receipt.problems);
        let mut counts = OutcomeCounts::default();
        let item = |(place, (id, verdict)): (usize, (Option<Uuid>, Verdict))| {
            match verdict {
                Verdict::Created => counts.created += 1,
                Verdict::Replayed => counts.replayed += 1,
                Verdict::Conflict => counts.conflict += 1,
                Verdict::Rejected => counts.rejected += 1,
            }
            ItemBody { id, outcome: verdict.as_str(), problem: problems.0.remove(&place) }
        };
        let items = receipt.items.into_iter().enumerate().map(item).collect();
        Self { receipt: receipt.id, received_at: receipt.received_at, counts, items }
    }
}

#[derive(Default, Deserialize)]
struct Problems(BTreeMap<usize, Box<RawValue>>);

impl Problems {
    fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// Shows what became of the responses of a bulk request
///
/// For whoever sent them and administrators in charge of the sender, for 90 days. Problems are in the language
/// in which they were told first.
#[utoipa::path(tag = "intake", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, description = "The outcomes", body = BulkBody), Refused, NotFound))]
#[get("/v1/receipts/{id}")]
pub async fn get_receipt(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let receipt = receipts::fetch(&app, &caller.0, Uuid::parse_str(&id).ok()).await?;
    Ok(HttpResponse::Ok().json(BulkBody::from(receipt)))
}
