//! Every setting of the service: typed, documented here once, given as a flag or in the environment,
//! checked before anything starts. `sipas serve --help` prints this list.

mod flagging;
mod guard;
mod release;
mod telling;

pub use flagging::FlaggingConfig;
pub use guard::{GuardConfig, RateLimit};
pub use release::ReleaseConfig;
pub use telling::TellingConfig;

use clap::Args;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Paths are made absolute at once: the process may change its directory when it leaves root.
fn absolute(path: &str) -> std::io::Result<PathBuf> {
    std::path::absolute(path)
}

/// An http or https address without query and fragment.
fn public_url(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let host = host.strip_suffix('/').unwrap_or(host);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]%".contains(c);
    if host.is_empty() || host.starts_with('/') || host.ends_with('/') || !host.chars().all(plain) {
        return Err("needs the form https://sipas.example.vn".into());
    }
    // Paths are appended.
    Ok(text.trim_end_matches('/').to_owned())
}

/// Where the data live: an existing server, or a private one in the data directory.
#[derive(Debug, Clone, Args)]
pub struct DatabaseConfig {
    /// PostgreSQL to use, for example postgres://user:secret@host/sipas. Without it the service runs its own
    /// private PostgreSQL in the data directory.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// Directory of the private PostgreSQL. Default: /var/lib/sipas as root, otherwise
    /// ~/.local/share/sipas (the demonstration appends -demo).
    #[arg(long, env = "SIPAS_DATA_DIR", value_name = "DIR", value_parser = absolute)]
    pub data_dir: Option<PathBuf>,

    /// Port of the private PostgreSQL on 127.0.0.1; 0 takes a free one.
    #[arg(long, env = "SIPAS_POSTGRES_PORT", value_name = "PORT", default_value_t = 0)]
    pub postgres_port: u16,

    /// Directory that holds PostgreSQL's bin/. Default: searched in PATH, /usr/lib/postgresql, Homebrew;
    /// downloaded if there is none.
    #[arg(long, env = "SIPAS_POSTGRES_DIR", value_name = "DIR", value_parser = absolute)]
    pub postgres_dir: Option<PathBuf>,

    /// The private PostgreSQL need not survive a power cut: tests only.
    #[arg(long, env = "SIPAS_POSTGRES_UNSAFE", hide = true)]
    pub postgres_unsafe: bool,

    /// Most connections to PostgreSQL at once, besides those of the writers, the one that listens and the one
    /// that evaluates alerts.
    #[arg(long, env = "SIPAS_DATABASE_CONNECTIONS", value_name = "N", default_value_t = 16,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub database_connections: u16,
}

/// Settings of a serving instance.
#[derive(Debug, Clone, Args)]
pub struct ServeConfig {
    /// Address and port to listen on.
    #[arg(long, env = "SIPAS_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// HTTP worker threads. Default: one for each processor.
    #[arg(long, env = "SIPAS_WORKERS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,

    /// Where the database is.
    #[command(flatten)]
    pub database: DatabaseConfig,

    /// TOML file of other issuers whose tokens are taken, and what their claims mean here; see README.md. Without it
    /// only our own are.
    #[arg(long, env = "SIPAS_TRUSTED_ISSUERS", value_name = "FILE", value_parser = absolute)]
    pub trusted_issuers: Option<PathBuf>,

    /// `iss` of the tokens.
    #[arg(long, env = "SIPAS_TOKEN_ISSUER", value_name = "TEXT", default_value = "sipas",
          value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub token_issuer: String,

    /// `aud` of the tokens.
    #[arg(long, env = "SIPAS_TOKEN_AUDIENCE", value_name = "TEXT", default_value = "sipas",
          value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub token_audience: String,

