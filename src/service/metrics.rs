//! What the service counts about itself, for Prometheus. Nothing here names an agency, a device or a person: the
//! figures are for whoever keeps the service running.

use super::Services;
use super::installation;
use super::sending;
use crate::error::{Error, Result};
use prometheus::{
    Gauge, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

/// Upper bounds of durations, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// Upper bounds of the responses of one commit.
const BATCH: [f64; 8] = [1.0, 2.0, 5.0, 20.0, 50.0, 100.0, 250.0, 500.0];

/// The counters of one instance.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    /// Requests by route and status.
    pub requests: IntCounterVec,
    /// Seconds by route.
    pub durations: HistogramVec,
    /// Responses by outcome, however they came.
    pub responses: IntCounterVec,
    /// Single responses of one commit.
    pub batches: Histogram,
    queue: IntGauge,
    bulk: IntGauge,
    fold_lag: Gauge,
    waiting: IntGauge,
    waiting_age: Gauge,
    database: IntGauge,
}

impl Metrics {
    /// Counters at zero.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`](crate::error::ErrorCode::Internal) for a name that is no name: a defect.
    pub fn new() -> Result<Self> {
        let build = || {
            let registry = Registry::new_custom(Some("sipas".into()), None)?;
            let seconds =
                HistogramOpts::new("request_duration_seconds", "Time to answer").buckets(SECONDS.into());
            let batches = HistogramOpts::new("intake_batch_responses", "Single responses of one commit");
            let metrics = Self {
                requests: IntCounterVec::new(Opts::new("requests_total", "Requests"), &["route", "status"])?,
                durations: HistogramVec::new(seconds, &["route"])?,
                responses: IntCounterVec::new(
                    Opts::new("responses_total", "Responses taken in"),
                    &["outcome"],
                )?,
                batches: Histogram::with_opts(batches.buckets(BATCH.into()))?,
                queue: IntGauge::new("intake_queue_responses", "Responses waiting for a commit")?,
                bulk: IntGauge::new("bulk_requests", "Bulk requests under way")?,
                fold_lag: Gauge::new(
                    "fold_lag_seconds",
                    "How long the oldest response has been waiting to be folded into the tallies",
                )?,
                waiting: IntGauge::new(
                    "webhook_pending_deliveries",
                    "Events that wait for webhooks which are not paused",
                )?,
                waiting_age: Gauge::new(
                    "webhook_oldest_pending_seconds",
                    "How long ago the oldest of them happened",
                )?,
                database: IntGauge::new("database_up", "1 if the database answered just now")?,
                registry,
            };
            metrics.registry.register(Box::new(metrics.requests.clone()))?;
            metrics.registry.register(Box::new(metrics.durations.clone()))?;
            metrics.registry.register(Box::new(metrics.responses.clone()))?;
            metrics.registry.register(Box::new(metrics.batches.clone()))?;
            metrics.registry.register(Box::new(metrics.queue.clone()))?;
            metrics.registry.register(Box::new(metrics.bulk.clone()))?;
            metrics.registry.register(Box::new(metrics.fold_lag.clone()))?;
            metrics.registry.register(Box::new(metrics.waiting.clone()))?;
            metrics.registry.register(Box::new(metrics.waiting_age.clone()))?;
            metrics.registry.register(Box::new(metrics.database.clone()))?;
            Ok::<_, prometheus::Error>(metrics)
        };
        build().map_err(Error::internal)
    }
}

/// Everything in the text format of Prometheus. Answers also if the database does not.
///
/// # Errors
/// [`ErrorCode::Internal`](crate::error::ErrorCode::Internal) if it cannot be written.
pub async fn report(services: &Services) -> Result<String> {
    let metrics = &services.metrics;
    let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    metrics.queue.set(number(services.intake.waiting()));
    let turns = services.rules.bulk_requests.saturating_sub(services.bulk.available_permits());
    metrics.bulk.set(number(turns));
    match installation::ready(services).await {
        Ok(ready) => {
            metrics.database.set(1);
            metrics.fold_lag.set(ready.fold_lag.as_seconds_f64());
        }
        Err(_) => metrics.database.set(0),
    }
    // Left as it was while the database is away.
    if let Ok((count, age)) = sending::waiting(services).await {
        metrics.waiting.set(count);
        metrics.waiting_age.set(age.as_seconds_f64());
    }
    TextEncoder::new().encode_to_string(&metrics.registry.gather()).map_err(Error::internal)
}
