//! The one place that wires things: used by the program, the demonstration and the tests alike.

use crate::auth::token::{Keys, load_or_make_key};
use crate::config::ServeConfig;
use crate::domain::flagging;
use crate::domain::office_hours::OfficeHours;
use crate::domain::period::day_of;
use crate::error::{Error, ErrorCode, Result};
use crate::http;
use crate::service::catalogue::CatalogueCache;
use crate::service::clients::{HASHING_AT_ONCE, TokenCache};
use crate::service::clock::Clock;
use crate::service::feed::EXPORTS_AT_ONCE;
use crate::service::ingest::{Intake, IntakeSettings};
use crate::service::metrics::Metrics;
use crate::service::visibility::Masks;
use crate::service::{Rules, Services, folding, judging, partitions, receipts};
use crate::store::Db;
use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
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

/// How often months and receipts are looked after.
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

/// Wires a service on a migrated database at `url`. `data_dir` is where the signing key is, unless the
/// configuration names a file.
///
/// # Errors
/// [`ErrorCode::Internal`] with a detail for people if the address is taken or the key unusable;
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn build(config: &ServeConfig, url: &str, data_dir: &Path, clock: Clock) -> Result<Built> {
    let services = web::Data::new(services(config, url, data_dir, clock)?);
    let max_offline_days = services.rules.max_offline_days;
    partitions::make(&services.db, day_of(clock.now()), max_offline_days).await?;
    let listener = listen(config.listen)?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let (max_body, state) = (bound(config.max_body_bytes), services.clone());
    let sharing = web::Data::new(http::SharedAnswers::default());
    let mut server = HttpServer::new(move || application(state.clone(), sharing.clone(), max_body))
        .client_request_timeout(REQUEST_TIMEOUT)
        .shutdown_timeout(10)
        .disable_signals();
    if let Some(workers) = config.workers {
        server = server.workers(workers.into());
    }
    let server = server.listen(listener).map_err(Error::internal)?.run();
    Ok(Built { server, address, services })
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
        () = keep_house(built.services.clone()) => {}
        () = keep_folding(built.services) => {}
    }
    let served = server.await.map_err(Error::internal)?.map_err(Error::internal);
    services.intake.drain().await;
    served
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
        if let Some(months) = services.rules.retention_months {
            told("retention", partitions::retire(db, day_of(now), months).await);
            tokio::time::sleep(BEFORE_DROPPING).await;
            told("old months", partitions::drop_old(db).await.map(drop));
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
        .app_data(web::Data::new(http::Paths::of(&document)))
        .service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", document))
        .configure(|config| http::shared(config, max_body))
        .wrap(from_fn(http::frame))
}

fn services(config: &ServeConfig, url: &str, data_dir: &Path, clock: Clock) -> Result<Services> {
    let default_key = data_dir.join("signing-key.pem");
    let pem = load_or_make_key(config.signing_key_file.as_deref().unwrap_or(&default_key))?;
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
        keys: Keys::from_pem(
            &pem,
            &config.token_issuer,
            &config.token_audience,
            config.token_seconds.into(),
        )?,
        tokens: TokenCache::default(),
        hashing: tokio::sync::Semaphore::new(HASHING_AT_ONCE),
        metrics,
        clock,
        rules: Rules {
            bulk_requests: config.bulk_requests.into(),
            max_offline_days: config.max_offline_days.into(),
            retention_months: config.retention_months,
            bulk_items: bound(config.bulk_items),
            bulk_bytes: bound(config.bulk_bytes),
            response_bytes: bound(config.max_body_bytes),
            public_figures: config.public_figures,
            min_n_public: config.min_n_public.into(),
            flagging: flagging_rules(config)?,
            void_days: config.void_days.into(),
        },
    })
}

/// The rules that flag responses.
fn flagging_rules(config: &ServeConfig) -> Result<flagging::Rules> {
    let wrong = |what: String| Error::new(ErrorCode::Internal).detail(what);
    let mut rules = flagging::Rules::default();
    for word in config.flag_rules.split(',').map(str::trim).filter(|word| *word != "none") {
        let known = flagging::Rule::parse(word);
        let refusal = |_| {
            wrong(format!(
                "--flag-rules names no rule: {word}; there are burst, identical, speed, out_of_hours"
            ))
        };
        match known.map_err(refusal)? {
            flagging::Rule::Burst => {
                let within = TimeDelta::minutes(config.flag_burst_minutes.into());
                rules.burst = Some((bound(config.flag_burst_most), within));
            }
            flagging::Rule::Identical => {
                rules.identical = Some((bound(config.flag_identical_row), config.flag_identical_answered));
            }
            flagging::Rule::Speed => {
                rules.speed = Some(TimeDelta::milliseconds(config.flag_speed_milliseconds.into()));
            }
            flagging::Rule::OutOfHours => {
                let text = config.office_hours.clone();
                let hours = OfficeHours::parse(&text);
                let hours = hours.ok_or_else(|| wrong(format!("--office-hours cannot be read: {text}")))?;
                rules.out_of_hours = Some((hours, text));
            }
        }
    }
    Ok(rules)
}

/// A setting as a number of things in memory.
fn bound(setting: u32) -> usize {
    usize::try_from(setting).unwrap_or(usize::MAX)
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        Error::new(ErrorCode::Internal).detail(format!(
            "cannot listen on {address}: {error}; choose another address with --listen or SIPAS_LISTEN"
        ))
    })
}
