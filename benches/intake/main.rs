//! How many responses a second are taken and durable, beside what the same PostgreSQL does at best with the
//! same rows.
//!
//! `cargo bench --bench intake` needs no setup: it runs the real program on a cluster of its own with full
//! durability, and prints one table. `-- --write` keeps it in `benches/intake.md`; `-- --quick` only shows that
//! everything runs. A baseline is measured right before what it is compared with, again in every round, so
//! that a busy neighbour slows both; what is not stored exactly as it was acknowledged fails the run.

mod baseline;
#[path = "../common/load.rs"]
#[expect(dead_code, reason = "other benchmarks use the rest")]
mod load;
#[path = "../common/machine.rs"]
mod machine;
mod report;
#[path = "../common/stage.rs"]
#[expect(dead_code, reason = "other benchmarks use the rest")]
mod stage;

use baseline::{Baseline, Form};
use load::{Load, NO_ID, Request};
use report::{Figure, Report};
use serde_json::{Value, json};
use stage::{Cluster, Service};
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Responses of one bulk request.
const BULK: u32 = 500;

/// How long everything is measured.
struct Plan {
    rounds: u32,
    each: Duration,
    copied: usize,
    overload: Duration,
}

fn main() -> Result<()> {
    // Cargo itself passes --bench.
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let plan = if asked("--quick") {
        Plan { rounds: 1, each: Duration::from_secs(1), copied: 20_000, overload: Duration::from_secs(2) }
    } else {
        Plan { rounds: 3, each: Duration::from_secs(6), copied: 200_000, overload: Duration::from_secs(60) }
    };
    // One thread: the clients share the processors with what they measure.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let table = runtime.block_on(measure(&plan))?;
    if asked("--write") {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/intake.md"), &table)?;
    }
    std::io::stdout().write_all(table.as_bytes())?;
    Ok(())
}

/// The measured service with its database.
struct Bench<'a> {
    cluster: &'a Cluster,
    sql: tokio_postgres::Client,
    time: Duration,
    acknowledged: u64,
    /// Longest time until everything acknowledged was counted in the tallies.
    folded: Duration,
}

