//! What plain SQL takes for the same numbers: counting the raw responses, and adding up a table of daily counts
//! as one would make it by hand.

use super::ground::{CRITERIA, SURVEY};
use super::questions::{AGENCY, PROVINCE, Raw, YEAR};
use super::side::Side;
use super::{Result, stage};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// Counts every answer of the year from the responses, and holds them against the service's.
pub async fn raw(side: &Side, of: Raw, answer: &Value) -> Result<Duration> {
    let whose = match of {
        Raw::Agency => format!("AND rated_agency_id = (SELECT id FROM agencies WHERE code = '{AGENCY}')"),
        Raw::Province => format!("AND rated_agency_id = ANY (ARRAY({}))", members()),
        Raw::Nation => String::new(),
    };
    let statement = format!(
        "SELECT criterion, get_byte(answers, criterion) AS level, count(*)
         FROM responses, generate_series(0, {}) AS criterion
         WHERE survey_id = (SELECT id FROM surveys WHERE code = '{SURVEY}') AND {} {whose}
         GROUP BY criterion, level",
        CRITERIA - 1,
        of_the_year()
    );
    let begun = Instant::now();
    let rows = side.sql.query(&statement, &[]).await?;
    let took = begun.elapsed();
    let counted = |wanted: i32| -> i64 {
        rows.iter().filter(|row| row.get::<_, i32>(1) == wanted).map(|row| row.get::<_, i64>(2)).sum()
    };
    for (level, ordinal) in (0..5).zip(1..) {
        let shown = answer.pointer(&format!("/whole/levels/{level}/count")).and_then(Value::as_i64);
        if shown != Some(counted(ordinal)) {
            return Err(format!("level {ordinal}: {shown:?} shown, {} counted", counted(ordinal)).into());
        }
    }
    Ok(took)
}

fn members() -> String {
    format!("SELECT id FROM agencies WHERE code = '{PROVINCE}' OR code LIKE '{PROVINCE}.%'")
}

fn of_the_year() -> String {
    let day = |year: i32| format!("uuid_v7_floor('{year}-01-01T00:00:00+07:00')");
    format!("id >= {} AND id < {}", day(YEAR), day(YEAR + 1))
}

/// Makes the table of daily counts: agency x criterion x day, of the province's agencies in the year.
pub async fn daily_make(side: &Side) -> Result<()> {
    let made = format!(
        "CREATE SCHEMA IF NOT EXISTS bench;
         DROP TABLE IF EXISTS bench.daily;
         CREATE TABLE bench.daily (
             agency_id integer NOT NULL, day date NOT NULL, criterion smallint NOT NULL, not_applicable integer NOT NULL,
             level_1 integer NOT NULL, level_2 integer NOT NULL, level_3 integer NOT NULL, level_4 integer NOT NULL,
             level_5 integer NOT NULL
         );
         INSERT INTO bench.daily
         SELECT rated_agency_id, (received_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, criterion,
                {}
         FROM responses, generate_series(0, {}) AS criterion
         WHERE {} AND rated_agency_id IN ({})
         GROUP BY 1, 2, 3;
         ALTER TABLE bench.daily ADD PRIMARY KEY (agency_id, day, criterion)
             INCLUDE (not_applicable, level_1, level_2, level_3, level_4, level_5);
         VACUUM ANALYZE bench.daily",
        (0..=5)
            .map(|level| format!("count(*) FILTER (WHERE get_byte(answers, criterion) = {level})"))
            .collect::<Vec<_>>()
            .join(", "),
        CRITERIA - 1,
        of_the_year(),
        members()
    );
    // VACUUM wants a statement of its own.
    for statement in made.split(';') {
        side.sql.batch_execute(statement).await?;
    }
    Ok(())
}

/// Province-years a second from the table of daily counts: prepared, without JIT and parallel workers.
pub async fn daily(side: &Side, clients: usize, time: Duration) -> Result<f64> {
    let ids: Vec<i32> = side.sql.query(&members(), &[]).await?.iter().map(|row| row.get(0)).collect();
    let ids: Vec<String> = ids.iter().map(i32::to_string).collect();
    let dir = tempfile::tempdir()?;
    let script = dir.path().join("daily.sql");
    let statement = format!(
        "SELECT criterion, sum(not_applicable), sum(level_1), sum(level_2), sum(level_3), sum(level_4), sum(level_5) \
         FROM bench.daily WHERE agency_id = ANY ('{{{}}}') AND day >= '{YEAR}-01-01' AND day < '{}-01-01' \
         GROUP BY criterion;\n",
        ids.join(","),
        YEAR + 1
    );
    std::fs::write(&script, statement)?;
    let bin: String =
        side.sql.query_one("SELECT setting FROM pg_config WHERE name = 'BINDIR'", &[]).await?.get(0);
    // Beside the server it is of the same version.
    let pgbench = PathBuf::from(bin).join("pgbench");
    let pgbench = if pgbench.exists() { pgbench } else { "pgbench".into() };
    let (clients, seconds) = (clients.to_string(), time.as_secs().max(1).to_string());
    let mut command = Command::new(&pgbench);
    command.args(["-n", "-M", "prepared", "-c", &clients, "-j", "1", "-T", &seconds]).arg("-f").arg(&script);
    command.arg(&side.url).env("PGOPTIONS", "-c jit=off -c max_parallel_workers_per_gather=0");
    let output = command.output().map_err(|error| {
        format!("{}: {error}; it comes with PostgreSQL (Debian: postgresql)", pgbench.display())
    })?;
    stage::rate(&output)
}
