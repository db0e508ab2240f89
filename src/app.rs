//! The one place that wires things: used by the program, the demonstration and the tests alike.

use crate::auth::issuer;
use crate::auth::token::TokenRules;
use crate::config::ServeConfig;
use crate::domain::flagging;
use crate::domain::office_hours::OfficeHours;
use crate::domain::period::day_of;
use crate::error::{Error, ErrorCode, Result};
use crate::http;
use crate::service::activity::{self, Activity};
use crate::service::catalogue::CatalogueCache;
use crate::service::clients::{HASHING_AT_ONCE, TokenCache};
use crate::service::clock::Clock;
use crate::service::feed::EXPORTS_AT_ONCE;
use crate::service::ingest::{Intake, IntakeSettings};
use crate::service::issuers::Issuers;
use crate::service::metrics::Metrics;
use crate::service::signing_keys::Signing;
use crate::service::visibility::Masks;
use crate::service::visits::{self, Visits};
use crate::service::{
    Rules, Services, audit, catalogue, comments, folding, issuers, judging, partitions, receipts, uses,
};
use crate::store::Db;
use crate::tls::Certificate;
use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderName;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use chrono::TimeDelta;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::SwaggerUi;

/// Longest time the catalogue in memory may lag behind the database.
const CATALOGUE_MAX_AGE: Duration = Duration::from_secs(1);

/// How often the tallies are brought up to date; figures are exact in between, see [`folding`].
const FOLD_EVERY: Duration = Duration::from_secs(1);

/// How often those who have not asked for a while are forgotten by the limits.
const FORGET_EVERY: Duration = Duration::from_secs(1);

/// How often it is written down which clients were used.
const WRITE_USES_EVERY: Duration = Duration::from_secs(60);

/// Time until the database is listened to again after it could not be heard.
const BEFORE_LISTENING: Duration = Duration::from_secs(1);

/// How often months, receipts and visits are looked after.
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(3600);

/// Time between the decision to drop months and dropping them: every instance knows of it by then, and what was
/// taken before is stored.
const BEFORE_DROPPING: Duration = Duration::from_secs(120);

/// Longest time a request's head may take to arrive; the body has a limit of its own.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// A server that listens but does not run yet.
pub struct Built {
    /// To be awaited; `handle()` stops it.
    pub server: Server,
    /// Where it listens; the port is the real one if 0 was asked for.
    pub address: SocketAddr,
    /// The services behind it.
    pub services: web::Data<Services>,
    limits: web::Data<http::Limits>,
    certificate: Option<Arc<Certificate>>,
}

impl Built {
    /// Where it is reached: `http://` or `https://` with the address.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }
}

/// The wish that the program stops. Registered before anything is started, so that no signal is missed; may be
/// asked for in many places.
#[derive(Clone)]
pub struct Stop(tokio::sync::watch::Receiver<bool>);

impl Stop {
    /// Listens for SIGINT and SIGTERM from now on.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if the system does not let us.
    pub fn on_signals() -> Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
        let (wish, wished) = tokio::sync::watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            let _ = wish.send(true);
            // Kept open: whoever asks later has to see the wish.
            wish.closed().await;
        });
        Ok(Self(wished))
    }

    /// Resolves once it is wished.
    pub async fn wished(&self) {
        let _ = self.0.clone().wait_for(|wished| *wished).await;
    }

    /// Does the work unless the stop comes first.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn or<T>(&self, work: impl Future<Output = Result<T>>) -> Result<Option<T>> {
        tokio::select! {
            () = self.wished() => Ok(None),
            result = work => result.map(Some),
        }
    }
}

/// Wires a service on a migrated database at `url`.
///
/// # Errors
/// [`ErrorCode::Internal`] with a detail for people if the address is taken or the certificate unusable;
/// [`ErrorCode::ValidationFailed`] with one if the file of trusted issuers is no good; [`ErrorCode::Unavailable`] if the
/// database is away.
pub async fn build(config: &ServeConfig, url: &str, clock: Clock) -> Result<Built> {
    let guarding = guarding(config)?;
    let certificate = certificate(config)?;
    let listener = listen(config.listen)?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let services = web::Data::new(services(config, url, clock, address)?);
    let max_offline_days = services.rules.max_offline_days;
    partitions::make(&services.db, day_of(clock.now()), max_offline_days).await?;
    let (max_body, state) = (bound(config.max_body_bytes), services.clone());
    let sharing = web::Data::new(http::SharedAnswers::default());
    let limits = guarding.limits.clone();
    let mut server =
        HttpServer::new(move || application(state.clone(), sharing.clone(), guarding.clone(), max_body))
            .client_request_timeout(REQUEST_TIMEOUT)
            .shutdown_timeout(10)
            .disable_signals();
    if let Some(workers) = config.workers {
        server = server.workers(workers.into());
    }
    let server = match &certificate {
        Some(certificate) => server.listen_rustls_0_23(listener, certificate.server()?),
        None => server.listen(listener),
    };
    let server = server.map_err(Error::internal)?.run();
    Ok(Built { server, address, services, limits, certificate })
}

