//! The audit log. Rows are only added.

use super::Conn;
use super::schema::audit_entries;
use crate::domain::audit::{By, Entry};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// Adds an entry; to be called in the transaction of the thing itself, last, since it makes every other one wait.
pub async fn audit_insert(conn: &mut Conn, by: By<'_>, entry: &Entry, at: DateTime<Utc>) -> Result<()> {
    use audit_entries as t;
    let details: serde_json::Map<String, serde_json::Value> =
        entry.details.iter().map(|(name, text)| ((*name).to_owned(), text.as_str().into())).collect();
    diesel::insert_into(t::table)
        .values((
            t::at.eq(at),
            t::actor.eq(by.text()),
            t::action.eq(entry.action.as_str()),
            t::agency_id.eq(entry.agency.map(|agency| agency.0)),
            t::object.eq(&entry.object),
            t::details.eq(serde_json::to_string(&details).map_err(Error::internal)?),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
