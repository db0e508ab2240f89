//! Brings the schema up to date before anything is served.
//!
//! Runs under an advisory lock, so that many instances may start at once, and refuses a schema newer than
//! this program: an old instance must not write what a new one has learned to read differently.

use crate::error::{Error, ErrorCode, Result};
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::{Integer, Text};
use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Any number will do, as long as no other program on the database takes it: "SIPAS" in ASCII.
const LOCK: i64 = 0x53_49_50_41_53;

/// Oldest PostgreSQL the service works with.
pub const OLDEST_SERVER: i32 = 14;

/// Runs what is missing; returns the names of the migrations it ran.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if there is no server at the URL; [`ErrorCode::Internal`] with a detail for
/// people if the server is too old, the schema is newer than this program, or a migration fails.
pub async fn migrate(url: &str) -> Result<Vec<String>> {
    let mut conn = AsyncPgConnection::establish(url).await.map_err(|error| {
        Error::new(ErrorCode::Unavailable).detail(format!("no PostgreSQL there: {error}"))
    })?;
    check_server(&mut conn).await?;
    lock(&mut conn).await?;
    // The lock goes with the connection, also if this process is killed.
    let mut harness = AsyncMigrationHarness::new(conn);
    refuse_newer(&mut harness)?;
    let ran = harness.run_pending_migrations(MIGRATIONS).map_err(|error| failed(&error))?;
    Ok(ran.iter().map(ToString::to_string).collect())
}

async fn check_server(conn: &mut AsyncPgConnection) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the query builder has no SHOW")]
    let row: ServerVersion =
        diesel::sql_query("SELECT current_setting('server_version_num')::int AS number, version() AS name")
            .get_result(conn)
            .await?;
    if row.number / 10_000 < OLDEST_SERVER {
        return Err(Error::new(ErrorCode::Internal).detail(format!(
            "the server is {}, PostgreSQL {OLDEST_SERVER} or newer is needed; upgrade it or point DATABASE_URL elsewhere",
            row.name
        )));
    }
    Ok(())
}

async fn lock(conn: &mut AsyncPgConnection) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the query builder has no advisory locks")]
    diesel::sql_query("SELECT pg_advisory_lock($1)")
        .bind::<diesel::sql_types::BigInt, _>(LOCK)
        .execute(conn)
        .await?;
    Ok(())
}

fn refuse_newer(harness: &mut AsyncMigrationHarness<AsyncPgConnection>) -> Result<()> {
    let known: Vec<String> = MigrationSource::<Pg>::migrations(&MIGRATIONS)
        .map_err(|error| failed(&error))?
        .iter()
        .map(|migration| migration.name().version().as_owned().to_string())
        .collect();
    let newest = known.iter().max().cloned().unwrap_or_default();
    let applied = harness.applied_migrations().map_err(|error| failed(&error))?;
    match applied.iter().map(ToString::to_string).filter(|version| *version > newest).max() {
        Some(version) => Err(Error::new(ErrorCode::Internal).detail(format!(
            "the database has schema {version}, this program knows {newest} at most; start a newer program"
        ))),
        None => Ok(()),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorCode::Internal).detail(format!("migration failed: {error}"))
}

#[derive(diesel::QueryableByName)]
struct ServerVersion {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    name: String,
}
