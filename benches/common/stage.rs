//! What is measured: the real program on a cluster of its own. Everything started here is stopped when its value
//! goes, whatever the reason.

use crate::Result;
use crate::machine::output;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_postgres::NoTls;

const PROGRAM: &str = env!("CARGO_BIN_EXE_sipas");

/// A started program that has said that it is ready.
struct Running {
    child: Child,
    /// It stops when this closes, if it was told to.
    stdin: Option<ChildStdin>,
    /// Kept open: what it prints later must not fail.
    _stdout: BufReader<ChildStdout>,
    line: Value,
}

impl Running {
    /// Logs go into a file, as they would in earnest.
    fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let log_file = File::options().create(true).append(true).open(log)?;
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log_file).spawn()?;
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let mut running = Self { child, stdin, _stdout: stdout, line: Value::Null };
        running.line = serde_json::from_str(&line)
            .map_err(|_| format!("did not start: {}", std::fs::read_to_string(log).unwrap_or_default()))?;
        Ok(running)
    }

    fn said(&self, key: &str) -> Result<&str> {
        self.line.get(key).and_then(Value::as_str).ok_or_else(|| format!("no {key} in {}", self.line).into())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stdin.take());
        if let (Ok(None), Ok(pid)) = (self.child.try_wait(), i32::try_from(self.child.id())) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.child.wait();
    }
}

/// A credential.
pub struct Client {
    pub id: String,
    pub secret: String,
}

/// A fully durable cluster, as the program's private one.
pub struct Cluster {
    pub url: String,
    // Declared in this order: the cluster is stopped before its directory goes.
    _running: Running,
    dir: PathBuf,
    _temporary: Option<TempDir>,
}

impl Cluster {
    /// With the shipped catalogue and the demonstration's.
    pub fn furnished() -> Result<Self> {
        let cluster = Self::start()?;
        cluster.furnish(&cluster.url)?;
        Ok(cluster)
    }

    /// With nothing in it.
    pub fn start() -> Result<Self> {
        // Root's cluster belongs to another user, who must be able to reach it.
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let dir = tempfile::Builder::new().prefix("sipas-bench-").permissions(permissions).tempdir()?;
        Self::start_in(dir.path().to_owned(), Some(dir))
    }

    /// In a directory that stays, with what an earlier run has left there.
    pub fn again(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        Self::start_in(dir.to_owned(), None)
    }

    fn start_in(dir: PathBuf, temporary: Option<TempDir>) -> Result<Self> {
        let mut command = program(&dir, "cluster");
        let running =
            Running::start(command.args(["postgres", "--until-stdin-closes"]), &dir.join("cluster.log"))?;
        let url = running.said("url")?.to_owned();
        Ok(Self { url, _running: running, dir, _temporary: temporary })
    }

    /// Migrates a database and enters the catalogue.
    pub fn furnish(&self, url: &str) -> Result<()> {
        let demonstration = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalogue/demonstration.toml");
        self.run(&["catalogue", "load"], url)?;
        self.run(&["catalogue", "load", demonstration], url).map(drop)
    }

    /// Another database of the same cluster.
    pub fn url_of(&self, database: &str) -> String {
        let server = self.url.rsplit_once('/').map_or(self.url.as_str(), |(server, _)| server);
        format!("{server}/{database}")
    }

    /// A second database, made the same way.
    pub async fn second(&self, sql: &tokio_postgres::Client) -> Result<String> {
        sql.batch_execute("CREATE DATABASE baseline").await?;
        let url = self.url_of("baseline");
        self.furnish(&url)?;
        Ok(url)
    }

