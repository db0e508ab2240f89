//! Signs of life: `GET /health/live`, `GET /health/ready`, `GET /metrics`.

use super::extract::App;
use super::openapi::{Limited, Unavailable};
use super::problem::Problem;
use super::reply::no_store;
use crate::service::{installation, metrics};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

/// The process runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveBody {
    /// Always `live`.
    #[schema(example = "live")]
    status: &'static str,
}

/// The service can do its work.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadyBody {
    /// Always `ready`; otherwise the answer is 503.
    #[schema(example = "ready")]
    status: &'static str,
    /// The data are invented.
    demonstration: bool,
    /// Seconds the oldest response has been waiting to be folded into the tallies. Figures are exact all the
    /// same; a lag that grows means that no instance folds.
    #[schema(example = 0)]
    fold_lag_seconds: i64,
}

/// Tells that the process runs
#[utoipa::path(tag = "operation", responses((status = 200, description = "It runs", body = LiveBody), Limited))]
#[get("/health/live")]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header(no_store()).json(LiveBody { status: "live" })
}

/// Tells that the service can do its work
///
/// The database answers; the schema was brought up to date before serving began.
#[utoipa::path(tag = "operation",
    responses((status = 200, description = "It can", body = ReadyBody), Unavailable))]
#[get("/health/ready")]
pub async fn ready(app: App) -> Result<HttpResponse, Problem> {
    let found = installation::ready(&app).await?;
    let body = ReadyBody {
        status: "ready",
        demonstration: found.demonstration,
        fold_lag_seconds: found.fold_lag.num_seconds(),
    };
    Ok(HttpResponse::Ok().insert_header(no_store()).json(body))
}

/// Tells what this instance counts about itself
///
/// For Prometheus, in its text format: requests, responses by outcome, responses of a commit, the queue, the fold
/// lag. Names no agency and no device; a proxy had better keep it inside all the same.
#[utoipa::path(tag = "operation",
    responses((status = 200, description = "The counters", body = String, content_type = "text/plain"), Limited))]
#[get("/metrics")]
pub async fn get_metrics(app: App) -> Result<HttpResponse, Problem> {
    let text = metrics::report(&app).await?;
    let format = "text/plain; version=0.0.4; charset=utf-8";
    Ok(HttpResponse::Ok().insert_header(no_store()).content_type(format).body(text))
}
