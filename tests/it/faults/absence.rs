//! PostgreSQL is away for a while, and comes back.

use crate::support::cluster::{crowd, database, run_dir};
use crate::support::load::Load;
use crate::support::program::{Running, own_port, postgres_processes, signal, sipas};
use crate::support::site::{ALL, Site};
use crate::support::wire::Wire;
use nix::sys::signal::Signal;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// Processes that stand still until this is dropped.
struct Frozen(Vec<i32>);

impl Frozen {
    fn new(processes: Vec<i32>) -> Self {
        processes.iter().for_each(|pid| signal(*pid, Signal::SIGSTOP));
        Self(processes)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.0.iter().for_each(|pid| signal(*pid, Signal::SIGCONT));
    }
}

/// Starts PostgreSQL on a port, by the program.
async fn postgres(dir: &Path, port: u16) -> Running {
    let mut command = sipas(dir, &["postgres"]);
    command.env("SIPAS_POSTGRES_PORT", port.to_string());
    Running::start_aside(command).await
}

/// Stopped, and started again at the same place.
async fn away_for_twenty_seconds() {
    let (dir, port) = (run_dir("away-cluster"), own_port());
    let mut cluster = postgres(&dir, port).await;
    let (site, mut service) = Site::on("away", cluster.url().to_owned(), &[]).await;
    let load = Load::start(&site, 12, Duration::from_millis(10));
    load.wait_for(100).await;

    tokio::task::spawn_blocking(move || cluster.stop()).await.unwrap();
    let gone = Instant::now();
    let anonymous = site.anonymous();
    while gone.elapsed() < Duration::from_secs(20) {
        let asked = Instant::now();
        anonymous.get("/health/live").await.expect(200);
        for path in ["/health/ready", "/v1/agencies/H56/index?survey=demo-service&period=2026"] {
            let reply = anonymous.get(path).await.expect(503);
            assert_eq!((reply.problem().as_str(), reply.header("retry-after")), ("unavailable", "2"));
        }
        assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
        sleep(Duration::from_millis(200)).await;
    }
    let mut cluster = postgres(&dir, port).await;
    site.wait_until_ready(Duration::from_secs(10)).await;
    load.wait_for(100).await;

    let seen = load.finish().await;
    seen.tell("twenty seconds away");
    assert!(seen.refused > 100 && seen.unknown == 0, "{} refused, {} unknown", seen.refused, seen.unknown);
    assert!(seen.slowest < Duration::from_secs(10), "{:?}", seen.slowest);
    let stored = site.prove_nothing_lost(&seen.acknowledged).await;
    assert_eq!(stored.len(), seen.acknowledged.len());
    service.stop();
    cluster.stop();
}

/// Nobody hangs up, nobody answers: like a machine that is suspended.
async fn frozen_for_a_minute() {
    let dir = run_dir("frozen-cluster");
    let mut cluster = Running::start_aside(sipas(&dir, &["postgres"])).await;
    let (site, mut service) = Site::on("frozen", cluster.url().to_owned(), &[]).await;
    let load = Load::start(&site, 12, Duration::from_millis(10));
    load.wait_for(100).await;

    let (frozen, begun, before) =
        (Frozen::new(postgres_processes(&dir)), Instant::now(), service.open_files());
    let anonymous = site.anonymous();
    while begun.elapsed() < Duration::from_secs(55) {
        let live = anonymous.get("/health/live");
        timeout(Duration::from_secs(1), live).await.expect("it runs").expect(200);
        let figures = anonymous.get("/v1/agencies/H56/index?survey=demo-service&period=2026");
        timeout(Duration::from_secs(30), figures).await.expect("an answer in time").expect(503);
    }
    assert!(service.open_files() <= before + 16, "connections pile up: {}", service.open_files());
    drop(frozen);
    site.wait_until_ready(Duration::from_secs(10)).await;
    load.wait_for(100).await;

    let seen = load.finish().await;
    seen.tell("frozen");
    assert!(seen.refused >= 12 && seen.unknown == 0, "{} refused, {} unknown", seen.refused, seen.unknown);
    assert!(seen.slowest < Duration::from_secs(30), "{:?}", seen.slowest);
    let stored = site.prove_nothing_lost(&seen.acknowledged).await;
    assert_eq!(stored.len(), seen.acknowledged.len());
    service.stop();
    cluster.stop();
}

/// The network forgets the connections that there are; new ones work.
async fn connections_that_went_silent_are_given_up() {
    let _turn = crowd().await;
    let url = database().await;
    let wire = Wire::to(&url).await;
    let (site, mut service) = Site::on("silent", wire.url.clone(), &[]).await;
    let load = Load::start(&site, 12, Duration::from_millis(10));
    load.wait_for(100).await;
    // Every connection of the pool is open: they must not be found out one after the other.
    let admin = site.admin();
    futures_util::future::join_all((0..64).map(|_| admin.index("H56", ALL))).await;
    wire.cut();
    sleep(Duration::from_secs(1)).await;
    load.wait_for(500).await;

    let seen = load.finish().await;
    seen.tell("silent connections");
    assert!(seen.refused > 0 && seen.unknown == 0, "{} refused, {} unknown", seen.refused, seen.unknown);
    assert!(seen.slowest < Duration::from_secs(30), "{:?}", seen.slowest);
    let stored = site.prove_nothing_lost(&seen.acknowledged).await;
    assert_eq!(stored.len(), seen.acknowledged.len());
    service.stop();
}

/// Together, since most of it is waiting.
#[tokio::test]
async fn a_database_that_is_away_frozen_or_out_of_reach_costs_no_restart_and_no_response() {
    futures_util::join!(
        away_for_twenty_seconds(),
        frozen_for_a_minute(),
        connections_that_went_silent_are_given_up()
    );
}