    /// Runs a command of the program to its end; gives what it prints.
    pub fn run(&self, arguments: &[&str], url: &str) -> Result<Value> {
        let output = program(&self.dir, "service").args(arguments).env("DATABASE_URL", url).output()?;
        if !output.status.success() {
            return Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// As [`Cluster::run`]; also how long it took and the most memory it held, in MiB.
    pub async fn run_measured(&self, arguments: &[&str], url: &str) -> Result<(Value, Duration, u64)> {
        let begun = Instant::now();
        let log = File::create(self.dir.join("command.log"))?;
        let mut command = program(&self.dir, "service");
        let mut child =
            command.args(arguments).env("DATABASE_URL", url).stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut peak = 0;
        let status = loop {
            peak = peak.max(peak_memory(child.id()).unwrap_or(0));
            match child.try_wait()? {
                Some(status) => break status,
                None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        let took = begun.elapsed();
        if !status.success() {
            let said = std::fs::read_to_string(self.dir.join("command.log"))?;
            return Err(format!("{arguments:?}: {said}").into());
        }
        let stdout = child.stdout.take().ok_or("no stdout")?;
        Ok((serde_json::from_reader(stdout)?, took, peak))
    }

    /// The demonstration's device.
    pub fn device(&self) -> Result<Client> {
        self.client("--kind device --agency H56.C1 --service-point MC-H56-C1 --name kiosk", &self.url)
    }

    /// Makes a client.
    pub fn client(&self, what: &str, url: &str) -> Result<Client> {
        let arguments = format!("client create {what}");
        let made = self.run(&arguments.split(' ').collect::<Vec<_>>(), url)?;
        let field =
            |key: &str| made.get(key).and_then(Value::as_str).map(str::to_owned).ok_or("no credential");
        Ok(Client { id: field("client_id")?, secret: field("client_secret")? })
    }

    /// On what the data are: durability costs nothing in memory.
    pub fn file_system(&self) -> String {
        output(Command::new("stat").args(["-f", "-c", "%T"]).arg(&self.dir))
    }

    /// Where baselines may leave files.
    pub fn scratch(&self) -> &Path {
        &self.dir
    }
}

/// A serving instance.
pub struct Service {
    pub address: SocketAddr,
    running: Running,
}

impl Service {
    /// With default settings, but for these.
    pub fn start(cluster: &Cluster, settings: &[&str]) -> Result<Self> {
        Self::start_on(cluster, &cluster.url, settings)
    }

    /// On another database of the cluster.
    pub fn start_on(cluster: &Cluster, url: &str, settings: &[&str]) -> Result<Self> {
        let dir = &cluster.dir;
        let mut command = program(dir, "service");
        command.arg("serve").args(settings).env("DATABASE_URL", url).env("SIPAS_LISTEN", "127.0.0.1:0");
        // One device sends as thousands would. Everything is judged, but by what nobody breaks: flagging all of it is
        // no burden that ever comes.
        command.env("SIPAS_FLAG_RULES", "identical").env("SIPAS_FLAG_IDENTICAL_ANSWERED", "200");
        let running = Running::start(&mut command, &dir.join("service.log"))?;
        let address = running.said("url")?.trim_start_matches("http://").parse()?;
        Ok(Self { address, running })
    }

    /// Most memory it has held so far, in MiB.
    pub fn peak_memory(&self) -> Result<u64> {
        peak_memory(self.running.child.id())
    }
}

fn peak_memory(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(peak.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}

/// The program with none of our own settings.
fn program(dir: &Path, data: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_remove("DATABASE_URL").env("SIPAS_DATA_DIR", dir.join(data));
    for (key, _) in std::env::vars_os() {
        if key.to_string_lossy().starts_with("SIPAS_") && key != "SIPAS_POSTGRES_DIR" {
            command.env_remove(key);
        }
    }
    // One credential does here what thousands of kiosks do.
    for limit in ["DEVICE", "SYSTEM", "ADMIN", "ANONYMOUS", "TOKENS", "SECRETS"] {
        command.env(format!("SIPAS_LIMIT_{limit}"), "0");
    }
    command.env("SIPAS_DATA_DIR", dir.join(data)).stdin(Stdio::null());
    command
}

/// A connection of the benchmark's own.
pub async fn connect(url: &str) -> Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Transactions a second, as pgbench says.
pub fn rate(output: &std::process::Output) -> Result<f64> {
    if !output.status.success() {
        return Err(format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    tps.ok_or_else(|| format!("pgbench says no rate: {said}").into())
}
