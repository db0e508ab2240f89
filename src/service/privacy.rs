//! What is kept, as the database says it.

use crate::error::Result;
use crate::store::privacy::tables_all;
use crate::store::{Db, SILENCE};
use std::collections::BTreeMap;

/// Every table with its columns.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn tables(db: &Db) -> Result<BTreeMap<String, Vec<String>>> {
    db.within(SILENCE, async |conn| tables_all(conn).await).await
}
