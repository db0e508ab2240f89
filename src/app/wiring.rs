//! From settings to what the service works with. What is wrong with a setting is said here, before anything starts.

use crate::auth::issuer;
use crate::auth::token::TokenRules;
use crate::config::ServeConfig;
use crate::domain::flagging;
use crate::domain::office_hours::OfficeHours;
use crate::error::{Error, ErrorCode, Result};
use crate::http;
use crate::release::key::SealingKey;
use crate::service::activity::Activity;
use crate::service::catalogue::CatalogueCache;
use crate::service::clients::{HASHING_AT_ONCE, TokenCache};
use crate::service::clock::Clock;
use crate::service::counting::HeldRows;
use crate::service::feed::EXPORTS_AT_ONCE;
use crate::service::ingest::{Intake, IntakeSettings};
use crate::service::issuers::Issuers;
use crate::service::metrics::Metrics;
use crate::service::releases::Sealing;
use crate::service::sending::{Sender, SenderRules};
use crate::service::signing_keys::Signing;
use crate::service::visibility::Masks;
use crate::service::visits::Visits;
use crate::service::{Rules, Services};
use crate::store::Db;
use crate::tls::Certificate;
use actix_web::http::header::HeaderName;
use actix_web::web;
use chrono::TimeDelta;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Longest time the catalogue in memory may lag behind the database.
const CATALOGUE_MAX_AGE: Duration = Duration::from_secs(1);

pub(super) fn services(
    config: &ServeConfig,
    url: &str,
    clock: Clock,
    address: SocketAddr,
) -> Result<Services> {
    let issuers = match &config.trusted_issuers {
        Some(file) => issuer::parse(&read(file)?, &config.token_issuer)?,
        None => Vec::new(),
    };
    let office_hours = OfficeHours::parse(&config.office_hours)
        .map_err(|wrong| Error::new(ErrorCode::Internal).detail(format!("SIPAS_OFFICE_HOURS: {wrong}")))?;
    let flagging = flagging_rules(config, &(office_hours.clone(), config.office_hours.clone()))?;
    let db = Db::new(url, config.database.database_connections.into())?;
    let metrics = Metrics::new()?;
    let intake = IntakeSettings {
        workers: config.workers(),
        writers: config.intake_writers.into(),
        bulk_writers: config.bulk_writers.into(),
        batch: config.intake_batch.into(),
        queue: bound(config.intake_queue),
    };
    Ok(Services {
        intake: Intake::new(db.clone(), clock, intake, metrics.batches.clone()),
        bulk: tokio::sync::Semaphore::new(config.bulk_requests.into()),
        exports: Arc::new(tokio::sync::Semaphore::new(EXPORTS_AT_ONCE)),
        db,
        catalogue: CatalogueCache::new(CATALOGUE_MAX_AGE),
        rows: HeldRows::default(),
        masks: Masks::default(),
        keys: Signing::new(TokenRules {
            issuer: config.token_issuer.clone(),
            audience: config.token_audience.clone(),
            lifetime_seconds: config.token_seconds,
        }),
        issuers: Issuers::new(issuers)?,
        activity: Activity::default(),
        tokens: TokenCache::default(),
        hashing: tokio::sync::Semaphore::new(HASHING_AT_ONCE),
        visits: Visits::default(),
        sender: Sender::new(SenderRules {
            allow_private: config.telling.webhook_allow_private,
            timeout: TimeDelta::seconds(config.telling.webhook_seconds.into()),
        })?,
        metrics,
        clock,
        sealing: sealing(config)?,
        rules: Rules {
            bulk_requests: config.bulk_requests.into(),
            max_offline_days: config.max_offline_days.into(),
            retention_months: config.retention.retention_months,
            comment_retention_months: config.retention.comment_retention_months,
            audit_retention_months: config.retention.audit_retention_months,
            bulk_items: bound(config.bulk_items),
            bulk_bytes: bound(config.bulk_bytes),
            response_bytes: bound(config.max_body_bytes),
            public_figures: config.public_figures,
            min_n_public: config.min_n_public.into(),
            public_url: config.public_url.clone().unwrap_or_else(|| format!("http://{address}")),
            office_hours,
            silent_minutes: config.silent_minutes.into(),
            visit_hours: config.visit_hours,
            min_n_comments: config.min_n_comments.into(),
            flagging,
            report_days: config.report_days.unwrap_or(config.max_offline_days).into(),
            void_days: config.flagging.void_days.into(),
            alert_every: Duration::from_secs(config.telling.alert_seconds.into()),
        },
    })
}

