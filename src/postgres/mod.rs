//! The private PostgreSQL: a cluster of the service's own in its data directory, for machines where nobody
//! has set one up. Data survive.
//!
//! Several processes may use one directory: the first starts the cluster, the others join it, the last one to
//! leave stops it. Two lock files say so: whoever starts or stops holds `postgres.lock`, everybody who uses
//! the cluster shares `postgres.users`. A cluster left running by a killed process is simply joined.

mod binaries;
mod privileges;

pub use privileges::prepare;

use crate::config::DatabaseConfig;
use crate::error::{Error, ErrorCode, Result};
use crate::store::probe;
use binaries::Binaries;
use postgresql_embedded::{PostgreSQL, Settings, VersionReq};
use std::fs::{File, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

/// Name of the service's database in the cluster.
const DATABASE: &str = "sipas";

/// Crash recovery after a power cut may take its time; so may another process that is just starting.
const START_TIMEOUT: Duration = Duration::from_secs(300);

/// Longest time between a server's pid file and its listening.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(5);

/// How often to look again.
const POLL: Duration = Duration::from_millis(100);

/// How often to see whether the cluster is alive.
const WATCH: Duration = Duration::from_secs(1);

/// The database the service works with.
pub struct Database {
    /// Where it is.
    pub url: String,
    private: Option<Arc<Private>>,
}

/// This process's share in a private cluster.
struct Private {
    settings: Settings,
    /// Held while starting or stopping.
    gate: File,
    /// Shared by everybody who uses the cluster.
    users: File,
    /// Held while the cluster is started again; a start is never left halfway.
    restarting: Mutex<()>,
}

impl Database {
    /// The given server, or the private cluster in `data_dir`, started if nobody has yet.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] with a sentence for people that names the way out.
    pub async fn open(config: &DatabaseConfig, data_dir: &Path) -> Result<Self> {
        let Some(url) = &config.database_url else { return Self::open_private(config, data_dir).await };
        Ok(Self { url: url.clone(), private: None })
    }

    async fn open_private(config: &DatabaseConfig, data_dir: &Path) -> Result<Self> {
        let (gate, users) = (lock_file(data_dir, "postgres.lock")?, lock_file(data_dir, "postgres.users")?);
        pass(&gate, data_dir).await?;
        let settings = run_cluster(settings(config, data_dir)?).await?;
        users
            .lock_shared()
            .map_err(|error| failed(format!("cannot lock in {}: {error}", data_dir.display())))?;
        let _ = gate.unlock();
        let url = settings.url(DATABASE);
        let private = Private { settings, gate, users, restarting: Mutex::new(()) };
        Ok(Self { url, private: Some(Arc::new(private)) })
    }

    /// The URL without its password, for logs and start lines.
    pub fn shown_url(&self) -> String {
        let shown = self.url.split_once("://").and_then(|(scheme, rest)| {
            let (credentials, host) = rest.split('?').next()?.rsplit_once('@')?;
            let user = credentials.split(':').next()?;
            Some(format!("{scheme}://{user}@{host}"))
        });
        // Other forms may hold a password anywhere.
        shown.unwrap_or_else(|| "as given in DATABASE_URL".into())
    }

    /// Starts the private cluster again, on its port, whenever it has died. Never returns; with a server that was
    /// given it just waits, since that one is somebody else's to run.
    pub async fn keep_running(&self) {
        let Some(private) = &self.private else { return std::future::pending().await };
        loop {
            sleep(WATCH).await;
            if port_of_pid_file(&private.settings.data_dir).is_none() {
                // A task of its own: when this future is dropped, `close` waits for it to end.
                let _ = tokio::spawn(private.clone().start_again()).await;
            }
        }
    }

    /// Leaves the private cluster, and stops it if nobody else uses it.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if it does not stop.
    pub async fn close(self) -> Result<()> {
        let Some(private) = self.private else { return Ok(()) };
        let _restarting = private.restarting.lock().await;
        let settings = private.settings.clone();
        pass(&private.gate, &settings.data_dir).await?;
        let _ = private.users.unlock();
        if private.users.try_lock().is_err() || port_of_pid_file(&settings.data_dir).is_none() {
            return Ok(());
        }
        let stopped = PostgreSQL::new(settings).stop().await;
        stopped.map_err(|error| failed(format!("PostgreSQL does not stop: {error}")))
    }
}

impl Private {
    async fn start_again(self: Arc<Self>) {
        let _restarting = self.restarting.lock().await;
        tracing::error!("the private PostgreSQL has died; starting it again");
        let started = async {
            pass(&self.gate, &self.settings.data_dir).await?;
            let started = run_cluster(self.settings.clone()).await;
            let _ = self.gate.unlock();
            started
        };
        match started.await {
            Ok(_) => tracing::info!("the private PostgreSQL runs again"),
            Err(error) => tracing::error!("trying again: {}", error.chain()),
        }
    }
}

fn lock_file(data_dir: &Path, name: &str) -> Result<File> {
    let path = data_dir.join(name);
    let opened = File::options().create(true).append(true).open(&path);
    opened.map_err(|error| {
        failed(format!("cannot write {}: {error}; choose another --data-dir", path.display()))
    })
}

/// Waits until nobody else is starting or stopping the cluster. Polls: a blocking lock would hold a thread.
async fn pass(gate: &File, data_dir: &Path) -> Result<()> {
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        match gate.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(POLL).await,
            Err(TryLockError::WouldBlock) => {
                return Err(failed(format!(
                    "another process has been starting or stopping PostgreSQL in {} for {} s; stop it, or choose \
                     another --data-dir",
                    data_dir.display(),
                    START_TIMEOUT.as_secs()
                )));
            }
            Err(TryLockError::Error(error)) => {
                return Err(failed(format!("cannot lock in {}: {error}", data_dir.display())));
            }
        }
    }
}

