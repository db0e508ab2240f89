//! Use cases: one public function for each. A function takes the actor, asks `auth::policy` for a scope,
//! works through `store`, lets `index` compute, and gives domain types back. It knows no HTTP and no SQL.
//! A write is one transaction; nothing leaves the process while it is open.

pub mod activity;
pub mod admission;
pub mod agencies;
pub mod agency_events;
pub mod agency_imports;
pub mod alert_rules;
pub mod alerting;
pub mod alerts;
pub mod audit;
pub mod breakdowns;
pub mod bulk;
pub mod catalogue;
mod catalogue_agencies;
mod catalogue_surveys;
pub mod clients;
pub mod clock;
pub mod comments;
pub mod comparisons;
pub mod counting;
pub mod credentials;
pub mod deadline;
pub mod deliveries;
pub mod device_changes;
pub mod devices;
pub mod dossier_counts;
pub mod drags;
pub mod enrolments;
pub mod feed;
pub mod figures;
pub mod flags;
pub mod fleet;
pub mod folding;
pub mod formulas;
pub mod heartbeats;
pub mod imports;
pub mod indexes;
pub mod ingest;
pub mod installation;
pub mod issuers;
pub mod judging;
pub mod measure_duties;
pub mod measure_imports;
pub mod measure_values;
pub mod measures;
pub mod metrics;
pub mod outbox;
pub mod participation;
pub mod partitions;
pub mod privacy;
pub mod rankings;
pub mod receipts;
pub mod releases;
pub mod report_schedules;
pub mod reports;
pub mod responses;
pub mod sending;
pub mod series;
pub mod signing_keys;
pub mod standings;
pub mod surroundings;
pub mod surveys;
pub mod targets;
pub mod tracker;
pub mod undertakings;
pub mod uses;
pub mod verification;
pub mod visibility;
pub mod visits;
pub mod voids;
pub mod webhooks;

use crate::store::Db;
use catalogue::CatalogueCache;
use clients::TokenCache;
use clock::Clock;
use ingest::Intake;
use issuers::Issuers;
use signing_keys::Signing;

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
    /// Longest validity of a visit token, in hours.
    pub visit_hours: u16,
    /// Where people and devices reach the service, without a slash at the end.
    pub public_url: String,
    /// When devices should be heard.
    pub office_hours: crate::domain::office_hours::OfficeHours,
    /// Minutes of office time without a sign of life after which a device is silent.
    pub silent_minutes: i64,
    /// Fewest people of an agency's month whose comments are shown.
    pub min_n_comments: u64,
    /// Whole months of comments that are kept; `None`: as long as their responses.
    pub comment_retention_months: Option<u32>,
    /// Whole months of the audit log that are kept; `None`: all.
    pub audit_retention_months: Option<u32>,
    /// By what responses are flagged.
    pub flagging: crate::domain::flagging::Rules,
    /// Days after a period until its scheduled reports are made.
    pub report_days: u64,
    /// Days in which a second person decides about a request to void.
    pub void_days: i64,
    /// Time between two evaluations of the rules of alerts.
    pub alert_every: std::time::Duration,
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
    /// Rows of tallies that are asked for again and again.
    pub rows: counting::HeldRows,
    /// What may be shown to the public.
    pub masks: visibility::Masks,
    /// What devices sent and is not yet written down.
    pub activity: activity::Activity,
    /// Signing keys.
    pub keys: Signing,
    /// Other issuers whose tokens are taken.
    pub issuers: Issuers,
    /// Tokens that were checked.
    pub tokens: TokenCache,
    /// Turns at checking secrets.
    pub hashing: tokio::sync::Semaphore,
    /// Keys and issuers of visit tokens.
    pub visits: visits::Visits,
    /// Posts events to webhooks.
    pub sender: sending::Sender,
    /// What this instance counts about itself.
    pub metrics: metrics::Metrics,
    /// The clock.
    pub clock: Clock,
    /// What releases are sealed with.
    pub sealing: releases::Sealing,
    /// Rules an operator may set.
    pub rules: Rules,
}