/// The key of releases, if one is set, and the licence.
fn sealing(config: &ServeConfig) -> Result<Sealing> {
    let file = config.release.release_key.as_deref();
    let key = file.map(|file| SealingKey::parse(read(file)?.as_bytes())).transpose()?;
    Ok(Sealing { key, licence: config.release.release_licence.clone() })
}

/// What every request has to pass.
#[derive(Clone)]
pub(super) struct Guarding {
    pub(super) proxies: web::Data<http::Proxies>,
    pub(super) limits: web::Data<http::Limits>,
    pub(super) rules: web::Data<http::Guard>,
}

pub(super) fn guarding(config: &ServeConfig) -> Result<Guarding> {
    let guard = &config.guard;
    for (name, limit) in [("device", guard.limit_device), ("system", guard.limit_system)] {
        // Each response of a bulk request counts, and the request itself: it could never pass.
        if limit.0.is_some_and(|quota| quota.burst_size().get() <= config.bulk_items) {
            let (flag, items) = (format!("--limit-{name}"), config.bulk_items);
            return Err(Error::new(ErrorCode::Internal).detail(format!(
                "{flag} has to let more than {items} through at once, the most responses of a bulk request"
            )));
        }
    }
    let header = HeaderName::from_bytes(guard.proxy_header.as_bytes()).map_err(Error::internal)?;
    let quotas = http::Quotas {
        device: guard.limit_device.0,
        system: guard.limit_system.0,
        admin: guard.limit_admin.0,
        anonymous: guard.limit_anonymous.0,
        tokens: guard.limit_tokens.0,
        secrets: guard.limit_secrets.0,
    };
    Ok(Guarding {
        proxies: web::Data::new(http::Proxies::new(guard.trusted_proxies.clone(), header)),
        limits: web::Data::new(http::Limits::new(quotas)),
        rules: web::Data::new(http::Guard {
            cors: http::Cors::new(&guard.cors_origins),
            deadline: Duration::from_secs(guard.request_seconds.into()),
            tls: guard.tls_cert.is_some(),
        }),
    })
}

pub(super) fn certificate(config: &ServeConfig) -> Result<Option<Arc<Certificate>>> {
    let files = config.guard.tls_cert.as_deref().zip(config.guard.tls_key.as_deref());
    files.map(|(chain, key)| Certificate::load(chain, key)).transpose()
}

/// The rules that flag responses.
pub(super) fn flagging_rules(config: &ServeConfig, hours: &(OfficeHours, String)) -> Result<flagging::Rules> {
    let wrong = |what: String| Error::new(ErrorCode::Internal).detail(what);
    let (mut rules, config) = (flagging::Rules::default(), &config.flagging);
    for word in config.rules.split(',').map(str::trim).filter(|word| *word != "none") {
        let known = flagging::Rule::parse(word);
        let refusal = |_| {
            wrong(format!(
                "--flag-rules names no rule: {word}; there are burst, identical, speed, out_of_hours"
            ))
        };
        match known.map_err(refusal)? {
            flagging::Rule::Burst => {
                let within = TimeDelta::minutes(config.burst_minutes.into());
                rules.burst = Some((bound(config.burst_most), within));
            }
            flagging::Rule::Identical => {
                rules.identical = Some((bound(config.identical_row), config.identical_answered));
            }
            flagging::Rule::Speed => {
                rules.speed = Some(TimeDelta::milliseconds(config.speed_milliseconds.into()));
            }
            flagging::Rule::OutOfHours => {
                rules.out_of_hours = Some(hours.clone());
            }
        }
    }
    Ok(rules)
}

/// A setting as a number of things in memory.
pub(super) fn bound(setting: u32) -> usize {
    usize::try_from(setting).unwrap_or(usize::MAX)
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| {
        Error::new(ErrorCode::ValidationFailed).detail(format!("cannot read {}: {error}", file.display()))
    })
}
