//! The private PostgreSQL: a cluster of the service's own in its data directory, for machines where nobody
//! has set one up. Started and stopped with the service; data survive.
//!
//! One process owns the cluster (it holds the lock file) and stops it in the end; others of the same
//! directory join it through `postgres.json`. A cluster left running by a killed owner is adopted.

mod binaries;
mod privileges;

pub use privileges::prepare;

use crate::config::DatabaseConfig;
use crate::error::{Error, ErrorCode, Result};
use binaries::Binaries;
use postgresql_embedded::{PostgreSQL, Settings};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the service's database in the cluster.
const DATABASE: &str = "sipas";

/// Crash recovery after a power cut may take its time.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// Longest time to wait for the process that is just starting the cluster.
const JOIN_TIMEOUT: Duration = Duration::from_secs(60);

/// What those who join need to know; readable by the owner only, as it holds the password.
#[derive(Serialize, Deserialize)]
struct Address {
    url: String,
}

/// The database the service works with.
pub struct Database {
    /// Where it is.
    pub url: String,
    owned: Option<Owned>,
}

/// A cluster this process has to stop.
struct Owned {
    server: PostgreSQL,
    /// Held until the cluster has stopped.
    _lock: File,
}

impl Database {
    /// The given server, or the private cluster in `data_dir`: started, adopted or joined.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] with a sentence for people that names the way out.
    pub async fn open(config: &DatabaseConfig, data_dir: &Path) -> Result<Self> {
        match &config.database_url {
            Some(url) => Ok(Self { url: url.clone(), owned: None }),
            None => Self::private(config, data_dir).await,
        }
    }

    /// Whether this process runs the cluster.
    pub const fn is_owner(&self) -> bool {
        self.owned.is_some()
    }

    /// The URL without its password, for logs and start lines.
    pub fn shown_url(&self) -> String {
        let hidden = self.url.split_once("://").and_then(|(scheme, rest)| {
            let (credentials, host) = rest.rsplit_once('@')?;
            let user = credentials.split(':').next().unwrap_or_default();
            Some(format!("{scheme}://{user}@{host}"))
        });
        hidden.unwrap_or_else(|| self.url.clone())
    }

    async fn private(config: &DatabaseConfig, data_dir: &Path) -> Result<Self> {
        let lock_path = data_dir.join("postgres.lock");
        let lock = File::options().create(true).append(true).open(&lock_path).map_err(|error| {
            failed(format!("cannot write {}: {error}; choose another --data-dir", lock_path.display()))
        })?;
        match lock.try_lock() {
            Ok(()) => Self::start(config, data_dir, lock).await,
            Err(TryLockError::WouldBlock) => join(data_dir).await,
            Err(TryLockError::Error(error)) => {
                Err(failed(format!("cannot lock {}: {error}", lock_path.display())))
            }
        }
    }

    async fn start(config: &DatabaseConfig, data_dir: &Path, lock: File) -> Result<Self> {
        let address = data_dir.join("postgres.json");
        let mut settings = settings(config, data_dir)?;
        let running = running_port(&settings.data_dir);
        if let Some(port) = running {
            settings.port = port;
        } else {
            let _ = std::fs::remove_file(&address);
            port_is_free(settings.port)?;
        }
        let mut server = PostgreSQL::new(settings);
        if running.is_none() {
            server.setup().await.map_err(|error| explain(&error, &server))?;
            server.start().await.map_err(|error| explain(&error, &server))?;
        }
        let exists = server.database_exists(DATABASE).await.map_err(|error| explain(&error, &server))?;
        if !exists {
            server.create_database(DATABASE).await.map_err(|error| explain(&error, &server))?;
        }
        let url = server.settings().url(DATABASE);
        let text = serde_json::to_vec(&Address { url: url.clone() }).map_err(Error::internal)?;
        write_private(&address, &text)?;
        Ok(Self { url, owned: Some(Owned { server, _lock: lock }) })
    }

    /// Stops the cluster if this process owns it.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if it does not stop.
    pub async fn close(self) -> Result<()> {
        match self.owned {
            Some(owned) => owned
                .server
                .stop()
                .await
                .map_err(|error| failed(format!("PostgreSQL does not stop: {error}"))),
            None => Ok(()),
        }
    }
}

