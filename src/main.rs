//! The program: subcommands, their arguments, nothing else.

mod cli;

use chrono::TimeDelta;
use clap::Parser;
use cli::{
    AuditCommand, CatalogueCommand, Cli, ClientCommand, Command, ImportCommand, KeyCommand, PostgresConfig,
    PrivacyCommand, ReleaseCommand,
};
use sipas::app::Stop;
use sipas::catalogue::{Source, built_in};
use sipas::config::{DatabaseConfig, ServeConfig};
use sipas::domain::audit::By;
use sipas::domain::audit_chain::Hash;
use sipas::domain::client::Terms;
use sipas::error::{Error, ErrorCode, Lang, Result};
use sipas::postgres::{Database, prepare};
use sipas::release::verification::verify;
use sipas::service::clients::{self, NewClient};
use sipas::service::clock::Clock;
use sipas::service::releases::reproduction::reproduce;
use sipas::service::signing_keys;
use sipas::store::{Db, migrations};
use sipas::{app, audit, demo, http, import, privacy, release, service};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    // actix_http reports every request it cannot parse as an error; strangers must not fill the log.
    let filter = tracing_subscriber::EnvFilter::try_from_env("SIPAS_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,sipas=info,actix_http=off"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let sentence = error.detail.clone().unwrap_or_else(|| error.code.title(Lang::En).to_owned());
            let cause = error.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "sipas: {sentence}{cause}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(config) => {
            let dir = prepare(&config.database, "")?;
            block_on(async |stop| serve(config, dir, stop).await)
        }
        Command::Demo(config) => {
            let dir = prepare(&config.serve.database, "-demo")?;
            block_on(async |stop| demo::run(config, dir, stop).await)
        }
        Command::Postgres(mut config) => {
            config.database.database_url = None;
            let dir = prepare(&config.database, "")?;
            block_on(async |stop| postgres(config, dir, stop).await)
        }
        Command::Migrate(database) => with_database(&database, async |_| Ok(())),
        Command::Verify { database, repair } => with_database(&database, async |db| {
            let found = service::verification::verify(&db, repair).await?;
            print(&serde_json::json!({
                "responses": found.responses, "differences": found.differences,
                "repaired": repair && !found.differences.is_empty(),
            }))?;
            match (found.differences.is_empty(), repair) {
                (true, _) | (false, true) => Ok(()),
                (false, false) => Err(Error::new(ErrorCode::Internal)
                    .detail("tallies and responses differ; `sipas verify --repair` makes the tallies anew")),
            }
        }),
        Command::Catalogue(CatalogueCommand::Load { database, files }) => {
            // Read before this process may leave root and with it the right to.
            let sources = if files.is_empty() { built_in() } else { read(&files)? };
            with_database(&database, async |db| {
                let loaded = service::catalogue::load(&db, &sources).await?;
                print(&serde_json::json!({
                    "questionnaires": loaded.questionnaires, "agencies": loaded.agencies,
                    "agency_events": loaded.agency_events,
                    "service_points": loaded.service_points, "surveys": loaded.surveys,
                }))
            })
        }
        Command::Import(ImportCommand::Responses(config)) => {
            // Opened before this process may leave root and with it the right to.
            let files = import::open(&config)?;
            with_database(&config.database, async |db| print(&import::run(&db, &config, files).await?))
        }
        Command::Client(ClientCommand::Create {
            database,
            kind,
            name,
            agency,
            service_point,
            expires_at,
            permissions,
            networks,
        }) => with_database(&database, async |db| {
            let new = NewClient { kind, name, agency, service_point };
            let permissions = (!permissions.is_empty()).then(|| permissions.into_iter().collect());
            let terms = Terms { expires_at, permissions, networks };
            let (client, secret) = clients::create_with(&db, new, terms, Clock::System.now()).await?;
            print(&serde_json::json!({ "client_id": client.id.0, "client_secret": secret }))
        }),
        Command::Client(ClientCommand::Rotate { database, id, overlap_seconds }) => {
            with_database(&database, async |db| {
                let overlap = TimeDelta::seconds(overlap_seconds);
                let secret = clients::rotate(&db, id, overlap, Clock::System.now()).await?;
                print(&serde_json::json!({ "client_id": id, "client_secret": secret }))
            })
        }
        Command::Client(ClientCommand::List { database }) => with_database(&database, async |db| {
            for (client, agency) in clients::list(&db).await? {
                print(&serde_json::json!({
                    "client_id": client.id.0, "kind": client.kind.as_str(), "name": client.name,
                    "agency": agency.map(|code| code.to_string()), "revoked_at": client.revoked_at,
                    "expires_at": client.terms.expires_at, "networks": client.terms.networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
                }))?;
            }
            Ok(())
        }),
        Command::Client(ClientCommand::Revoke { database, id }) => {
            with_database(&database, async |db| clients::revoke(&db, id, Clock::System.now()).await)
        }
        Command::Key(command) => key(command),
        Command::Audit(AuditCommand::Export { database }) => with_database(&database, async |db| {
            let mut export = service::audit::export_on(&db, By::CommandLine, Clock::System.now()).await?;
            audit::write(&mut export, &mut std::io::stdout().lock()).await
        }),
        Command::Audit(AuditCommand::Verify { file, head }) => verify_audit(&file, head),
        Command::Release(command) => release(command),
        Command::Privacy(PrivacyCommand::Report { database, retention }) => {
            with_database(&database, async |db| {
                let text = privacy::report(&service::privacy::tables(&db).await?, &retention);
                std::io::stdout().write_all(text.as_bytes()).map_err(Error::internal)
            })
        }
        Command::Openapi(config) => openapi(config.write),
    }
}

