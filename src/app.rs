//! The one place that wires things: used by the program, the demonstration and the tests alike.

mod keeping;
mod wiring;

use crate::config::ServeConfig;
use crate::domain::period::day_of;
use crate::error::{Error, ErrorCode, Result};
use crate::http;
use crate::service::clock::Clock;
use crate::service::{Services, activity, partitions, uses};
use crate::tls::Certificate;
use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use keeping::{
    keep_alerting, keep_folding, keep_following, keep_guard, keep_house, keep_listening, keep_reports,
    keep_sending, keep_uses,
};
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use wiring::{Guarding, bound, certificate, guarding, services};

/// Longest time a request's head may take to arrive; the body has a limit of its own.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Longest time that writing down what is only in memory may hold up a stop.
const LAST_WORDS: Duration = Duration::from_secs(3);

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
    let paths = web::Data::new(http::Paths::of_contract()?);
    let limits = guarding.limits.clone();
    let server = HttpServer::new(move || {
        application(state.clone(), (sharing.clone(), paths.clone()), guarding.clone(), max_body)
    })
    .client_request_timeout(REQUEST_TIMEOUT)
    .shutdown_timeout(10)
    // Or the end of a large answer waits 40 ms now and then: for a delayed acknowledgement of what came before it.
    .tcp_nodelay(true)
    .workers(config.workers())
    .disable_signals();
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
        () = keep_reports(built.services.clone()) => {}
        () = keep_alerting(built.services.clone()) => {}
        () = keep_sending(built.services.clone()) => {}
        () = keep_uses(built.services) => {}
    }
    let served = server.await.map_err(Error::internal)?.map_err(Error::internal);
    services.intake.drain().await;
    // Not worth waiting for a database that is away.
    if tokio::time::timeout(LAST_WORDS, last_words(&services)).await.is_err() {
        tracing::warn!("the last uses of clients and counts of devices are lost");
    }
    served
}

/// Writes down what is only in memory yet.
async fn last_words(services: &Services) {
    if let Err(error) = uses::write_down(services).await {
        tracing::warn!("the last uses of clients are lost: {}", error.chain());
    }
    if let Err(error) = activity::flush(services).await {
        tracing::warn!("the last counts of devices are lost: {}", error.chain());
    }
}

/// The contract, collected from the same registration that serves it.
pub fn contract() -> OpenApi {
    let app = App::new().into_utoipa_app().openapi(http::openapi::root());
    app.configure(|table| http::routes(table)).split_for_parts().1
}

fn application(
    services: web::Data<Services>,
    (sharing, paths): (web::Data<http::SharedAnswers>, web::Data<http::Paths>),
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
    App::new()
        .app_data(services)
        .app_data(sharing)
        .app_data(guarding.proxies)
        .app_data(guarding.limits)
        .app_data(guarding.rules)
        .app_data(paths)
        .configure(http::routes)
        .configure(|config| http::shared(config, max_body))
        .wrap(from_fn(http::guard))
        .wrap(from_fn(http::frame))
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        Error::new(ErrorCode::Internal).detail(format!(
            "cannot listen on {address}: {error}; choose another address with --listen or SIPAS_LISTEN"
        ))
    })
}
