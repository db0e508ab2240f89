//! The real program as a process: started, asked, stopped, killed.

use super::app::NO_LIMITS;
use super::cluster::{PROGRAM, run_dir};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT_LOG: AtomicU32 = AtomicU32::new(0);

/// A running program that is stopped in the end, whatever the test does.
pub struct Running {
    pub child: Child,
    /// What it printed when it was ready.
    pub line: Value,
}

impl Running {
    /// Starts it and waits until it is ready.
    pub fn start(command: &mut Command) -> Self {
        // A pipe that nobody reads would fill up and stop it.
        let log = run_dir("logs").join(format!("{}.log", NEXT_LOG.fetch_add(1, Ordering::Relaxed)));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let line = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("did not start: {}", std::fs::read_to_string(&log).unwrap()));
        Self { child, line }
    }

    /// The same without blocking the test's other tasks.
    pub async fn start_aside(mut command: Command) -> Self {
        tokio::task::spawn_blocking(move || Self::start(&mut command)).await.unwrap()
    }

    /// Where it serves.
    pub fn url(&self) -> &str {
        self.line["url"].as_str().unwrap()
    }

    pub fn pid(&self) -> i32 {
        self.child.id().try_into().unwrap()
    }

    /// Number of files and sockets it has open.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(&mut self) {
        signal(self.pid(), Signal::SIGTERM);
        assert!(self.child.wait().unwrap().success());
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            signal(self.pid(), Signal::SIGTERM);
            let _ = self.child.wait();
        }
    }
}

/// Signals a process that may have gone already.
pub fn signal(pid: i32, signal: Signal) {
    let _ = nix::sys::signal::kill(Pid::from_raw(pid), signal);
}

/// The program with nothing of our own environment, on a data directory of its own.
pub fn sipas(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("SIPAS_DATA_DIR", dir);
    command.env("SIPAS_LISTEN", "127.0.0.1:0").envs(NO_LIMITS.map(|(_, variable)| (variable, "0")));
    // Devices of tests answer faster than people can.
    command.env("SIPAS_FLAG_RULES", "none");
    command
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

/// What it printed, if it went well.
#[track_caller]
pub fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// URL with the password of the private PostgreSQL that a service shows without it.
pub fn private_url(dir: &Path, service: &Running) -> String {
    let password = std::fs::read_to_string(dir.join("postgres-password")).unwrap();
    service.line["database"].as_str().unwrap().replace("postgres@", &format!("postgres:{password}@"))
}

/// Number of the private PostgreSQL's first process, if it has one.
pub fn postmaster(dir: &Path) -> Option<i32> {
    std::fs::read_to_string(dir.join("cluster/postmaster.pid")).ok()?.lines().next()?.parse().ok()
}

/// The first process and all its children.
pub fn postgres_processes(dir: &Path) -> Vec<i32> {
    let Some(first) = postmaster(dir) else { return Vec::new() };
    let parent_of = |pid: i32| -> Option<i32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in brackets may hold anything; state and parent follow it.
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let children = all
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| parent_of(*pid) == Some(first));
    std::iter::once(first).chain(children).collect()
}

/// A port that no other program gets by chance: outside of those the system hands out.
pub fn own_port() -> u16 {
    (0..1000)
        .map(|_| rand::random_range(20_000..30_000))
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}
