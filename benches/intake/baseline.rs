//! What the same PostgreSQL does at best with the same row: one INSERT a transaction, and COPY. In a database of
//! its own, since these rows go past the tallies.

use super::{Bench, Result, load::Load, stage};
use crate::stage::Cluster;
use futures_util::{SinkExt, TryStreamExt};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Every column but the id and the time of arrival, as SQL literals of the one stored row. Literals spare pgbench
/// the parameters: the baseline is rather too fast.
const LITERALS: &str = "SELECT format('%L::integer, %L::integer, %L::integer, %L::uuid, %L::bytea, %L, %L, %L, %L, \
     %L::boolean, %L::boolean', survey_id, rated_agency_id, service_point_id, client_id, answers, channel, \
     procedure, gender, age_band, assisted_by_staff, commented) FROM responses LIMIT 1";

/// A UUIDv7 of now in SQL: milliseconds, version, 12 and 62 random bits.
const ID: &str = "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || \
     to_hex(28672 + :a::integer) || to_hex(:b::bigint))::uuid";

const CHANCE: &str = "\\set a random(0, 4095)\n\\set b random(-9223372036854775807, -4611686018427387905)\n";

/// Length of the fixed head of a binary COPY, of its end mark, and where a tuple's first column begins.
const HEAD: usize = 19;
const END: usize = 2;
const FIRST: usize = 6;

/// Bytes sent at once.
const CHUNK: usize = 1 << 18;

pub struct Baseline {
    sql: tokio_postgres::Client,
    url: String,
    pgbench: PathBuf,
    insert: PathBuf,
    nothing: PathBuf,
    /// The stored row as COPY gives it: a line of text; binary, without head and end.
    line: Vec<u8>,
    head: Vec<u8>,
    tuple: Vec<u8>,
    time: Duration,
}

impl Baseline {
    /// Takes the one row that the service has stored as the pattern.
    pub async fn prepare(
        cluster: &Cluster,
        service: &tokio_postgres::Client,
        time: Duration,
    ) -> Result<Self> {
        let url = cluster.second(service).await?;
        let sql = stage::connect(&url).await?;
        // Two, for a run over the end of a month.
        sql.batch_execute(
            "SELECT ensure_response_partition(current_date), ensure_response_partition(current_date + 1)",
        )
        .await?;
        let literals: String = service.query_one(LITERALS, &[]).await?.get(0);
        let (insert, nothing) = (cluster.scratch().join("insert.sql"), cluster.scratch().join("nothing.sql"));
        std::fs::write(&nothing, "SELECT 1;\n")?;
        std::fs::write(
            &insert,
            format!(
                "{CHANCE}INSERT INTO responses (id, survey_id, rated_agency_id, service_point_id, client_id, answers, \
                 channel, procedure, gender, age_band, assisted_by_staff, commented, received_at) \
                 VALUES ({ID}, {literals}, now());\n"
            ),
        )?;
        let line = copy_out(service, "COPY (SELECT * FROM responses LIMIT 1) TO STDOUT").await?;
        let copied = copy_out(service, "COPY (SELECT * FROM responses LIMIT 1) TO STDOUT BINARY").await?;
        let tuple = copied.get(HEAD..copied.len().saturating_sub(END)).ok_or("nothing to copy")?.to_vec();
        let head = copied.get(..HEAD).unwrap_or_default().to_vec();
        let bin: String =
            service.query_one("SELECT setting FROM pg_config WHERE name = 'BINDIR'", &[]).await?.get(0);
        // Beside the server it is of the same version.
        let pgbench = PathBuf::from(bin).join("pgbench");
        let pgbench = if pgbench.exists() { pgbench } else { "pgbench".into() };
        Ok(Self { sql, url, pgbench, insert, nothing, line, head, tuple, time })
    }

    /// Transactions a second.
    fn pgbench(&self, script: &Path, clients: u32, more: &[String]) -> Result<f64> {
        let (jobs, seconds) = (clients.min(2).to_string(), self.time.as_secs().max(1).to_string());
        let mut command = Command::new(&self.pgbench);
        command.args(["-n", "-M", "prepared", "-c", &clients.to_string(), "-j", &jobs, "-T", &seconds]);
        command.arg("-f").arg(script).args(more).arg(&self.url);
        let output = command.output().map_err(|error| {
            format!("{}: {error}; it comes with PostgreSQL (Debian: postgresql)", self.pgbench.display())
        })?;
        stage::rate(&output)
    }

