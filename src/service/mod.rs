//! Use cases: one public function for each. A function takes the actor, asks `auth::policy` for a scope,
//! works through `store`, lets `index` compute, and gives domain types back. It knows no HTTP and no SQL.
//! A write is one transaction; nothing leaves the process while it is open.

pub mod admission;
pub mod agencies;
pub mod agency_events;
pub mod agency_imports;
pub mod audit;
pub mod breakdowns;
pub mod bulk;
pub mod catalogue;
mod catalogue_agencies;
pub mod clients;
pub mod clock;
pub mod comparisons;
pub mod counting;
pub mod devices;
pub mod dossier_counts;
pub mod feed;
pub mod figures;
pub mod flags;
pub mod folding;
pub mod formulas;
pub mod imports;
pub mod indexes;
pub mod ingest;
pub mod installation;
pub mod judging;
pub mod metrics;
pub mod partitions;
pub mod rankings;
pub mod receipts;
pub mod responses;
pub mod series;
pub mod standings;
pub mod surveys;
pub mod verification;
pub mod visibility;
pub mod voids;

use crate::auth::token::Keys;
use crate::store::Db;
use catalogue::CatalogueCache;
use clients::TokenCache;
use clock::Clock;
use ingest::Intake;

/// Rules an operator may set.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Oldest response that is still taken, in days.
    pub max_offline_days: i64,
    /// Whole months of raw responses that are kept; `None`: all.
    pub retention_months: Option<u32>,
    /// Bulk requests that are read at the same time.
    pub bulk_requests: usize,
    /// Most responses of one bulk request.
    pub bulk_items: usize,
    /// Longest bulk request in bytes, after decompression.
    pub bulk_bytes: usize,
    /// Longest single response in bytes.
    pub response_bytes: usize,
    /// Whether everybody may read figures.
    pub public_figures: bool,
    /// Fewest people a publicly readable value is made from.
    pub min_n_public: u64,
    /// By what responses are flagged.
    pub flagging: crate::domain::flagging::Rules,
    /// Days in which a second person decides about a request to void.
    pub void_days: i64,
}

/// What the use cases work with.
pub struct Services {
    /// The database.
    pub db: Db,
    /// The way in for responses.
    pub intake: Intake,
    /// Turns at sending many responses at once.
    pub bulk: tokio::sync::Semaphore,
    /// Turns at exporting responses.
    pub exports: std::sync::Arc<tokio::sync::Semaphore>,
    /// The catalogue in memory.
    pub catalogue: CatalogueCache,
    /// What may be shown to the public.
    pub masks: visibility::Masks,
    /// Signing keys.
    pub keys: Keys,
    /// Tokens that were checked.
    pub tokens: TokenCache,
    /// Turns at checking secrets.
    pub hashing: tokio::sync::Semaphore,
    /// What this instance counts about itself.
    pub metrics: metrics::Metrics,
    /// The clock.
    pub clock: Clock,
    /// Rules an operator may set.
    pub rules: Rules,
}
