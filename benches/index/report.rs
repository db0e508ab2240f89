//! The table.

use super::load::Load;
use super::machine::Machine;
use super::questions::Question;
use super::side::Made;
use std::fmt::Write;
use std::time::Duration;

/// One question at both sizes, the small one first.
pub struct Figure {
    pub question: Question,
    alone: [Load; 2],
    crowd: [Load; 2],
    /// Large by small, of the median latencies of each round.
    ratios: Vec<f64>,
}

impl Figure {
    pub fn new(question: Question) -> Self {
        Self { question, alone: Default::default(), crowd: Default::default(), ratios: Vec::new() }
    }

    /// One round on one connection.
    pub fn alone(&mut self, small: Load, large: Load) {
        self.ratios.push(large.median().as_secs_f64() / small.median().as_secs_f64());
        add(&mut self.alone, [small, large]);
    }

    /// One round on many.
    pub fn crowd(&mut self, small: Load, large: Load) {
        add(&mut self.crowd, [small, large]);
    }

    /// Median latency at the large size.
    pub fn large_alone(&self) -> Duration {
        let [_, large] = &self.alone;
        large.median()
    }

    fn line(&self) -> String {
        let percentiles =
            |load: &Load| [50, 95, 99].map(|percent| milliseconds(load.percentile(percent))).join(" / ");
        let crowd = |load: &Load| format!("{:.0}; {}", load.rate(), milliseconds(load.percentile(99)));
        let ([few, many], [few_crowd, many_crowd]) = (&self.alone, &self.crowd);
        let mut ratios = self.ratios.clone();
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN);
        format!(
            "| {} | {} | {} | {ratio:.2} | {} | {} |",
            self.question.name,
            percentiles(few),
            percentiles(many),
            crowd(few_crowd),
            crowd(many_crowd)
        )
    }
}

fn add(sums: &mut [Load; 2], loads: [Load; 2]) {
    for (sum, load) in sums.iter_mut().zip(loads) {
        sum.acknowledged += load.acknowledged;
        sum.took += load.took;
        sum.latencies.extend(load.latencies);
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

/// Reading while responses arrive.
pub struct Arrivals {
    pub name: &'static str,
    pub read: Load,
    pub posted: Load,
}

/// Everything that is printed.
pub struct Report<'a> {
    pub figures: &'a [Figure],
    /// Province-years a second from daily counts and over HTTP, small and large.
    pub tuned: &'a [(f64, f64)],
    /// Of a question at the large size: time of plain SQL and of the service.
    pub raw: &'a [(&'static str, Duration, Duration)],
    pub arrivals: &'a [Arrivals],
    pub sides: [&'a Made; 2],
    /// Most of the large side's service, in MiB.
    pub memory: u64,
    /// What `sipas verify` says in the end.
    pub verified: String,
    pub server: String,
    pub file_system: String,
    pub rounds: u32,
    pub each: Duration,
    pub crowd: usize,
    pub per_second: u32,
}