fn key(command: KeyCommand) -> Result<()> {
    match command {
        KeyCommand::List { database } => with_database(&database, async |db| {
            let now = Clock::System.now();
            for key in signing_keys::list(&db, now).await? {
                print(&serde_json::json!({
                    "kid": key.kid, "state": key.state(now).as_str(), "created_at": key.created_at,
                    "signs_until": key.signs_until, "trusted_until": key.trusted_until(),
                    "withdrawn_at": key.withdrawn_at,
                }))?;
            }
            Ok(())
        }),
        KeyCommand::Rotate { database } => with_database(&database, async |db| {
            let stopped = signing_keys::rotate(&db, By::CommandLine, Clock::System.now()).await?;
            print(&serde_json::json!({ "stopped": stopped }))
        }),
        KeyCommand::Withdraw { database, kid } => with_database(&database, async |db| {
            signing_keys::withdraw(&db, &kid, By::CommandLine, Clock::System.now()).await.map(drop)
        }),
    }
}

async fn serve(config: ServeConfig, dir: PathBuf, stop: Stop) -> Result<()> {
    let database = Database::open(&config.database, &dir).await?;
    let result = serve_on(&config, &database, &stop).await;
    result.and(database.close().await)
}

async fn serve_on(config: &ServeConfig, database: &Database, stop: &Stop) -> Result<()> {
    let built = stop.or(async {
        migrations::migrate(&database.url).await?;
        app::build(config, &database.url, Clock::System).await
    });
    let Some(built) = built.await? else { return Ok(()) };
    print(&serde_json::json!({
        "event": "ready", "url": built.url(),
        "pid": std::process::id(), "database": database.shown_url(),
    }))?;
    tokio::select! {
        result = app::run(built, stop.wished()) => result,
        () = database.keep_running() => Ok(()),
    }
}

async fn postgres(config: PostgresConfig, dir: PathBuf, stop: Stop) -> Result<()> {
    let database = Database::open(&config.database, &dir).await?;
    print(&serde_json::json!({ "url": database.url, "pid": std::process::id() }))?;
    let closed = async {
        if config.until_stdin_closes {
            let read = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            let _ = tokio::task::spawn_blocking(read).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = stop.wished() => {}
        () = closed => {}
        () = database.keep_running() => {}
    }
    database.close().await
}

/// Opens and migrates the database, works, and closes it again.
fn with_database(config: &DatabaseConfig, work: impl AsyncFnOnce(Db) -> Result<()>) -> Result<()> {
    let dir = prepare(config, "")?;
    block_on(async |stop: Stop| {
        let database = Database::open(config, &dir).await?;
        let result = stop.or(async {
            migrations::migrate(&database.url).await?;
            work(Db::new(&database.url, 2)?).await
        });
        let result = result.await;
        database.close().await?;
        result?.ok_or_else(|| {
            Error::new(ErrorCode::Internal)
                .detail("interrupted; nothing was changed by halves, and the same command may be given again")
        })
    })
}

fn block_on<T>(work: impl AsyncFnOnce(Stop) -> Result<T>) -> Result<T> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::internal)?;
    let result = runtime.block_on(async { work(Stop::on_signals()?).await });
    // A thread may still be reading standard input; it must not keep the process.
    runtime.shutdown_background();
    result
}