/// Serves until `stop` resolves, then lets requests under way finish.
///
/// # Errors
/// [`ErrorCode::Internal`] if the server breaks.
pub async fn run(built: Built, stop: impl Future<Output = ()>) -> Result<()> {
    let (handle, services) = (built.server.handle(), built.services.clone());
    let server = tokio::spawn(built.server);
    tokio::select! {
        () = stop => handle.stop(true).await,
        () = keep_guard(&built.limits, built.certificate.as_deref()) => {}
        () = keep_house(built.services.clone()) => {}
        () = keep_following(built.services.clone()) => {}
        () = keep_folding(built.services.clone()) => {}
        () = keep_listening(built.services.clone()) => {}
        () = keep_uses(built.services) => {}
    }
    let served = server.await.map_err(Error::internal)?.map_err(Error::internal);
    services.intake.drain().await;
    if let Err(error) = uses::write_down(&services).await {
        tracing::warn!("the last uses of clients are lost: {}", error.chain());
    }
    if let Err(error) = activity::flush(&services).await {
        tracing::warn!("the last counts of devices are lost: {}", error.chain());
    }
    served
}

/// Forgets who has not asked for a while and looks for a renewed certificate, for as long as it is polled.
async fn keep_guard(limits: &http::Limits, certificate: Option<&Certificate>) {
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
async fn keep_folding(services: web::Data<Services>) {
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

/// Follows the keys of other issuers for as long as it is polled.
async fn keep_following(services: web::Data<Services>) {
    loop {
        tokio::time::sleep(issuers::REFRESH_EVERY).await;
        issuers::refresh(&services).await;
    }
}

/// Hears of changes of the catalogue and of clients, for as long as it is polled.
async fn keep_listening(services: web::Data<Services>) {
    loop {
        if let Err(error) = catalogue::listen(&services).await {
            tracing::warn!("changes are looked for instead of heard of: {}", error.chain());
        }
        tokio::time::sleep(BEFORE_LISTENING).await;
    }
}

/// Writes down which clients were used, for as long as it is polled.
async fn keep_uses(services: web::Data<Services>) {
    loop {
        tokio::time::sleep(WRITE_USES_EVERY).await;
        if let Err(error) = uses::write_down(&services).await {
            tracing::warn!("uses of clients wait for the next round: {}", error.chain());
        }
    }
}

/// Looks after months and receipts for as long as it is polled.
async fn keep_house(services: web::Data<Services>) {
    let told = |what: &str, result: Result<()>| {
        if let Err(error) = result {
            tracing::error!("{what}: trying again in an hour: {}", error.chain());
        }
    };
    loop {
        let (db, now) = (&services.db, services.clock.now());
        told("months ahead", partitions::make(db, day_of(now), services.rules.max_offline_days).await);
        told("old receipts", receipts::forget_old(db, now).await.map(drop));
        told("old marks", judging::forget_old(&services).await.map(drop));
        let max_days = services.rules.max_offline_days;
        told("old visits", visits::forget_old(db, now, max_days).await.map(drop));
        told("months of the audit log", audit::make_months(db, day_of(now)).await);
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

/// The contract, collected from the same registration that serves it.
pub fn contract() -> OpenApi {
    let (_, document) =
        App::new().into_utoipa_app().openapi(http::openapi::root()).configure(http::routes).split_for_parts();
    document
}

fn application(
    services: web::Data<Services>,
    sharing: web::Data<http::SharedAnswers>,
    guarding: Guarding,
    max_body: usize,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let (app, document) =
        App::new().into_utoipa_app().openapi(http::openapi::root()).configure(http::routes).split_for_parts();
    app.app_data(services)
        .app_data(sharing)
        .app_data(guarding.proxies)
        .app_data(guarding.limits)
        .app_data(guarding.rules)
        .app_data(web::Data::new(http::Paths::of(&document)))
        .service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", document))
        .configure(|config| http::shared(config, max_body))
        .wrap(from_fn(http::guard))
        .wrap(from_fn(http::frame))
}

fn services(config: &ServeConfig, url: &str, clock: Clock, address: SocketAddr) -> Result<Services> {
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
        metrics,
        clock,
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
            void_days: config.flagging.void_days.into(),
        },
    })
}

/// What every request has to pass.
#[derive(Clone)]
struct Guarding {
    proxies: web::Data<http::Proxies>,
    limits: web::Data<http::Limits>,
    rules: web::Data<http::Guard>,
}

fn guarding(config: &ServeConfig) -> Result<Guarding> {
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

fn certificate(config: &ServeConfig) -> Result<Option<Arc<Certificate>>> {
    let files = config.guard.tls_cert.as_deref().zip(config.guard.tls_key.as_deref());
    files.map(|(chain, key)| Certificate::load(chain, key)).transpose()
}

/// The rules that flag responses.
fn flagging_rules(config: &ServeConfig, hours: &(OfficeHours, String)) -> Result<flagging::Rules> {
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
fn bound(setting: u32) -> usize {
    usize::try_from(setting).unwrap_or(usize::MAX)
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| {
        Error::new(ErrorCode::ValidationFailed).detail(format!("cannot read {}: {error}", file.display()))
    })
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        Error::new(ErrorCode::Internal).detail(format!(
            "cannot listen on {address}: {error}; choose another address with --listen or SIPAS_LISTEN"
        ))
    })
}