    /// Life of a token in seconds.
    #[arg(long, env = "SIPAS_TOKEN_SECONDS", value_name = "SECONDS", default_value_t = 3600,
          value_parser = clap::value_parser!(u32).range(60..=86_400))]
    pub token_seconds: u32,

    /// Where people reach the service from outside, for links and QR codes: scheme, host and path.
    /// Default: http:// and the address that is listened on.
    #[arg(long, env = "SIPAS_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    pub public_url: Option<String>,

    /// Longest validity that may be asked for a visit token, in hours.
    #[arg(long, env = "SIPAS_VISIT_HOURS", value_name = "HOURS", default_value_t = 168,
          value_parser = clap::value_parser!(u16).range(1..=720))]
    pub visit_hours: u16,

    /// Oldest response that is still taken, in days before the server's clock.
    #[arg(long, env = "SIPAS_MAX_OFFLINE_DAYS", value_name = "DAYS", default_value_t = 90,
          value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub max_offline_days: u16,

    /// Days after a month, quarter or year until its scheduled reports are made. Without it as many as a response may be old
    /// (--max-offline-days): then nothing can arrive any more that they would count.
    #[arg(long, env = "SIPAS_REPORT_DAYS", value_name = "DAYS",
          value_parser = clap::value_parser!(u16).range(0..=3650))]
    pub report_days: Option<u16>,

    /// How long things are kept.
    #[command(flatten)]
    pub retention: RetentionConfig,

    /// Largest request body, in bytes; in a bulk request the largest response.
    #[arg(long, env = "SIPAS_MAX_BODY_BYTES", value_name = "BYTES", default_value_t = 65_536,
          value_parser = clap::value_parser!(u32).range(1024..=16_777_216))]
    pub max_body_bytes: u32,

    /// Batches of responses stored at the same time; every HTTP worker has as many connections for them.
    #[arg(long, env = "SIPAS_INTAKE_WRITERS", value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u16).range(1..=16))]
    pub intake_writers: u16,

    /// Most responses of one commit.
    #[arg(long, env = "SIPAS_INTAKE_BATCH", value_name = "N", default_value_t = 500,
          value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub intake_batch: u16,

    /// Most responses waiting for a commit; further ones are told to come back.
    #[arg(long, env = "SIPAS_INTAKE_QUEUE", value_name = "N", default_value_t = 4096,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub intake_queue: u32,

    /// Bulk requests that store at the same time. The HTTP workers share so many connections for them among themselves; if
    /// there are more workers than that, all use those of `--database-connections`.
    #[arg(long, env = "SIPAS_BULK_WRITERS", value_name = "N", default_value_t = 8,
          value_parser = clap::value_parser!(u16).range(1..=16))]
    pub bulk_writers: u16,

    /// Bulk requests that are read at the same time; further ones wait, then are told to come back.
    #[arg(long, env = "SIPAS_BULK_REQUESTS", value_name = "N", default_value_t = 16,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub bulk_requests: u16,

    /// Most responses of one bulk request.
    #[arg(long, env = "SIPAS_BULK_ITEMS", value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub bulk_items: u32,

    /// Largest bulk request in bytes, as sent and after decompression.
    #[arg(long, env = "SIPAS_BULK_BYTES", value_name = "BYTES", default_value_t = 4_194_304,
          value_parser = clap::value_parser!(u32).range(1024..=268_435_456))]
    pub bulk_bytes: u32,

    /// Whether everybody may read figures without a token (open data, NĐ 47/2020/NĐ-CP).
    #[arg(long, env = "SIPAS_PUBLIC_FIGURES", value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub public_figures: bool,

    /// When offices are open, and so devices should be heard and may be answered at, in Viet Nam's time. The default is assumed: hours differ by province and season.
    #[arg(
        long,
        env = "SIPAS_OFFICE_HOURS",
        value_name = "HOURS",
        default_value = "Mon-Fri 07:30-11:30 13:30-17:00"
    )]
    pub office_hours: String,

    /// Minutes of office time without a heartbeat or a response after which a device is listed as silent.
    #[arg(long, env = "SIPAS_SILENT_MINUTES", value_name = "MINUTES", default_value_t = 30,
          value_parser = clap::value_parser!(u16).range(1..=10_080))]
    pub silent_minutes: u16,

    /// Fewest people a publicly readable value is made from; smaller ones are hidden.
    #[arg(long, env = "SIPAS_MIN_N_PUBLIC", value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub min_n_public: u32,

    /// Fewest people who have to have rated an agency in a month for what they wrote to be shown to it.
    #[arg(long, env = "SIPAS_MIN_N_COMMENTS", value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub min_n_comments: u32,

    /// What makes a response doubtful.
    #[command(flatten)]
    pub flagging: FlaggingConfig,

    /// Alerts and webhooks.
    #[command(flatten)]
    pub telling: TellingConfig,
    /// What releases are sealed with.
    #[command(flatten)]
    pub release: ReleaseConfig,

    /// Limits, deadlines, proxies, browsers, TLS.
    #[command(flatten)]
    pub guard: GuardConfig,
}

impl ServeConfig {
    /// How many HTTP worker threads that is.
    pub fn workers(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        self.workers.map_or_else(processors, usize::from)
    }
}

/// How long things are kept. No statutory period for answers to surveys was found, so nothing is dropped unless it is set.
#[derive(Debug, Clone, Args)]
pub struct RetentionConfig {
    /// Whole months of raw responses that are kept before the present one; older ones are dropped and refused,
    /// their tallies stay. Without it everything is kept.
    #[arg(long, env = "SIPAS_RETENTION_MONTHS", value_name = "MONTHS",
          value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub retention_months: Option<u32>,

    /// Whole months of comments that are kept before the present one. Without it they go with their responses.
    #[arg(long, env = "SIPAS_COMMENT_RETENTION_MONTHS", value_name = "MONTHS",
          value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub comment_retention_months: Option<u32>,

    /// Whole months of the audit log that are kept before the present one. Without it everything is kept.
    #[arg(long, env = "SIPAS_AUDIT_RETENTION_MONTHS", value_name = "MONTHS",
          value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub audit_retention_months: Option<u32>,
}

impl DatabaseConfig {
    /// The data directory: as set, or the default of this user with `suffix` appended.
    pub fn data_dir(&self, is_root: bool, suffix: &str) -> PathBuf {
        if let Some(dir) = &self.data_dir {
            return dir.clone();
        }
        let base = match (is_root, std::env::home_dir()) {
            (false, Some(home)) => home.join(".local/share"),
            _ => PathBuf::from("/var/lib"),
        };
        base.join(format!("sipas{suffix}"))
    }
}