fn read(files: &[PathBuf]) -> Result<Vec<Source>> {
    let source = |path: &PathBuf| match std::fs::read_to_string(path) {
        Ok(text) => Ok(Source { name: path.display().to_string(), text }),
        Err(error) => Err(Error::new(ErrorCode::ValidationFailed)
            .detail(format!("cannot read {}: {error}", path.display()))),
    };
    files.iter().map(source).collect()
}

fn verify_audit(file: &Path, head: Option<Hash>) -> Result<()> {
    let verified = if file == Path::new("-") {
        audit::verify(std::io::stdin().lock(), head)?
    } else {
        let opened = std::fs::File::open(file).map_err(|error| {
            Error::new(ErrorCode::ValidationFailed).detail(format!("cannot read {}: {error}", file.display()))
        })?;
        audit::verify(std::io::BufReader::new(opened), head)?
    };
    print(&serde_json::json!({
        "entries": verified.entries,
        "after": { "seq": verified.after.seq, "hash": verified.after.hash.to_string() },
        "head": { "seq": verified.head.seq, "hash": verified.head.hash.to_string() },
    }))
}

fn release(command: ReleaseCommand) -> Result<()> {
    match command {
        ReleaseCommand::Key { file } => {
            let kid = release::key::write(&file)?;
            print(&serde_json::json!({ "file": file, "fingerprint": kid }))
        }
        ReleaseCommand::Verify { file, key } => verify_release(&file, key.as_deref()),
        ReleaseCommand::Reproduce { database, number } => with_database(&database, async |db| {
            let found = reproduce(&db, &number).await?;
            print(&serde_json::json!({
                "number": number.to_string(), "responses": found.responses, "same": found.same,
                "differences": found.differences, "lost_months": found.lost_months, "reproduced": found.is_complete(),
            }))?;
            let failed = |why: &str| Err(Error::new(ErrorCode::ValidationFailed).detail(why.to_owned()));
            match (found.differences.is_empty(), found.lost_months.is_empty()) {
                (true, true) => Ok(()),
                (false, _) => failed("the figures made again are not those that were sealed"),
                (true, false) => {
                    failed("raw responses of some months were dropped: what needs them cannot be made again")
                }
            }
        }),
    }
}

fn verify_release(file: &Path, key: Option<&Path>) -> Result<()> {
    let unreadable = |path: &Path, error: std::io::Error| {
        Error::new(ErrorCode::ValidationFailed).detail(format!("cannot read {}: {error}", path.display()))
    };
    let key = key.map(|path| std::fs::read(path).map_err(|error| unreadable(path, error))).transpose()?;
    let verified = if file == Path::new("-") {
        verify(std::io::stdin().lock(), key.as_deref())?
    } else {
        let opened = std::fs::File::open(file).map_err(|error| unreadable(file, error))?;
        verify(opened, key.as_deref())?
    };
    print(&verified.report())
}

fn openapi(write: bool) -> Result<()> {
    let mut text = app::contract().to_pretty_json().map_err(Error::internal)?;
    text.push('\n');
    if !write {
        return std::io::stdout().write_all(text.as_bytes()).map_err(Error::internal);
    }
    std::fs::write("openapi/sipas.json", text)
        .and_then(|()| std::fs::write("openapi/errors.md", http::openapi::errors_markdown()))
        .map_err(|error| {
            Error::new(ErrorCode::Internal).detail(format!("cannot write into openapi/: {error}"))
        })
}

/// One JSON object on one line of stdout, at once.
fn print(line: &serde_json::Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Error::internal)
}
