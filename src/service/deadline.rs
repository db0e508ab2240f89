//! The time a request may take. What it waits for is the database, so that is where the time is watched: work that
//! is late is given up and its statement cancelled.

pub use crate::store::deadline::within;
