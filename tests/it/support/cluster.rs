//! One private PostgreSQL for the whole run, started by the real program; a database for each test, cloned
//! from a migrated template.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::NoTls;

/// Name of the program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_sipas");

/// Prefix of the data directories of test runs; the number of the process follows.
const PREFIX: &str = "sipas-test-";

struct Cluster {
    url: String,
    /// The cluster stops when this closes, also if the run is killed.
    _stdin: ChildStdin,
    _child: Child,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(0);

static CROWD: Mutex<()> = Mutex::const_new(());

/// The turn of a test that opens hundreds of sockets: an ordinary user's 1,024 open files are enough for one such
/// test at a time.
pub async fn crowd() -> MutexGuard<'static, ()> {
    CROWD.lock().await
}

/// A directory for this run's data, in a place that an unprivileged user can reach.
pub fn run_dir(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id())).join(name);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// Removes what runs that were killed left behind.
fn sweep() {
    for entry in std::fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let gone = name.strip_prefix(PREFIX).is_some_and(|pid| !Path::new("/proc").join(pid).exists());
        if gone {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn start() -> Cluster {
    sweep();
    let mut child = Command::new(PROGRAM)
        .args(["postgres", "--until-stdin-closes"])
        .env_remove("DATABASE_URL")
        .env("SIPAS_DATA_DIR", run_dir("cluster"))
        .env("SIPAS_POSTGRES_UNSAFE", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let started: serde_json::Value = serde_json::from_str(&line).expect("sipas postgres prints its URL");
    let url = started["url"].as_str().unwrap().to_owned();
    migrate(&url);
    Cluster { url, _stdin: child.stdin.take().unwrap(), _child: child }
}

/// Brings a database up to date with the real program.
pub fn migrate(url: &str) {
    let status = Command::new(PROGRAM)
        .arg("migrate")
        .env("DATABASE_URL", url)
        .env("SIPAS_DATA_DIR", run_dir("migrate"))
        .status();
    assert!(status.unwrap().success(), "migrating {url}");
}

async fn cluster() -> &'static Cluster {
    tokio::task::spawn_blocking(|| CLUSTER.get_or_init(start)).await.unwrap()
}

/// A connection of the test's own, beside the service.
pub async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn url_of(cluster: &Cluster, database: &str) -> String {
    cluster.url.rsplit_once('/').map(|(server, _)| format!("{server}/{database}")).unwrap()
}

async fn create(options: &str) -> String {
    let cluster = cluster().await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let server = connect(&url_of(cluster, "postgres")).await;
    server.batch_execute(&format!("CREATE DATABASE {name} {options}")).await.unwrap();
    url_of(cluster, &name)
}

/// A migrated database of one's own.
pub async fn database() -> String {
    create("TEMPLATE sipas").await
}

/// An empty database of one's own.
pub async fn empty_database() -> String {
    create("").await
}
