//! A place where the real program serves: it may be killed and started again, its clients stay the same.

use super::app::{credential, load_catalogue};
use super::clients::Client;
use super::cluster::{connect, run_dir};
use super::program::{Running, json, postgres_processes, private_url, run, signal, sipas};
use nix::sys::signal::Signal;
use sipas::domain::client::ClientKind;
use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use uuid::Uuid;

/// Everything there is.
pub const ALL: &str = "survey=demo-service&from=2020-01-01&to=2100-01-01";

/// The place, with a kiosk and an administrator who have their tokens.
pub struct Site {
    pub dir: PathBuf,
    pub database_url: String,
    /// Whether the service runs its own PostgreSQL.
    private: bool,
    /// Where the service is now; it changes with each start.
    pub address: watch::Sender<String>,
    pub kiosk: String,
    admin: String,
}

impl Site {
    /// On a private PostgreSQL that writes through to the disk.
    pub async fn private(name: &str) -> (Self, Running) {
        Self::new(name, None, &[]).await
    }

    /// On a database that somebody else runs.
    pub async fn on(name: &str, database_url: String, flags: &[&str]) -> (Self, Running) {
        Self::new(name, Some(database_url), flags).await
    }

    async fn new(name: &str, database_url: Option<String>, flags: &[&str]) -> (Self, Running) {
        let private = database_url.is_none();
        let mut site = Self {
            dir: run_dir(name),
            database_url: database_url.unwrap_or_default(),
            private,
            address: watch::channel(String::new()).0,
            kiosk: String::new(),
            admin: String::new(),
        };
        let service = site.serve(flags).await;
        load_catalogue(&site.database_url).await;
        site.kiosk = site.token(ClientKind::Device, Some("H56.C1"), Some("MC-H56-C1")).await;
        site.admin = site.token(ClientKind::Admin, None, None).await;
        // The service looks at the catalogue once a second.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        (site, service)
    }

    async fn token(&self, kind: ClientKind, agency: Option<&str>, desk: Option<&str>) -> String {
        let now = std::time::SystemTime::now().into();
        let (id, secret) = credential(&self.database_url, now, kind, agency, desk).await;
        self.anonymous().token(&id, &secret).await
    }

    /// Starts an instance; from now on clients go there.
    pub async fn serve(&mut self, flags: &[&str]) -> Running {
        let service = self.another(flags).await;
        if self.private {
            // A new start takes a new port.
            self.database_url = private_url(&self.dir, &service);
        }
        self.address.send_replace(service.url().to_owned());
        service
    }

    /// Starts an instance that nobody is told of.
    pub async fn another(&self, flags: &[&str]) -> Running {
        let mut command = sipas(&self.dir, &["serve"]);
        command.args(flags);
        if !self.private {
            command.env("DATABASE_URL", &self.database_url);
        }
        Running::start_aside(command).await
    }

    pub fn anonymous(&self) -> Client {
        Client::new(&self.address.borrow(), None)
    }

    pub fn admin(&self) -> Client {
        self.anonymous().with_token(&self.admin)
    }

    pub async fn sql(&self) -> tokio_postgres::Client {
        connect(&self.database_url).await
    }

    /// Waits until the service can do its work.
    pub async fn wait_until_ready(&self, at_most: Duration) {
        let (anonymous, begun) = (self.anonymous(), Instant::now());
        while anonymous.get("/health/ready").await.status != 200 {
            assert!(begun.elapsed() < at_most, "not ready after {at_most:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Every acknowledged response is stored, once, and counted, once; so is everything else that is stored.
    /// Gives the ids of all that are stored.
    pub async fn prove_nothing_lost(&self, acknowledged: &[Uuid]) -> HashSet<Uuid> {
        let rows = self.sql().await.query("SELECT id FROM responses", &[]).await.unwrap();
        let stored: HashSet<Uuid> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(stored.len(), rows.len(), "an id is stored twice");
        let lost: Vec<_> = acknowledged.iter().filter(|id| !stored.contains(id)).collect();
        assert!(lost.is_empty(), "acknowledged and not stored: {lost:?}");
        let different: HashSet<_> = acknowledged.iter().collect();
        assert_eq!(different.len(), acknowledged.len(), "acknowledged twice");

        let mut command = sipas(&self.dir, &["verify"]);
        if !self.private {
            command.env("DATABASE_URL", &self.database_url);
        }
        let verified = json(&tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap());
        assert_eq!(verified["responses"], rows.len(), "{verified}");
        assert_eq!(verified["differences"], serde_json::json!([]), "{verified}");
        let counted = &self.admin().index("H56", ALL).await["whole"]["n"];
        assert_eq!(*counted, rows.len(), "the figures count what is stored");
        stored
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // A test that stopped while the service was dead leaves a private PostgreSQL without an owner.
        if self.private && std::thread::panicking() {
            postgres_processes(&self.dir).into_iter().for_each(|pid| signal(pid, Signal::SIGKILL));
        }
    }
}
