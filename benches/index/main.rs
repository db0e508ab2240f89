//! How fast figures are read from a hundred thousand and from ten million responses, beside what plain SQL takes
//! for the same numbers.
//!
//! `cargo bench --bench index` needs no setup: it runs the real program on a cluster of its own with full
//! durability, fills two databases of 3,000 communes and two years, and prints one table. `-- --write` keeps it in
//! `benches/index.md`; `-- --quick` takes a million instead of ten and a second for each measurement; `-- --in DIR` keeps
//! the databases in DIR and uses them again. What the two sizes are compared by is measured alternately, so
//! that a busy neighbour slows both. A figure that differs from the plain SQL's fails the run.

mod baseline;
mod ground;
#[path = "../common/load.rs"]
#[expect(dead_code, reason = "other benchmarks use the rest")]
mod load;
#[path = "../common/machine.rs"]
mod machine;
mod questions;
mod report;
mod side;
#[path = "../common/stage.rs"]
#[expect(dead_code, reason = "other benchmarks use the rest")]
mod stage;

use questions::{Question, questions};
use report::{Arrivals, Figure, Report};
use side::Side;
use stage::Cluster;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Connections of the crowd.
const CROWD: usize = 16;

/// Responses that arrive each second while figures are read.
const ARRIVALS: u32 = 200;

/// How much, how often and how long.
struct Plan {
    small: u32,
    large: u32,
    rounds: u32,
    each: Duration,
    arrivals: Duration,
    kept_in: Option<PathBuf>,
}

fn main() -> Result<()> {
    // Cargo itself passes --bench.
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let kept_in = std::env::args().skip_while(|argument| argument != "--in").nth(1).map(PathBuf::from);
    let second = Duration::from_secs(1);
    let plan = if asked("--quick") {
        Plan { small: 100_000, large: 1_000_000, rounds: 1, each: second, arrivals: 3 * second, kept_in }
    } else {
        Plan { small: 100_000, large: 10_000_000, rounds: 3, each: second, arrivals: 20 * second, kept_in }
    };
    // One thread: the clients share the processors with what they measure.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let table = runtime.block_on(measure(&plan))?;
    if asked("--write") {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/index.md"), &table)?;
    }
    std::io::stdout().write_all(table.as_bytes())?;
    Ok(())
}

async fn measure(plan: &Plan) -> Result<String> {
    let cluster = match &plan.kept_in {
        Some(dir) => Cluster::again(dir)?,
        None => Cluster::start()?,
    };
    let small = Side::prepare(&cluster, "small", plan.small).await?;
    let large = Side::prepare(&cluster, "large", plan.large).await?;

    let mut figures: Vec<Figure> = questions().into_iter().map(Figure::new).collect();
    for figure in &figures {
        for side in [&small, &large] {
            // Asked once before the clock starts.
            side.body(&figure.question).await?;
        }
    }
    for _ in 0..plan.rounds {
        for figure in &mut figures {
            let few = small.ask(&figure.question, 1, plan.each).await?;
            let many = large.ask(&figure.question, 1, plan.each).await?;
            figure.alone(few, many);
            let few = small.ask(&figure.question, CROWD, plan.each).await?;
            let many = large.ask(&figure.question, CROWD, plan.each).await?;
            figure.crowd(few, many);
        }
    }
    let mut tuned = Vec::new();
    for side in [&small, &large] {
        baseline::daily_make(side).await?;
        let (province, time) = (Question::province_year(), plan.each * plan.rounds);
        let theirs = baseline::daily(side, CROWD, time).await?;
        let ours = side.ask(&province, CROWD, time).await?.rate();
        tuned.push((theirs, ours));
    }
    let mut raw = Vec::new();
    for figure in &mut figures {
        if let Some(of) = figure.question.raw {
            let took = baseline::raw(&large, of, &large.body(&figure.question).await?).await?;
            raw.push((figure.question.name, took, figure.large_alone()));
        }
    }

    let mut arrivals = Vec::new();
    for question in [Question::nation_year(), Question::ranking(false), Question::ranking_of_now()] {
        let posts = large.posts()?;
        let (address, time) = (large.address(), plan.arrivals);
        let arriving = tokio::spawn(async move { load::steadily(address, 8, ARRIVALS, time, &posts).await });
        let read = large.ask(&question, CROWD, plan.arrivals).await?;
        let posted = arriving.await??;
        arrivals.push(Arrivals { name: question.name, read, posted });
    }
    let (verified, _, _) = cluster.run_measured(&["verify"], &large.url).await?;
    let memory = large.peak_memory()?;
    Ok(Report {
        figures: &figures,
        tuned: &tuned,
        raw: &raw,
        arrivals: &arrivals,
        sides: [&small.made, &large.made],
        memory,
        verified: verified.to_string(),
        server: large.sql.query_one("SHOW server_version", &[]).await?.get(0),
        file_system: cluster.file_system(),
        rounds: plan.rounds,
        each: plan.each,
        crowd: CROWD,
        per_second: ARRIVALS,
    }
    .markdown())
}
