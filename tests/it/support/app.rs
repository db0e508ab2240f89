//! The service under test: wired as in production, on a free port, at a fixed time.

use super::clients::Client;
use super::cluster::{connect, database};
use super::samples;
use chrono::{DateTime, Utc};
use clap::Parser;
use sipas::config::ServeConfig;
use sipas::domain::agency::AgencyCode;
use sipas::domain::client::ClientKind;
use sipas::service::clients::NewClient;
use sipas::service::clock::Clock;
use sipas::{app, service};

/// A test that wants a limit gives it anew.
#[derive(Parser)]
#[command(args_override_self = true)]
struct Arguments {
    #[command(flatten)]
    serve: ServeConfig,
}

/// A serving instance with a database of its own, which holds the built-in catalogue, the demonstration's
/// agencies and the surveys of [`samples`].
pub struct TestApp {
    pub url: String,
    pub database_url: String,
    /// What the service believes the time to be.
    pub now: DateTime<Utc>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

/// Enters the built-in catalogue, the demonstration's agencies and the surveys of [`samples`].
pub async fn load_catalogue(database_url: &str) {
    let db = sipas::store::Db::new(database_url, 1).unwrap();
    service::catalogue::load(&db, &samples::catalogue()).await.unwrap();
}

/// Makes a credential as `sipas client create` does; gives id and secret.
pub async fn credential(
    database_url: &str,
    now: DateTime<Utc>,
    kind: ClientKind,
    agency: Option<&str>,
    desk: Option<&str>,
) -> (String, String) {
    let db = sipas::store::Db::new(database_url, 1).unwrap();
    let new = NewClient {
        kind,
        name: "test".into(),
        agency: agency.map(|code| AgencyCode::parse(code).unwrap()),
        service_point: desk.map(str::to_owned),
    };
    let (client, secret) = service::clients::create(&db, new, now).await.unwrap();
    (client.id.0.to_string(), secret)
}

/// Flags and variables of the limits. Tests drive the service faster than anybody may.
pub const NO_LIMITS: [(&str, &str); 6] = [
    ("--limit-device", "SIPAS_LIMIT_DEVICE"),
    ("--limit-system", "SIPAS_LIMIT_SYSTEM"),
    ("--limit-admin", "SIPAS_LIMIT_ADMIN"),
    ("--limit-anonymous", "SIPAS_LIMIT_ANONYMOUS"),
    ("--limit-tokens", "SIPAS_LIMIT_TOKENS"),
    ("--limit-secrets", "SIPAS_LIMIT_SECRETS"),
];

/// Wednesday, 10:00 in Viet Nam.
pub const NOW: &str = "2026-07-15T10:00:00+07:00";

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts with settings in the form of command-line flags.
    pub async fn start_with(flags: &[&str]) -> Self {
        let database_url = database().await;
        load_catalogue(&database_url).await;
        Self::on(database_url, NOW, flags).await
    }

    /// Starts another instance on a database, at a time.
    pub async fn on(database_url: String, now: &str, flags: &[&str]) -> Self {
        let now = DateTime::parse_from_rfc3339(now).unwrap().to_utc();
        let base = ["test", "--listen", "127.0.0.1:0", "--workers", "1", "--database-connections", "8"];
        let limits = NO_LIMITS.iter().flat_map(|(flag, _)| [*flag, "0"]);
        // Devices of tests answer faster than people can; whoever tests the rules says which.
        let rules: &[&str] = if flags.contains(&"--flag-rules") { &[] } else { &["--flag-rules", "none"] };
        let given = rules.iter().chain(flags).copied();
        let config = Arguments::parse_from(base.into_iter().chain(limits).chain(given)).serve;
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (started, start) = tokio::sync::oneshot::channel();
        let database = database_url.clone();
        // A thread and a runtime of its own, as in production: it outlives the test's runtime, and so ends in
        // good order instead of leaving its workers and sockets behind.
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let built = app::build(&config, &database, Clock::Fixed(now)).await.unwrap();
                started.send(built.url()).unwrap();
                let stopped = async {
                    let _ = stopped.await;
                };
                app::run(built, stopped).await.unwrap();
            });
        });
        let url = start.await.expect("the service starts");
        Self { url, database_url, now, stop: Some(stop) }
    }

    /// A connection beside the service, to look at what is stored.
    pub async fn sql(&self) -> tokio_postgres::Client {
        connect(&self.database_url).await
    }

    pub fn anonymous(&self) -> Client {
        Client::new(&self.url, None)
    }

    /// Makes a credential as `sipas client create` does; gives id and secret.
    pub async fn credential(
        &self,
        kind: ClientKind,
        agency: Option<&str>,
        desk: Option<&str>,
    ) -> (String, String) {
        credential(&self.database_url, self.now, kind, agency, desk).await
    }

    async fn client(&self, kind: ClientKind, agency: Option<&str>, desk: Option<&str>) -> Client {
        let (id, secret) = self.credential(kind, agency, desk).await;
        let token = self.anonymous().token(&id, &secret).await;
        Client::new(&self.url, Some(token))
    }

    /// A kiosk that stands at a desk.
    pub async fn device(&self, agency: &str, desk: &str) -> Client {
        self.client(ClientKind::Device, Some(agency), Some(desk)).await
    }

    /// Another system, of an agency or of the whole country.
    pub async fn system(&self, agency: Option<&str>) -> Client {
        self.client(ClientKind::System, agency, None).await
    }

    /// An administrator's program, of an agency or of the whole country.
    pub async fn admin(&self, agency: Option<&str>) -> Client {
        self.client(ClientKind::Admin, agency, None).await
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
    }
}
