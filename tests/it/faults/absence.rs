//! PostgreSQL is away for a while, and comes back.

use crate::support::cluster::run_dir;
use crate::support::load::Load;
use crate::support::program::{Running, own_port, sipas};
use crate::support::site::Site;
use std::path::Path;
use std::time::{Duration, Instant};

/// Starts PostgreSQL on a port, by the program.
async fn postgres(dir: &Path, port: u16) -> Running {
    let mut command = sipas(dir, &["postgres"]);
    command.env("SIPAS_POSTGRES_PORT", port.to_string());
    Running::start_aside(command).await
}

#[tokio::test]
async fn a_database_that_is_away_for_twenty_seconds_costs_no_restart() {
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
        tokio::time::sleep(Duration::from_millis(200)).await;
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
