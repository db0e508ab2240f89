//! Ten times more senders than the queue takes.

use super::setting;
use crate::support::cluster::{crowd, database};
use crate::support::load::Load;
use crate::support::program::Running;
use crate::support::site::Site;
use std::time::Duration;

/// Most memory the service may have besides the pages of its own file. Of the 96 MiB that it may have in all, an
/// optimised program leaves more than this; here it is not optimised, and its file is ten times as large.
const MOST_KIB: u64 = 64 << 10;

/// Most memory the service ever had, without the pages of its own file, in KiB.
fn peak_memory(service: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.pid())).unwrap();
    let of = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    of("VmHWM:") - of("RssFile:")
}

/// Five seconds show it; `SIPAS_FAULT_SECONDS=60` shows that it stays so.
#[tokio::test]
async fn a_flood_is_refused_within_little_memory_and_what_was_accepted_is_stored() {
    let _turn = crowd().await;
    let flags = ["--intake-queue", "20", "--intake-batch", "10", "--database-connections", "8"];
    let (site, mut service) = Site::on("flood", database().await, &flags).await;
    let load = Load::start(&site, 200, Duration::ZERO);
    tokio::time::sleep(Duration::from_secs(setting("SIPAS_FAULT_SECONDS", 5))).await;
    let seen = load.finish().await;
    let peak = peak_memory(&service);
    seen.tell(&format!("flood, at most {peak} KiB"));
    assert!(seen.refused > 200 && seen.unknown == 0, "{} refused, {} unknown", seen.refused, seen.unknown);
    assert!(seen.acknowledged.len() >= 200, "{} acknowledged", seen.acknowledged.len());
    assert!(seen.slowest < Duration::from_secs(10), "{:?}", seen.slowest);
    assert!(peak < MOST_KIB, "{peak} KiB");
    let stored = site.prove_nothing_lost(&seen.acknowledged).await;
    assert_eq!(stored.len(), seen.acknowledged.len());
    service.stop();
}
