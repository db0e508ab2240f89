//! Writing down who did what.

use crate::domain::audit::{By, Entry};
use crate::error::Result;
use crate::store::Conn;
use crate::store::audit::audit_insert;
use chrono::{DateTime, Utc};

/// Writes an entry into the audit log: in the transaction of the thing itself, as its last statement, so that there is
/// neither a change without an entry nor an entry without a change.
///
/// # Errors
/// Those of the database; the transaction fails with it.
pub async fn record(conn: &mut Conn, by: By<'_>, entry: &Entry, at: DateTime<Utc>) -> Result<()> {
    audit_insert(conn, by, entry, at).await
}