/// Joins the cluster if it runs, starts it otherwise; makes it first if there is none.
async fn run_cluster(mut settings: Settings) -> Result<Settings> {
    if let Some(joined) = running(&settings).await {
        return Ok(joined);
    }
    port_is_free(settings.port)?;
    initialise(&mut settings).await?;
    // The server appends to its log; what earlier starts said is not about this one.
    let _ = std::fs::remove_file(start_log(&settings));
    let mut server = PostgreSQL::new(settings);
    let started = server.start().await;
    let settings = server.settings().clone();
    if let Err(error) = started {
        let reason = explain(&error, &settings);
        // pg_ctl gives up after a minute, while a recovery may still be going on: dropping the server now
        // would stop it, and the next start would begin again from the same place.
        std::mem::forget(server);
        return running(&settings).await.ok_or(reason);
    }
    let exists = server.database_exists(DATABASE).await.map_err(|error| explain(&error, &settings))?;
    if !exists {
        server.create_database(DATABASE).await.map_err(|error| explain(&error, &settings))?;
    }
    // Dropping it would stop the cluster; that is `close`'s business.
    std::mem::forget(server);
    Ok(settings)
}

/// Settings of the cluster that already runs, with its port, once it answers to our password. A pid file
/// alone proves nothing: the number may belong to any process by now.
async fn running(settings: &Settings) -> Option<Settings> {
    let begun = Instant::now();
    loop {
        let port = port_of_pid_file(&settings.data_dir)?;
        let settings = Settings { port, ..settings.clone() };
        let patience = match probe(&settings.url(DATABASE)).await {
            Ok(()) => return Some(settings),
            Err(words) if words.contains("starting up") || words.contains("recovery") => START_TIMEOUT,
            // It may not listen yet.
            Err(words) if words.contains("connecting") => LISTEN_TIMEOUT,
            Err(_) => return None,
        };
        if begun.elapsed() > patience {
            return None;
        }
        sleep(POLL).await;
    }
}

