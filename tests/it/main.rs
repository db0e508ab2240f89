//! Integration tests: everything through real HTTP against a real PostgreSQL, as the service's users do.
//! One binary, so that the cluster is started once; every test owns its database.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop"
)]

mod support;

mod agencies;
mod agency_events;
mod agency_imports;
mod authorization;
mod blocks;
mod breakdowns;
mod bulk;
mod clients;
mod comparisons;
mod contract;
mod devices;
mod dossier_counts;
mod faults;
mod feed;
mod flags;
mod formats;
mod formulas;
mod health;
mod histories;
mod imports;
mod indexes;
mod intake;
mod problems;
mod process;
mod rankings;
mod readme;
mod recount;
mod responses;
mod retention;
mod schema;
mod series;
mod suppression;
mod surveys;
mod voids;