async fn measure(plan: &Plan) -> Result<String> {
    let cluster = Cluster::furnished()?;
    let device = cluster.device()?;
    let service = Service::start(&cluster, &[])?;
    let one = [service.address];
    let token = load::token(service.address, &device).await?;
    let mut bench = Bench {
        cluster: &cluster,
        sql: stage::connect(&cluster.url).await?,
        time: plan.each,
        acknowledged: 0,
        folded: Duration::ZERO,
    };

    let body = body();
    let single =
        Request::post("/v1/responses", &token, &body.to_string(), |status, _| u32::from(status == 201));
    let health = Request::get("/health/live", |status, _| u32::from(status == 200));
    let array = Value::Array((0..BULK).map(|_| body.clone()).collect());
    let bulk = Request::post("/v1/responses/batch", &token, &array.to_string(), load::created);

    // The baselines store what the service has stored for this body.
    bench.acknowledged += load::run(&one, 1, Duration::ZERO, &single).await?.acknowledged;
    let baseline = Baseline::prepare(&cluster, &bench.sql, plan.each).await?;
    // Everything has run once before the clock starts.
    bench.acknowledged += load::run(&one, 64, plan.each / 4, &single).await?.acknowledged;

    let mut lone_insert = Figure::baseline("INSERT by pgbench", 1);
    let mut lone_way = Figure::baseline("`SELECT 1` by pgbench, for comparison", 1);
    let mut lone_post = Figure::new("`POST /v1/responses`", 1);
    let mut null = Figure::new("`GET /health/live`: HTTP alone", 64);
    let mut insert = Figure::baseline("INSERT by pgbench", 64);
    let mut post = Figure::new("`POST /v1/responses`", 64);
    let mut crowd = Figure::new("`POST /v1/responses`", 256);
    let mut copy = Figure::baseline("COPY, one transaction", 1);
    let mut copy_binary = Figure::baseline("COPY, binary, for comparison", 1);
    let mut batch = Figure::new("`POST /v1/responses/batch`, 500 each", 8);
    let mut post_three = Figure::new("`POST /v1/responses`, three instances", 64);
    let mut batch_three = Figure::new("`POST /v1/responses/batch`, 500 each, three instances", 8);
    let mut single_memory = None;

    for _ in 0..plan.rounds {
        let lone = baseline.insert_one_by_one(&bench).await?;
        let loaded = bench.load(&one, 1, &single).await?;
        lone_post.compare(report::share(loaded.median(), lone.median()));
        lone_post.add(loaded);
        let way = baseline.nothing_one_by_one()?;
        lone_way.compare(report::share(way.median(), lone.median()));
        lone_way.add(way);
        lone_insert.add(lone);
        null.add(bench.load(&one, 64, &health).await?);

        insert.rate(baseline.insert(&bench, 64).await?);
        for (figure, connections) in [(&mut post, 64), (&mut crowd, 256)] {
            let loaded = bench.load(&one, connections, &single).await?;
            figure.compare(loaded.rate() / insert.last());
            figure.add(loaded);
        }
        single_memory.get_or_insert(service.peak_memory()?);
        copy_binary.rate(baseline.copy(&bench, plan.copied, Form::Binary).await?);
        copy.rate(baseline.copy(&bench, plan.copied, Form::Text).await?);
        let loaded = bench.load(&one, 8, &bulk).await?;
        batch.compare(loaded.rate() / copy.last());
        batch.add(loaded);

        let neighbours = [Service::start(&cluster, &[])?, Service::start(&cluster, &[])?];
        let three: Vec<SocketAddr> =
            one.into_iter().chain(neighbours.iter().map(|service| service.address)).collect();
        insert.rate(baseline.insert(&bench, 64).await?);
        let loaded = bench.load(&three, 64, &single).await?;
        post_three.compare(loaded.rate() / insert.last());
        post_three.add(loaded);
        copy.rate(baseline.copy(&bench, plan.copied, Form::Text).await?);
        let loaded = bench.load(&three, 8, &bulk).await?;
        batch_three.compare(loaded.rate() / copy.last());
        batch_three.add(loaded);
    }

    // Ten times as many senders as places in the queue, each coming again at once whatever it is told.
    let small = Service::start(&cluster, &["--intake-queue", "90"])?;
    let mut peak_post = Figure::baseline("`POST /v1/responses`, a queue of 90", 64);
    let mut overload = Figure::new("`POST /v1/responses`, the same queue, overload", 900);
    let loaded = bench.load(&[small.address], 64, &single).await?;
    peak_post.add(loaded);
    bench.time = plan.overload;
    let loaded = bench.load(&[small.address], 900, &single).await?;
    overload.compare(loaded.rate() / peak_post.last());
    overload.add(loaded);

    let overload_memory = small.peak_memory()?;
    let (single_memory, peak) = (single_memory.unwrap_or_default(), service.peak_memory()?);
    bench.prove().await?;
    let figures = [
        lone_insert,
        lone_way,
        lone_post,
        insert,
        post,
        crowd,
        post_three,
        copy,
        copy_binary,
        batch,
        batch_three,
        null,
        peak_post,
        overload,
    ];
    Ok(Report {
        figures: &figures,
        stored: bench.acknowledged,
        folded: bench.folded,
        memory: (single_memory, peak, overload_memory),
        rounds: plan.rounds,
        each: plan.each,
        copied: plan.copied,
        server: bench.sql.query_one("SHOW server_version", &[]).await?.get(0),
        file_system: cluster.file_system(),
    }
    .markdown())
}

/// What is posted: the tests' response with every facet that is often told, without the comment, so that one
/// response is one row.
fn body() -> Value {
    let mut body: Value =
        serde_json::from_str(include_str!("../../tests/it/response.json")).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("comment");
        fields.insert("id".into(), json!(NO_ID));
        fields.insert("gender".into(), json!("female"));
    }
    body
}

impl Bench<'_> {
    /// Starts every measurement from the same state: nothing left to fold, nothing left to write back.
    async fn settle(&mut self) -> Result<()> {
        let begun = std::time::Instant::now();
        loop {
            let left: i64 = self.sql.query_one("SELECT count(*) FROM ingest_batches", &[]).await?.get(0);
            if left == 0 {
                break;
            }
            if begun.elapsed() > Duration::from_secs(120) {
                return Err(format!("{left} batches are not folded two minutes after the last answer").into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.folded = self.folded.max(begun.elapsed());
        self.checkpoint().await
    }

    async fn checkpoint(&self) -> Result<()> {
        Ok(self.sql.batch_execute("CHECKPOINT").await?)
    }

    async fn load(
        &mut self,
        addresses: &[SocketAddr],
        connections: usize,
        request: &Request,
    ) -> Result<Load> {
        self.checkpoint().await?;
        let loaded = load::run(addresses, connections, self.time, request).await?;
        if request.stores() {
            self.acknowledged += loaded.acknowledged;
            self.settle().await?;
        }
        Ok(loaded)
    }

    /// Every acknowledged response is stored once, and the tallies say the same as the responses.
    async fn prove(&self) -> Result<()> {
        let stored: i64 = self.sql.query_one("SELECT count(*) FROM responses", &[]).await?.get(0);
        if u64::try_from(stored)? != self.acknowledged {
            return Err(format!("{} responses acknowledged, {stored} stored", self.acknowledged).into());
        }
        self.cluster.run(&["verify"], &self.cluster.url).map(drop)
    }
}