/// The cluster another process runs; it may be starting just now.
async fn join(data_dir: &Path) -> Result<Database> {
    let path = data_dir.join("postgres.json");
    let deadline = tokio::time::Instant::now() + JOIN_TIMEOUT;
    loop {
        let address =
            std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Address>(&text).ok());
        match address {
            Some(Address { url }) => return Ok(Database { url, owned: None }),
            None if tokio::time::Instant::now() > deadline => {
                return Err(failed(format!(
                    "another process holds {} but does not come up; stop it, or choose another --data-dir",
                    data_dir.display()
                )));
            }
            None => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

fn settings(config: &DatabaseConfig, data_dir: &Path) -> Result<Settings> {
    let cluster = data_dir.join("cluster");
    let password_file = data_dir.join("postgres-password");
    let defaults = Settings::new();
    // The defaults come with two fresh temporary directories that nobody else would remove.
    let _ = std::fs::remove_dir(&defaults.data_dir);
    let _ = defaults.password_file.parent().map(std::fs::remove_dir);
    let password = match std::fs::read_to_string(&password_file) {
        Ok(password) => password,
        Err(_) => {
            write_private(&password_file, defaults.password.as_bytes())?;
            defaults.password.clone()
        }
    };
    let (installation_dir, trust_installation_dir) =
        match binaries::find(config.postgres_dir.as_deref(), binaries::version_of_cluster(&cluster))? {
            Binaries::Installed(dir) => (dir, true),
            Binaries::ToDownload => (data_dir.join("postgresql"), false),
        };
    // Durable means durable: the crate passes -F (no fsync) to the server; what comes later wins.
    let fsync = if config.postgres_unsafe { "off" } else { "on" };
    let configuration = [
        ("fsync", fsync),
        ("synchronous_commit", fsync),
        ("listen_addresses", "127.0.0.1"),
        // Debian's default socket directory belongs to the system's own server.
        ("unix_socket_directories", ""),
        ("max_connections", "200"),
    ];
    Ok(Settings {
        installation_dir,
        trust_installation_dir,
        password_file,
        password,
        data_dir: cluster,
        host: "127.0.0.1".into(),
        port: config.postgres_port,
        temporary: false,
        timeout: Some(START_TIMEOUT),
        configuration: configuration
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into_iter()
            .collect::<HashMap<_, _>>(),
        ..defaults
    })
}

/// Port of a server that still runs on this cluster, from its pid file.
fn running_port(cluster: &Path) -> Option<u16> {
    let text = std::fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid: i32 = lines.next()?.trim().parse().ok()?;
    let port = lines.nth(2)?.trim().parse().ok()?;
    let alive = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None).is_ok();
    alive.then_some(port)
}

fn port_is_free(port: u16) -> Result<()> {
    if port == 0 {
        return Ok(());
    }
    std::net::TcpListener::bind(("127.0.0.1", port)).map(drop).map_err(|error| {
        failed(format!(
            "port {port} for the private PostgreSQL cannot be used: {error}; choose another with --postgres-port \
             (0 takes a free one)"
        ))
    })
}

fn write_private(path: &PathBuf, text: &[u8]) -> Result<()> {
    let draft = path.with_extension("new");
    let written = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft);
    written
        .and_then(|mut file| file.write_all(text).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&draft, path))
        .map_err(|error| {
            failed(format!("cannot write {}: {error}; choose another --data-dir", path.display()))
        })
}

/// One sentence with the way out, the server's own words behind it.
fn explain(error: &postgresql_embedded::Error, server: &PostgreSQL) -> Error {
    let log = std::fs::read_to_string(server.settings().data_dir.join("start.log")).unwrap_or_default();
    let last = log.lines().rev().find(|line| line.contains("FATAL") || line.contains("ERROR"));
    let reason = last.map_or_else(|| error.to_string(), str::to_owned);
    let hint = match error {
        postgresql_embedded::Error::ArchiveError(_) => {
            "no PostgreSQL was found and downloading one failed; install it (Debian: apt-get install postgresql), \
             name its directory with SIPAS_POSTGRES_DIR, or set DATABASE_URL"
        }
        _ => "the private PostgreSQL does not start; mend what it says, or set DATABASE_URL",
    };
    failed(format!("{hint}: {reason}"))
}

fn failed(sentence: String) -> Error {
    Error::new(ErrorCode::Internal).detail(sentence)
}