/// Port in the pid file of a living process.
fn port_of_pid_file(cluster: &Path) -> Option<u16> {
    let text = std::fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid: i32 = lines.next()?.trim().parse().ok()?;
    let port = lines.nth(2)?.trim().parse().ok()?;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None).is_ok().then_some(port)
}

/// Makes the cluster aside and moves it into its place: what is there is whole, also after a crash in between.
async fn initialise(settings: &mut Settings) -> Result<()> {
    let cluster = settings.data_dir.clone();
    if cluster.join("PG_VERSION").exists() {
        return Ok(());
    }
    let draft = cluster.with_extension("new");
    let _ = std::fs::remove_dir_all(&draft);
    let mut server = PostgreSQL::new(Settings { data_dir: draft.clone(), ..settings.clone() });
    server.setup().await.map_err(|error| explain(&error, settings))?;
    // Where the programs are, if they had to be downloaded.
    settings.installation_dir.clone_from(&server.settings().installation_dir);
    settings.trust_installation_dir = true;
    std::fs::rename(&draft, &cluster)
        .map_err(|error| failed(format!("cannot make {}: {error}", cluster.display())))
}

fn settings(config: &DatabaseConfig, data_dir: &Path) -> Result<Settings> {
    let (cluster, downloads) = (data_dir.join("cluster"), data_dir.join("postgresql"));
    let password_file = data_dir.join("postgres-password");
    let defaults = Settings::new();
    // The defaults come with two fresh temporary directories that nobody else would remove.
    let _ = std::fs::remove_dir(&defaults.data_dir);
    let _ = defaults.password_file.parent().map(std::fs::remove_dir);
    let made_by = binaries::version_of_cluster(&cluster);
    let (installation_dir, version) =
        match binaries::find(config.postgres_dir.as_deref(), made_by, &downloads)? {
            Binaries::Installed(dir) => (Some(dir), VersionReq::STAR),
            Binaries::ToDownload(version) => (None, version),
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
        trust_installation_dir: installation_dir.is_some(),
        installation_dir: installation_dir.unwrap_or(downloads),
        version,
        password: password(&password_file, made_by.is_some(), &defaults.password)?,
        password_file,
        data_dir: cluster,
        host: "127.0.0.1".into(),
        port: config.postgres_port,
        temporary: false,
        timeout: Some(START_TIMEOUT),
        configuration: configuration.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        ..defaults
    })
}

/// The cluster's password; made with the cluster and never after, since a new one would lock everybody out.
fn password(file: &Path, cluster_exists: bool, fresh: &str) -> Result<String> {
    match std::fs::read_to_string(file) {
        Ok(password) => Ok(password),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !cluster_exists => {
            let mut options = File::options();
            let written = options.write(true).create_new(true).mode(0o600).open(file);
            written
                .and_then(|mut file| file.write_all(fresh.as_bytes()).and_then(|()| file.sync_all()))
                .map_err(|error| failed(format!("cannot write {}: {error}", file.display())))?;
            Ok(fresh.to_owned())
        }
        Err(error) => Err(failed(format!(
            "cannot read the password of the private PostgreSQL, {}: {error}; bring the file back, or set DATABASE_URL",
            file.display()
        ))),
    }
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

/// Where the server writes.
fn start_log(settings: &Settings) -> PathBuf {
    settings.data_dir.join("start.log")
}

/// One sentence with the way out, the server's own words behind it.
fn explain(error: &postgresql_embedded::Error, settings: &Settings) -> Error {
    let log = std::fs::read_to_string(start_log(settings)).unwrap_or_default();
    let last = log.lines().rev().find(|line| line.contains("FATAL") || line.contains("ERROR"));
    let words = last.map_or_else(|| error.to_string(), str::to_owned);
    let reason = words.split_whitespace().collect::<Vec<_>>().join(" ");
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
