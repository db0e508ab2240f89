//! What the tests stand on: a cluster, a database and a service for each test, and people who use it.

pub mod app;
pub mod citizens;
pub mod clients;
pub mod cluster;
pub mod issuer;
pub mod load;
pub mod program;
pub mod receiver;
pub mod recount_math;
pub mod recount_tree;
pub mod samples;
pub mod site;
pub mod wire;

pub use app::TestApp;
pub use clients::{Client, Reply};
