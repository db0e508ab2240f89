//! `kill -9`, again and again, of the service and of its PostgreSQL.

use super::setting;
use crate::support::load::Load;
use crate::support::program::{postgres_processes, postmaster, signal};
use crate::support::site::Site;
use nix::sys::signal::Signal;
use std::time::Duration;
use tokio::time::sleep;

/// A moment that nobody can foresee.
async fn a_moment() {
    sleep(Duration::from_millis(rand::random_range(0..300))).await;
}

fn kill_postgres(site: &Site) {
    postgres_processes(&site.dir).into_iter().for_each(|pid| signal(pid, Signal::SIGKILL));
}

/// Fifty crashes take about two minutes; `SIPAS_FAULT_CYCLES=500` is a run for a quiet evening.
#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_of_service_and_database() {
    let (mut site, mut service) = Site::private("crashes").await;
    let load = Load::start(&site, 12, Duration::from_millis(10));
    for cycle in 0..setting("SIPAS_FAULT_CYCLES", 50) {
        load.wait_for(20).await;
        a_moment().await;
        match cycle % 4 {
            // PostgreSQL stays behind; the next service joins it.
            0 => {
                service.kill();
                service = site.serve(&[]).await;
            }
            // The service starts it again.
            1 => signal(postmaster(&site.dir).unwrap(), Signal::SIGKILL),
            2 => kill_postgres(&site),
            // Like a power cut.
            _ => {
                service.kill();
                kill_postgres(&site);
                service = site.serve(&[]).await;
            }
        }
    }
    load.wait_for(20).await;
    let seen = load.finish().await;
    seen.tell("crashes");
    assert!(seen.unknown > 0 && seen.refused > 0, "nothing broke: {seen:?}");
    let stored = site.prove_nothing_lost(&seen.acknowledged).await;
    // Whoever did not know the outcome asked again until told.
    assert_eq!(stored.len(), seen.acknowledged.len());
    service.stop();
    assert!(postmaster(&site.dir).is_none(), "its PostgreSQL has stopped too");
}