    /// Transactions a second of one INSERT each.
    pub async fn insert(&self, bench: &Bench<'_>, clients: u32) -> Result<f64> {
        bench.checkpoint().await?;
        self.pgbench(&self.insert, clients, &[])
    }

    /// The same on one connection, with the latency of each.
    pub async fn insert_one_by_one(&self, bench: &Bench<'_>) -> Result<Load> {
        bench.checkpoint().await?;
        self.one_by_one(&self.insert)
    }

    /// What the way to the server and back takes alone; the service goes such a way twice.
    pub fn nothing_one_by_one(&self) -> Result<Load> {
        self.one_by_one(&self.nothing)
    }

    fn one_by_one(&self, script: &Path) -> Result<Load> {
        let dir = tempfile::tempdir()?;
        let prefix = dir.path().join("log");
        let rate = self.pgbench(script, 1, &["-l".into(), format!("--log-prefix={}", prefix.display())])?;
        let mut load = Load::default();
        for entry in std::fs::read_dir(dir.path())? {
            for line in std::fs::read_to_string(entry?.path())?.lines() {
                let micros = line.split(' ').nth(2).ok_or("no latency in pgbench's log")?.parse()?;
                load.latencies.push(Duration::from_micros(micros));
            }
        }
        load.acknowledged = u64::try_from(load.latencies.len())?;
        load.took = Duration::from_secs_f64(f64::from(u32::try_from(load.acknowledged)?) / rate);
        Ok(load)
    }

    /// Rows a second of one COPY in one transaction; the rows are made before.
    pub async fn copy(&self, bench: &Bench<'_>, rows: usize, form: Form) -> Result<f64> {
        let (statement, bytes) = match form {
            Form::Text => ("COPY responses FROM STDIN", self.lines(rows)?),
            Form::Binary => ("COPY responses FROM STDIN BINARY", self.tuples(rows)?),
        };
        let chunks: Vec<Vec<u8>> = bytes.chunks(CHUNK).map(<[u8]>::to_vec).collect();
        bench.checkpoint().await?;
        let begun = Instant::now();
        let sink = self.sql.copy_in(statement).await?;
        let mut sink = std::pin::pin!(sink);
        for chunk in chunks {
            sink.send(Cursor::new(chunk)).await?;
        }
        let stored = sink.finish().await?;
        if stored != u64::try_from(rows)? {
            return Err(format!("COPY stored {stored} of {rows}").into());
        }
        Ok(f64::from(u32::try_from(rows)?) / begun.elapsed().as_secs_f64())
    }

    fn lines(&self, rows: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(rows * self.line.len());
        for _ in 0..rows {
            let place = bytes.len();
            bytes.extend_from_slice(&self.line);
            let id = bytes.get_mut(place..place + 36).ok_or("no id in the row")?;
            id.copy_from_slice(crate::load::id().to_string().as_bytes());
        }
        Ok(bytes)
    }

    fn tuples(&self, rows: usize) -> Result<Vec<u8>> {
        let mut bytes = self.head.clone();
        bytes.reserve(rows * self.tuple.len() + END);
        for _ in 0..rows {
            let place = bytes.len() + FIRST;
            bytes.extend_from_slice(&self.tuple);
            let id = bytes.get_mut(place..place + 16).ok_or("no id in the row")?;
            id.copy_from_slice(crate::load::id().as_bytes());
        }
        bytes.extend_from_slice(&[0xff; END]);
        Ok(bytes)
    }
}

/// Form of the rows of a COPY.
#[derive(Clone, Copy)]
pub enum Form {
    /// PostgreSQL's default.
    Text,
    /// What spares the server all reading.
    Binary,
}

async fn copy_out(sql: &tokio_postgres::Client, statement: &str) -> Result<Vec<u8>> {
    let parts = sql.copy_out(statement).await?;
    let all = parts.try_fold(Vec::new(), async |mut all, part| {
        all.extend_from_slice(&part);
        Ok(all)
    });
    Ok(all.await?)
}