impl Report<'_> {
    pub fn markdown(&self) -> String {
        let Machine { date, commit, processor, memory, kernel, command } = Machine::of("index");
        let [small, large] = self.sides;
        let mut text = String::from("# Index: figures a second\n\n");
        let lines = [
            format!("{date}, commit {commit}, `{command}`"),
            format!("{processor}, {memory} MiB memory"),
            format!(
                "PostgreSQL {} as the program's private cluster has it (fsync and synchronous_commit on, all else as \
                 PostgreSQL ships it), data on {}; Linux {kernel}",
                self.server, self.file_system
            ),
            format!(
                "{} and {} responses of two years over 3,000 communes in 34 provinces, 19 answers each; figures are of \
                 2025 unless they say otherwise, read as an administrator of the whole country",
                small.responses, large.responses
            ),
            format!(
                "{} rounds of {} s each, both sizes alternately; HTTP with keep-alive; the clients share processors with \
                 service and PostgreSQL, and their cost is in every figure; where several connections ask, all ask the same, \
                 and those who wait at the same time share an answer",
                self.rounds,
                self.each.as_secs()
            ),
        ];
        for line in lines {
            let _ = writeln!(text, "- {line}");
        }
        self.questions(&mut text);
        self.plain(&mut text);
        self.arriving(&mut text);
        self.making(&mut text);
        text
    }

    fn questions(&self, text: &mut String) {
        let ([small, large], crowd) = (self.sides.map(|side| side.responses), self.crowd);
        let _ = write!(
            text,
            "\n| | {small}: p50 / p95 / p99 ms | {large}: p50 / p95 / p99 ms | time, large ÷ small | {small}, {crowd} \
             connections: req/s; p99 ms | {large}, {crowd} connections: req/s; p99 ms |\n|---|--:|--:|--:|--:|--:|\n"
        );
        for figure in self.figures {
            let _ = writeln!(text, "{}", figure.line());
        }
        text.push_str("\nLatencies are those of one connection; the ratio is that of their medians.\n");
    }

    fn plain(&self, text: &mut String) {
        let [_, large] = self.sides;
        let _ = write!(
            text,
            "\n| at {} responses | GROUP BY over the responses, s | over HTTP, ms | times faster |\n|---|--:|--:|--:|\n",
            large.responses
        );
        for (name, theirs, ours) in self.raw {
            let times = theirs.as_secs_f64() / ours.as_secs_f64();
            let (theirs, ours) = (theirs.as_secs_f64(), milliseconds(*ours));
            let _ = writeln!(text, "| {name} | {theirs:.2} | {ours} | {times:.0} |");
        }
        text.push_str(
            "\nRun once each, with the parallel workers and the JIT that PostgreSQL takes by default. The levels counted \
             were the same as those of the figure.\n",
        );
        let _ = write!(
            text,
            "\n| province-year, {} connections | daily counts by pgbench, req/s | over HTTP, req/s | times faster \
             |\n|---|--:|--:|--:|\n",
            self.crowd
        );
        for (side, (theirs, ours)) in self.sides.iter().zip(self.tuned) {
            let times = ours / theirs;
            let _ = writeln!(text, "| {} | {theirs:.1} | {ours:.0} | {times:.1} |", side.responses);
        }
        text.push_str(
            "\nDaily counts: a table agency x day x criterion of the province's hundred agencies in the year, its primary \
             key made for the question and covering it, prepared, without JIT and parallel workers.\n",
        );
    }

    fn arriving(&self, text: &mut String) {
        let _ = write!(
            text,
            "\n| while {} responses a second arrive, {} connections | req/s | p50 ms | p99 ms | max ms | arrived/s | their \
             p99 ms |\n|---|--:|--:|--:|--:|--:|--:|\n",
            self.per_second, self.crowd
        );
        for Arrivals { name, read, posted } in self.arrivals {
            let [p50, p99, max] = [50, 99, 100].map(|percent| milliseconds(read.percentile(percent)));
            let (rate, arrived, theirs) = (read.rate(), posted.rate(), milliseconds(posted.percentile(99)));
            let _ =
                writeln!(text, "| {name} | {rate:.0} | {p50} | {p99} | {max} | {arrived:.0} | {theirs} |");
        }
        let _ = write!(
            text,
            "\nPeak memory of the service on the larger database over all of this: {} MiB. `sipas verify` in the end: \
             `{}`.\n",
            self.memory, self.verified
        );
    }

    /// Nothing is known of databases that an interrupted run has left.
    fn making(&self, text: &mut String) {
        if self.sides.iter().any(|side| side.filled.is_zero()) {
            return;
        }
        text.push_str(
            "\n| responses | stored by COPY, s | `verify --repair`, s (MiB) | `verify`, s (MiB) | totals of provinces and \
             country, s | database, GB |\n|--:|--:|--:|--:|--:|--:|\n",
        );
        for side in self.sides {
            let seconds = |time: Duration| format!("{:.1}", time.as_secs_f64());
            let Made { responses, filled, repaired, verified, totals, gigabytes } = side;
            let _ = writeln!(
                text,
                "| {responses} | {} | {} ({}) | {} ({}) | {} | {gigabytes:.1} |",
                seconds(*filled),
                seconds(repaired.0),
                repaired.1,
                seconds(verified.0),
                verified.1,
                seconds(*totals)
            );
        }
        text.push_str(
            "\nThe raw responses are made up and stored past the service; every tally is counted from them by \
             `sipas verify --repair`, which found `verify` clean afterwards.\n",
        );
    }
}
