//! The table.

use super::load::Load;
use super::machine::Machine;
use std::fmt::Write;
use std::time::Duration;

/// One row: what was measured in all rounds.
pub struct Figure {
    name: &'static str,
    connections: u32,
    is_baseline: bool,
    rates: Vec<f64>,
    ratios: Vec<f64>,
    latencies: Vec<Duration>,
    refused: u64,
}

impl Figure {
    pub const fn new(name: &'static str, connections: u32) -> Self {
        Self {
            name,
            connections,
            is_baseline: false,
            rates: Vec::new(),
            ratios: Vec::new(),
            latencies: Vec::new(),
            refused: 0,
        }
    }

    pub fn baseline(name: &'static str, connections: u32) -> Self {
        Self { is_baseline: true, ..Self::new(name, connections) }
    }

    pub fn add(&mut self, load: Load) {
        self.rate(load.rate());
        self.refused += load.refused;
        self.latencies.extend(load.latencies);
    }

    pub fn rate(&mut self, rate: f64) {
        self.rates.push(rate);
    }

    /// The rate of the latest round.
    pub fn last(&self) -> f64 {
        self.rates.last().copied().unwrap_or(f64::NAN)
    }

    /// Enters the ratio to the baseline of the same round.
    pub fn compare(&mut self, ratio: f64) {
        self.ratios.push(ratio);
    }

    fn line(&self) -> String {
        let name =
            if self.is_baseline { format!("**baseline:** {}", self.name) } else { self.name.to_owned() };
        let connections = self.connections;
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        let percentile = |percent: usize| match sorted.get(last * percent / 100) {
            Some(latency) => format!("{:.2}", latency.as_secs_f64() * 1e3),
            None => "–".into(),
        };
        let ratio = match spread(&self.ratios) {
            Some((low, middle, high)) => format!("{middle:.2} ({low:.2}..{high:.2})"),
            None if self.is_baseline => "1".into(),
            None => "–".into(),
        };
        let rate = spread(&self.rates).map_or(f64::NAN, |(_, middle, _)| middle);
        let (p50, p90, p99, max) = (percentile(50), percentile(90), percentile(99), percentile(100));
        let refused = if self.is_baseline { "–".into() } else { self.refused.to_string() };
        format!(
            "| {name} | {connections} | {rate:.0} | {p50} | {p90} | {p99} | {max} | {refused} | {ratio} |"
        )
    }
}

/// Least, median and greatest.
fn spread(values: &[f64]) -> Option<(f64, f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some((*sorted.first()?, *sorted.get(sorted.len() / 2)?, *sorted.last()?))
}

/// How many times the one is the other.
pub fn share(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// Everything that is printed.
pub struct Report<'a> {
    pub figures: &'a [Figure],
    pub stored: u64,
    pub folded: Duration,
    /// Of one instance after single responses and in the end, and of the overloaded one, in MiB.
    pub memory: (u64, u64, u64),
    pub rounds: u32,
    pub each: Duration,
    pub copied: usize,
    pub server: String,
    pub file_system: String,
}

impl Report<'_> {
    pub fn markdown(&self) -> String {
        let mut text = String::from("# Intake: responses a second\n\n");
        let Machine { date, commit, processor, memory, kernel, command } = Machine::of("intake");
        let (single, peak, overloaded) = self.memory;
        let lines = [
            format!("{date}, commit {commit}, `{command}`"),
            format!("{processor}, {memory} MiB memory"),
            format!(
                "PostgreSQL {}, fsync and synchronous_commit on, data on {}; Linux {kernel}",
                self.server, self.file_system,
            ),
            format!(
                "{} rounds of {} s each (COPY: {} rows), baselines in between; rates and ratios are the rounds' \
                 medians (least..greatest)",
                self.rounds,
                self.each.as_secs(),
                self.copied
            ),
            "Clients, service and PostgreSQL share these cores; the clients' own cost is in every figure"
                .into(),
        ];
        for line in lines {
            let _ = writeln!(text, "- {line}");
        }
        text.push_str(
            "\n| | connections | responses/s | p50 ms | p90 ms | p99 ms | max ms | refused | ÷ baseline |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for figure in self.figures {
            text.push_str(&figure.line());
            text.push('\n');
        }
        let _ = write!(
            text,
            "\nThe ratios of the lone POST and of `SELECT 1` are those of the median latencies (less is better), all others are \
             of rates. `SELECT 1` tells what the way to another process and back costs beside an INSERT: a POST goes it once \
             more than pgbench does. A baseline's row is the one the service stores for the posted body.\n\n\
             {} responses were acknowledged and are stored, each once; `sipas verify` finds no difference. The last of \
             them was counted in the tallies at most {:.1} s after its answer. Peak memory of one instance: {single} MiB \
             after single responses, {peak} MiB in the end, {overloaded} MiB of the overloaded one. A refusal other than 503 with Retry-After would \
             have failed the run.\n",
            self.stored,
            self.folded.as_secs_f64(),
        );
        text
    }
}
