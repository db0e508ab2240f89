//! What the command line understands: subcommands and their settings. No logic.

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};
use sipas::config::{DatabaseConfig, RetentionConfig, ServeConfig};
use sipas::demo::DemoConfig;
use sipas::domain::agency::AgencyCode;
use sipas::domain::audit_chain::Hash;
use sipas::domain::client::{ClientKind, parse_instant, parse_network};
use sipas::domain::permission::Permission;
use sipas::domain::release::Number;
use sipas::error::Lang;
use sipas::import::ImportConfig;
use sipas::service::credentials::{DEFAULT_OVERLAP, MAX_OVERLAP};
use std::path::PathBuf;

/// Collects what citizens answer at one-stop desks and tells how satisfied they are, and how sure that is.
#[derive(Parser)]
#[command(version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Migrate, then serve until stopped. Prints one JSON line on stdout when ready; logs go to stderr.
    Serve(ServeConfig),
    /// Serve with invented agencies and simulated responses, in a place of its own.
    Demo(DemoConfig),
    /// Run the private PostgreSQL alone; prints its URL as JSON on stdout.
    Postgres(PostgresConfig),
    /// Bring the schema up to date and exit.
    Migrate(DatabaseConfig),
    /// Count every response again and compare with the tallies; fails on any difference.
    Verify {
        #[command(flatten)]
        database: DatabaseConfig,
        /// Make the tallies anew from the responses where they differ.
        #[arg(long)]
        repair: bool,
    },
    /// The catalogue of agencies, questionnaires and surveys.
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Files of past data.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Credentials of clients.
    #[command(subcommand)]
    Client(ClientCommand),
    /// Keys that tokens are signed with.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Who did what.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Figures that are published for good.
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// What is kept about people.
    #[command(subcommand)]
    Privacy(PrivacyCommand),
    /// Print the contract as OpenAPI 3.1.
    Openapi(OpenapiConfig),
}

#[derive(Args)]
pub struct PostgresConfig {
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// Stop when standard input closes, so that no cluster outlives the script that started it.
    #[arg(long)]
    pub until_stdin_closes: bool,
}

#[derive(Subcommand)]
pub enum CatalogueCommand {
    /// Enter catalogue files, all or nothing; without files the built-in ones (two questionnaires, the
    /// provinces with the reform of 2025).
    Load {
        #[command(flatten)]
        database: DatabaseConfig,
        /// TOML files.
        files: Vec<PathBuf>,
    },
}

#[derive(Subcommand)]
pub enum ImportCommand {
    /// Store past responses from a file, each once. May be stopped: the same command goes on where it was, and a
    /// row that is stored already is not stored again.
    Responses(ImportConfig),
}

#[derive(Subcommand)]
pub enum ClientCommand {
    /// Make a client; prints its id and secret as JSON. The secret is shown this once.
    Create {
        #[command(flatten)]
        database: DatabaseConfig,
        /// admin, system, viewer or device.
        #[arg(long, value_parser = |text: &str| ClientKind::parse(text).map_err(|fault| fault.detail(Lang::En)))]
        kind: ClientKind,
        /// What people call it.
        #[arg(long)]
        name: String,
        /// Root of its subtree, for example H56.14. Without it: the whole country (not for devices).
        #[arg(long, value_parser = |text: &str| AgencyCode::parse(text).map_err(|fault| fault.detail(Lang::En)))]
        agency: Option<AgencyCode>,
        /// The desk a device stands at.
        #[arg(long)]
        service_point: Option<String>,
        /// When it ends by itself, for example 2027-01-01T00:00:00+07:00.
        #[arg(long, value_name = "INSTANT", value_parser = |text: &str| parse_instant(text).map_err(|fault| fault.detail(Lang::En)))]
        expires_at: Option<DateTime<Utc>>,
        /// What it is permitted at most; may be given several times. Without it all that its kind is.
        #[arg(long = "permission", value_name = "WORD", value_parser = |text: &str| Permission::parse(text).map_err(|fault| fault.detail(Lang::En)))]
        permissions: Vec<Permission>,
        /// Network it has to come from, for example 203.0.113.0/24; may be given several times.
        #[arg(long = "network", value_name = "CIDR", value_parser = |text: &str| parse_network(text).map_err(|fault| fault.detail(Lang::En)))]
        networks: Vec<ipnet::IpNet>,
    },
    /// Give a client another secret; prints its id and secret as JSON. The secret is shown this once.
    Rotate {
        #[command(flatten)]
        database: DatabaseConfig,
        /// Its id.
        id: uuid::Uuid,
        /// Seconds for which the secret before goes on.
        #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_OVERLAP, value_parser = clap::value_parser!(i64).range(0..=MAX_OVERLAP))]
        overlap_seconds: i64,
    },
    /// List every client as one JSON object a line; secrets are not known.
    List {
        #[command(flatten)]
        database: DatabaseConfig,
    },
    /// End a client for good, with all its tokens.
    Revoke {
        #[command(flatten)]
        database: DatabaseConfig,
        /// Its id.
        id: uuid::Uuid,
    },
}

#[derive(Subcommand)]
pub enum KeyCommand {
    /// List the keys of the last month as one JSON object a line, the newest first.
    List {
        #[command(flatten)]
        database: DatabaseConfig,
    },
    /// Let every key stop signing; what they signed stays good until it is over. Instances make new ones at once.
    Rotate {
        #[command(flatten)]
        database: DatabaseConfig,
    },
    /// End a key that is in wrong hands: every instance refuses all it signed within a second.
    Withdraw {
        #[command(flatten)]
        database: DatabaseConfig,
        /// Its name.
        kid: String,
    },
}

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Print the whole audit log, one JSON object a line.
    Export {
        #[command(flatten)]
        database: DatabaseConfig,
    },
    /// Compute every hash of an exported log again; needs no database. Names the first broken entry and fails.
    Verify {
        /// The file; - for standard input.
        file: PathBuf,
        /// Hash of an entry that was kept outside, which the file has to hold: only so a cut end is seen.
        #[arg(long, value_name = "HASH", value_parser = |text: &str| Hash::parse(text).ok_or("64 hexadecimal digits in lower case"))]
        head: Option<Hash>,
    },
}

#[derive(Subcommand)]
pub enum ReleaseCommand {
    /// Make a key that seals releases, in a new file that its owner alone may read; prints its fingerprint as JSON.
    Key {
        /// The file; nothing that is there is written over.
        file: PathBuf,
    },
    /// Check a package: signature, digests, that nothing else is in it; needs no database. Names what is wrong and fails.
    Verify {
        /// The file; - for standard input.
        file: PathBuf,
        /// Public half of the key it has to be signed with, in PEM, got by another way than the package: only so a forger is seen.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Make the figures of a sealed release again, from the raw responses as of its watermark, and compare them byte for byte.
    Reproduce {
        #[command(flatten)]
        database: DatabaseConfig,
        /// Its number, for example H56_2026-Q3/1.
        #[arg(value_parser = |text: &str| Number::parse(text).ok_or("needs the form H56_2026-Q3/1"))]
        number: Number,
    },
}

#[derive(Subcommand)]
pub enum PrivacyCommand {
    /// Print what is kept, where and how long, from the schema and the settings, as Markdown in Vietnamese and English.
    Report {
        #[command(flatten)]
        database: DatabaseConfig,
        #[command(flatten)]
        retention: RetentionConfig,
    },
}

#[derive(Args)]
pub struct OpenapiConfig {
    /// Write openapi/sipas.json and openapi/errors.md instead of printing.
    #[arg(long)]
    pub write: bool,
}
