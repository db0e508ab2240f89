//! Integration tests: everything through real HTTP against a real PostgreSQL, as the service's users do.
//! One binary, so that the cluster is started once; every test owns its database.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop"
)]

mod agencies;
mod agency_events;
mod agency_imports;
mod alert_rules;
mod alerts;
mod audit;
mod authorization;
mod blocks;
mod breakdowns;
mod bulk;
mod clients;
mod comments;
mod comparisons;
mod contract;
mod cors;
mod credentials;
mod deadline;
mod deliveries;
mod devices;
mod dossier_counts;
mod drags;
mod enrolments;
mod faults;
mod feed;
mod flags;
mod fleet;
mod formats;
mod formulas;
mod headers;
mod health;
mod held_rows;
mod histories;
mod imports;
mod indexes;
mod intake;
mod issuers;
mod limits;
mod measure_duties;
mod measure_imports;
mod measure_values;
mod measures;
mod pages;
mod pages_addresses;
mod pages_sections;
mod privacy;
mod problems;
mod process;
mod rankings;
mod readme;
mod recount;
mod releases;
mod reports;
mod responses;
mod retention;
mod revocation;
mod schema;
mod series;
mod short_forms;
mod signing_keys;
mod strangers;
mod support;
mod suppression;
mod surveys;
mod targets;
mod threats;
mod tls;
mod tracker;
mod undertakings;
mod visits;
mod voids;
mod webhooks;
