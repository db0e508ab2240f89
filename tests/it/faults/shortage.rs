//! Something runs out: connections to the database, space on its disk.

use crate::support::cluster::{database, run_dir};
use crate::support::load::{Answer, Load, Sender};
use crate::support::program::{Running, postgres_processes, postmaster, sipas};
use crate::support::samples::id;
use crate::support::site::{ALL, Site};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// Five seconds' wait for a connection, fifteen for a statement, some for a busy machine.
const BOUND: Duration = Duration::from_secs(25);

/// Reads figures again and again until the time is over; gives how often it was refused.
async fn read_until(client: crate::support::Client, end: Instant) -> usize {
    let mut refused = 0;
    while Instant::now() < end {
        let path = format!("/v1/agencies/H56/index?{ALL}");
        let reply = timeout(BOUND, client.get(&path)).await.expect("an answer in time").expect(503);
        assert_eq!((reply.problem().as_str(), reply.header("retry-after")), ("unavailable", "2"));
        refused += 1;
    }
    refused
}

async fn every_connection_taken() {
    let flags = ["--database-connections", "2"];
    let (site, mut service) = Site::on("shortage", database().await, &flags).await;
    let load = Load::start(&site, 8, Duration::from_millis(10));
    load.wait_for(50).await;

    let sql = site.sql().await;
    let lock = "BEGIN; LOCK TABLE responses, tallies, ingest_batches IN ACCESS EXCLUSIVE MODE";
    sql.batch_execute(lock).await.unwrap();
    let end = Instant::now() + Duration::from_secs(35);
    let readers: Vec<_> = (0..24).map(|_| tokio::spawn(read_until(site.admin(), end))).collect();
    let anonymous = site.anonymous();
    while Instant::now() < end {
        let asked = Instant::now();
        anonymous.get("/health/live").await.expect(200);
        assert!(asked.elapsed() < Duration::from_secs(1), "the process runs: {:?}", asked.elapsed());
        sleep(Duration::from_millis(100)).await;
    }
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    sql.batch_execute("ROLLBACK").await.unwrap();

    site.wait_until_ready(BOUND).await;
    load.wait_for(50).await;
    let seen = load.finish().await;
    seen.tell("no free connection");
    assert!(seen.refused > 0 && seen.unknown == 0, "{} refused, {} unknown", seen.refused, seen.unknown);
    assert!(seen.slowest < BOUND, "{:?}", seen.slowest);
    let stored = site.prove_nothing_lost(&seen.acknowledged).await;
    assert_eq!(stored.len(), seen.acknowledged.len());
    service.stop();
}

/// Sets the size at which PostgreSQL's files end, as a full disk would, or lifts it.
fn limit_files(dir: &Path, size: &str) {
    let first = postmaster(dir).unwrap();
    // Root may lack the right to limit another user's processes; that user has it.
    let owner = std::fs::metadata(format!("/proc/{first}")).unwrap();
    let limit = |pid: i32| {
        let arguments = ["--pid", &pid.to_string(), &format!("--fsize={size}:")];
        let mut command = Command::new("prlimit");
        command.args(arguments).uid(owner.uid()).gid(owner.gid()).stderr(Stdio::null());
        command.status().unwrap().success()
    };
    // The first one hands it on to every new backend; an old one may have ended by now.
    assert!(limit(first), "prlimit");
    for pid in postgres_processes(dir) {
        let _ = limit(pid);
    }
}

/// PostgreSQL takes a file that may not grow for a full disk: it ignores SIGXFSZ for that purpose.
async fn a_full_disk() {
    let dir = run_dir("full-cluster");
    let mut cluster = Running::start_aside(sipas(&dir, &["postgres"])).await;
    let (site, mut service) = Site::on("full", cluster.url().to_owned(), &[]).await;
    let load = Load::start(&site, 8, Duration::from_millis(10));
    load.wait_for(50).await;

    // The log of transactions takes 16 MiB a file and has to stay below the limit, so the responses are made
    // larger than that: by rows that never were, whose space nobody gives back.
    let sql = site.sql().await;
    sql.batch_execute("ALTER SYSTEM SET autovacuum = off").await.unwrap();
    sql.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    let name = sql.query_one("SELECT tableoid::regclass::text FROM responses LIMIT 1", &[]).await.unwrap();
    let name: String = name.get(0);
    let copies = format!(
        "BEGIN;
         INSERT INTO {name} SELECT (jsonb_populate_record(row, jsonb_build_object('id',
             overlay((row).id::text PLACING lpad(to_hex(number), 12, '0') FROM 25)))).*
         FROM (SELECT {name} AS row FROM {name} LIMIT 1) one, generate_series(1, 150000) number;
         ROLLBACK"
    );
    sql.batch_execute(&copies).await.unwrap();
    load.wait_for(10).await;

    // Half a block more.
    let size = sql.query_one(&format!("SELECT pg_relation_size('{name}')"), &[]).await.unwrap();
    let size: i64 = size.get(0);
    assert!(size > 16 << 20, "larger than a file of the log: {size}");
    limit_files(&dir, &(size + 4096).to_string());
    let (sender, begun, mut last) = (Sender::new(&site), Instant::now(), Vec::new());
    loop {
        let id = id(std::time::SystemTime::now().into());
        if sender.post(id).await == Answer::Refused {
            break;
        }
        assert!(begun.elapsed() < BOUND, "the disk does not fill up");
        last.push(id);
    }
    sleep(Duration::from_secs(3)).await;
    site.anonymous().get("/health/live").await.expect(200);
    site.admin().index("H56", ALL).await;

    limit_files(&dir, "unlimited");
    load.wait_for(100).await;
    let mut seen = load.finish().await;
    seen.acknowledged.extend(last);
    seen.tell("disk full");
    assert!(seen.refused > 0 && seen.unknown == 0, "{} refused, {} unknown", seen.refused, seen.unknown);
    site.prove_nothing_lost(&seen.acknowledged).await;
    service.stop();
    cluster.stop();
}

/// Together, since most of it is waiting.
#[tokio::test]
async fn without_connections_or_space_requests_are_refused_in_time_and_work_goes_on() {
    futures_util::join!(every_connection_taken(), a_full_disk());
}
