//! Every setting of the service: typed, documented here once, given as a flag or in the environment,
//! checked before anything starts. `sipas serve --help` prints this list.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Paths are made absolute at once: the process may change its directory when it leaves root.
fn absolute(path: &str) -> std::io::Result<PathBuf> {
    std::path::absolute(path)
}

/// Where the data live: an existing server, or a private one in the data directory.
#[derive(Debug, Clone, Args)]
pub struct DatabaseConfig {
    /// PostgreSQL to use, for example postgres://user:secret@host/sipas. Without it the service runs its own
    /// private PostgreSQL in the data directory.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// Directory of the private PostgreSQL and of the signing key. Default: /var/lib/sipas as root, otherwise
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

    /// Most connections to PostgreSQL at once, besides those of the writers.
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

    /// Private key that signs tokens: PKCS#8, P-256, PEM. Default: signing-key.pem in the data directory, made
    /// when missing. Instances behind one address need the same key.
    #[arg(long, env = "SIPAS_SIGNING_KEY_FILE", value_name = "FILE", value_parser = absolute)]
    pub signing_key_file: Option<PathBuf>,

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

    /// Oldest response that is still taken, in days before the server's clock.
    #[arg(long, env = "SIPAS_MAX_OFFLINE_DAYS", value_name = "DAYS", default_value_t = 90,
          value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub max_offline_days: u16,

    /// Whole months of raw responses that are kept before the present one; older ones are dropped and refused,
    /// their tallies stay. Without it everything is kept.
    #[arg(long, env = "SIPAS_RETENTION_MONTHS", value_name = "MONTHS",
          value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub retention_months: Option<u32>,

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

    /// Bulk requests that store at the same time, each with a connection of its own.
    #[arg(long, env = "SIPAS_BULK_WRITERS", value_name = "N", default_value_t = 4,
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

    /// Fewest people a publicly readable value is made from; smaller ones are hidden.
    #[arg(long, env = "SIPAS_MIN_N_PUBLIC", value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub min_n_public: u32,

    /// Rules that flag responses of devices, split by commas: burst, identical, speed, out_of_hours; or none. When
    /// offices are open is not known to us, so out_of_hours is off until it is named. All limits below are assumed.
    #[arg(long, env = "SIPAS_FLAG_RULES", value_name = "RULES", default_value = "burst,identical,speed")]
    pub flag_rules: String,

    /// burst: more responses of a device than this within `--flag-burst-minutes` are flagged (assumed: one every 20 seconds
    /// for ten minutes is more than a queue can bring).
    #[arg(long, env = "SIPAS_FLAG_BURST_MOST", value_name = "N", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub flag_burst_most: u32,

    /// burst: length of the window in minutes.
    #[arg(long, env = "SIPAS_FLAG_BURST_MINUTES", value_name = "MINUTES", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub flag_burst_minutes: u32,

    /// identical: fewest responses of a device in a row with the very same answers that are flagged (assumed: if even seven
    /// of ten people answer alike, 30 in a row come by chance about once in 75 years of a device with 2,000 responses a
    /// year; 20 in a row every other year).
    #[arg(long, env = "SIPAS_FLAG_IDENTICAL_ROW", value_name = "N", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub flag_identical_row: u32,

    /// identical: fewest answered criteria of a response that is judged; few are answered alike by many.
    #[arg(long, env = "SIPAS_FLAG_IDENTICAL_ANSWERED", value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u16).range(1..=200))]
    pub flag_identical_answered: u16,

    /// speed: least time between two responses of a device, in milliseconds for each answered criterion of the second
    /// (assumed: nobody reads and answers in less than a second).
    #[arg(long, env = "SIPAS_FLAG_SPEED_MILLISECONDS", value_name = "MS", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub flag_speed_milliseconds: u32,

    /// Hours in which offices are open, Viet Nam time: days and times, several split by semicolons (assumed).
    #[arg(
        long,
        env = "SIPAS_OFFICE_HOURS",
        value_name = "HOURS",
        default_value = "Mon-Fri 07:30-11:30,13:30-17:00"
    )]
    pub office_hours: String,

    /// Days in which a second person decides about a request that a response be void; then it expires (assumed).
    #[arg(long, env = "SIPAS_VOID_DAYS", value_name = "DAYS", default_value_t = 14,
          value_parser = clap::value_parser!(u16).range(1..=365))]
    pub void_days: u16,
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
