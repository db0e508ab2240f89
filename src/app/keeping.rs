//! What goes on beside the requests for as long as the service runs. Each loops for ever and ends by not being polled.

use crate::domain::period::day_of;
use crate::error::Result;
use crate::http;
use crate::service::{
    Services, activity, alerting, audit, catalogue, comments, folding, issuers, judging, partitions,
    receipts, sending, undertakings, uses, visits,
};
use crate::tls::Certificate;
use actix_web::web;
use chrono::TimeDelta;
use std::time::Duration;

/// How often the tallies are brought up to date; figures are exact in between, see [`folding`].
const FOLD_EVERY: Duration = Duration::from_secs(1);

/// How often those who have not asked for a while are forgotten by the limits.
const FORGET_EVERY: Duration = Duration::from_secs(1);

/// How often it is written down which clients were used.
const WRITE_USES_EVERY: Duration = Duration::from_secs(60);

/// Time until the database is listened to again after it could not be heard.
const BEFORE_LISTENING: Duration = Duration::from_secs(1);

/// How often it is looked for reports that are due.
const REPORTS_EVERY: Duration = Duration::from_secs(600);

/// How often it is looked for events that are due.
const SEND_EVERY: Duration = Duration::from_secs(1);

/// How often months, receipts and visits are looked after.
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(3600);

/// Time between the decision to drop months and dropping them: every instance knows of it by then, and what was
/// taken before is stored.
const BEFORE_DROPPING: Duration = Duration::from_secs(120);

/// Forgets who has not asked for a while and looks for a renewed certificate, for as long as it is polled.
pub(super) async fn keep_guard(limits: &http::Limits, certificate: Option<&Certificate>) {
    let forget = async {
        loop {
            tokio::time::sleep(FORGET_EVERY).await;
            limits.forget();
        }
    };
    match certificate {
        Some(certificate) => tokio::join!(forget, certificate.keep_current()).0,
        None => forget.await,
    }
}

/// Folds what has been stored, for as long as it is polled.
pub(super) async fn keep_folding(services: web::Data<Services>) {
    loop {
        tokio::time::sleep(FOLD_EVERY).await;
        if let Err(error) = folding::fold(&services).await {
            tracing::warn!("folding waits for the next round: {}", error.chain());
        }
        if let Err(error) = judging::judge_new(&services).await {
            tracing::warn!("judging waits for the next round: {}", error.chain());
        }
        if let Err(error) = activity::flush(&services).await {
            tracing::warn!("counts of devices were lost: {}", error.chain());
        }
    }
}

/// Makes scheduled reports for as long as it is polled.
pub(super) async fn keep_reports(services: web::Data<Services>) {
    loop {
        match http::reports::make_due(&services).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "scheduled reports were made"),
            Err(error) => tracing::warn!("scheduled reports wait for the next round: {}", error.chain()),
        }
        tokio::time::sleep(REPORTS_EVERY).await;
    }
}

/// Evaluates the rules of alerts for as long as it is polled.
pub(super) async fn keep_alerting(services: web::Data<Services>) {
    loop {
        tokio::time::sleep(services.rules.alert_every).await;
        if let Err(error) = alerting::evaluate(&services).await {
            tracing::warn!("alerts wait for the next round: {}", error.chain());
        }
    }
}

/// Sends events to webhooks for as long as it is polled.
pub(super) async fn keep_sending(services: web::Data<Services>) {
    loop {
        match sending::send_due(&services).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!("events wait for the next round: {}", error.chain()),
        }
        tokio::time::sleep(SEND_EVERY).await;
    }
}

/// Follows the keys of other issuers for as long as it is polled.
pub(super) async fn keep_following(services: web::Data<Services>) {
    loop {
        tokio::time::sleep(issuers::REFRESH_EVERY).await;
        issuers::refresh(&services).await;
    }
}

/// Hears of changes of the catalogue and of clients, for as long as it is polled.
pub(super) async fn keep_listening(services: web::Data<Services>) {
    loop {
        if let Err(error) = catalogue::listen(&services).await {
            tracing::warn!("changes are looked for instead of heard of: {}", error.chain());
        }
        tokio::time::sleep(BEFORE_LISTENING).await;
    }
}

/// Writes down which clients were used, for as long as it is polled.
pub(super) async fn keep_uses(services: web::Data<Services>) {
    loop {
        tokio::time::sleep(WRITE_USES_EVERY).await;
        if let Err(error) = uses::write_down(&services).await {
            tracing::warn!("uses of clients wait for the next round: {}", error.chain());
        }
    }
}

/// Looks after months and receipts for as long as it is polled.
pub(super) async fn keep_house(services: web::Data<Services>) {
    let told = |what: &str, result: Result<()>| {
        if let Err(error) = result {
            tracing::error!("{what}: trying again in an hour: {}", error.chain());
        }
    };
    // The first round looks at all months, later ones at those that something may still arrive for.
    let mut since = None;
    loop {
        let (db, now) = (&services.db, services.clock.now());
        told("months ahead", partitions::make(db, day_of(now), services.rules.max_offline_days).await);
        told("old receipts", receipts::forget_old(db, now).await.map(drop));
        told("old marks", judging::forget_old(&services).await.map(drop));
        let max_days = services.rules.max_offline_days;
        told("old events", sending::forget_old(&services).await.map(drop));
        told("old visits", visits::forget_old(db, now, max_days).await.map(drop));
        told("months of the audit log", audit::make_months(db, day_of(now)).await);
        let noted = undertakings::note_months(db, day_of(now), since).await;
        if noted.is_ok() {
            since = Some(day_of(now - TimeDelta::days(services.rules.max_offline_days)));
        }
        told("months with comments", noted);
        told("redaction of old comments", comments::redact_old(db).await.map(drop));
        if let Some(months) = services.rules.comment_retention_months {
            told("old comments", comments::forget_old(db, day_of(now), now, months).await.map(drop));
        }
        if let Some(months) = services.rules.audit_retention_months {
            told("old audit log", audit::drop_old(db, day_of(now), now, months).await.map(drop));
        }
        told("audit head", audit::tell_head(db).await);
        if let Some(months) = services.rules.retention_months {
            told("retention", partitions::retire(db, day_of(now), now, months).await);
            tokio::time::sleep(BEFORE_DROPPING).await;
            told("old months", partitions::drop_old(db, services.clock.now()).await.map(drop));
        }
        tokio::time::sleep(HOUSEKEEPING_EVERY).await;
    }
}
