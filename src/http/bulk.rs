//! Many responses at once: `POST /v1/responses/batch`.

use super::extract::{App, BODY_TIMEOUT, Caller, Query, content_encoding, language};
use super::framing::{Framer, Framing, Limits, SLICE};
use super::limits;
use super::openapi::{Refused, SubmitRefused};
use super::problem::Problem;
use super::receipts::{BulkBody, problems_of};
use super::responses::{ResponseBody, SentResponse};
use crate::error::{Error, ErrorCode};
use crate::service::bulk::{self, Bulk};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, post, web};
use futures_util::StreamExt;
use std::time::{Duration, Instant};

/// Longest time a whole bulk body may take to arrive.
const BULK_TIMEOUT: Duration = Duration::from_secs(120);

/// Stores many responses
///
/// A JSON array, or one object a line (`application/x-ndjson`); gzip is accepted. Each response is treated as if
/// it had come alone, but needs an `id`; valid ones are stored also where others are not. 200 tells what became
/// of each, in order, and the same can be read again by the `receipt` for 90 days. A body that breaks off, is
/// too large or meets an unavailable database is refused as a whole: what came before may have been stored, so
/// send all of it again with the same ids.
#[utoipa::path(tag = "intake", security(("bearer" = [])),
    request_body(content((Vec<ResponseBody> = "application/json"), (ResponseBody = "application/x-ndjson"))),
    responses((status = 200, description = "What became of each response", body = BulkBody),
              Refused, SubmitRefused))]
#[post("/v1/responses/batch")]
pub async fn submit_batch(
    request: HttpRequest,
    app: App,
    caller: Caller,
    query: Query,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let mut bulk = bulk::begin(&app, &caller.0).await?;
    let limits =
        Limits { body: app.rules.bulk_bytes, item: app.rules.response_bytes, items: app.rules.bulk_items };
    let count = |items| limits::more(&request, &caller.0, items, app.rules.bulk_items);
    read(framer(&request, limits)?, body, &mut bulk, count).await?;
    let receipt = bulk.finish(|items| problems_of(items, language(&request))).await?;
    Ok(HttpResponse::Ok().json(BulkBody::from(receipt)))
}

fn framer(request: &HttpRequest, limits: Limits) -> Result<Framer, Error> {
    let unsupported = || Error::new(ErrorCode::UnsupportedMediaType);
    let gzip = match content_encoding(request) {
        "identity" => false,
        "gzip" => true,
        _ => return Err(unsupported().detail("Content-Encoding: gzip or none")),
    };
    let framing = match request.content_type().to_ascii_lowercase().as_str() {
        "application/json" => Framing::Array,
        "application/x-ndjson" => Framing::Lines,
        _ => return Err(unsupported().detail("Content-Type: application/json or application/x-ndjson")),
    };
    Ok(Framer::new(framing, gzip, limits))
}

/// `count` refuses what is more than the sender may send; nothing of a piece is stored before.
async fn read(
    mut framer: Framer,
    mut body: web::Payload,
    bulk: &mut Bulk<'_>,
    count: impl Fn(usize) -> Result<(), Error>,
) -> Result<(), Error> {
    let started = Instant::now();
    let late = || Error::new(ErrorCode::BodyTimeout);
    while let Some(bytes) = tokio::time::timeout(BODY_TIMEOUT, body.next()).await.map_err(|_| late())? {
        let broken = |error: actix_web::error::PayloadError| {
            Error::new(ErrorCode::MalformedJson).detail("the body breaks off").because(error.to_string())
        };
        let bytes = bytes.map_err(broken)?;
        let step = if framer.is_gzip() { SLICE } else { bytes.len().max(1) };
        for slice in bytes.chunks(step) {
            let before = bulk.taken();
            framer.push(slice, &mut |item| take(bulk, item))?;
            count(bulk.taken() - before)?;
            bulk.settle().await?;
        }
        if started.elapsed() > BULK_TIMEOUT {
            return Err(late());
        }
    }
    let before = bulk.taken();
    framer.finish(&mut |item| take(bulk, item))?;
    count(bulk.taken() - before)
}

fn take(bulk: &mut Bulk<'_>, item: Result<SentResponse, Error>) {
    match item {
        Ok(SentResponse { draft, faults }) => bulk.take(draft, faults),
        Err(error) => bulk.reject(error),
    }
}
