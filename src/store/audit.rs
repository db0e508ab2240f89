//! The audit log. Rows are only added, by one writer at a time, each sealed with the hash of the one before.

use super::paging::Page;
use super::schema::{agencies, audit_chain, audit_entries};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::audit_chain::{Hash, Place, Record, instant};
use crate::domain::ids::AgencyId;
use crate::error::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::Date;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

diesel::define_sql_function! {
    /// Makes the partition of the month that holds the day; see the migration.
    fn ensure_audit_partition(day: Date) -> Bool;
}

diesel::define_sql_function! {
    /// Takes the chain for this transaction; see the migration.
    fn begin_audit_entry() -> Date;
}

diesel::define_sql_function! {
    /// Drops the months before a day; see the migration.
    fn drop_audit_partitions(before: Date) -> Integer;
}

/// Adds an entry to the chain; to be called in the transaction of the thing itself, last, since it makes every other
/// writer wait until that ends.
pub async fn audit_insert(conn: &mut Conn, by: By<'_>, entry: &Entry, at: DateTime<Utc>) -> Result<()> {
    use audit_entries as t;
    let month: NaiveDate = diesel::select(begin_audit_entry()).get_result(conn).await?;
    let head = audit_head(conn).await?;
    let record = Record {
        seq: head.seq + 1,
        at: instant(at),
        actor: by.text(),
        action: entry.action.as_str().to_owned(),
        agency: code(conn, entry.agency).await?,
        object: entry.object_text(),
        details: entry.details_by_name(),
    };
    let hash = record.hash(head.hash);
    diesel::insert_into(t::table)
        .values((
            t::month.eq(month),
            t::seq.eq(record.seq),
            t::at.eq(at),
            t::actor.eq(&record.actor),
            t::action.eq(&record.action),
            t::agency_id.eq(entry.agency.map(|agency| agency.0)),
            t::object.eq(&record.object),
            t::details.eq(serde_json::to_string(&record.details).map_err(Error::internal)?),
            t::hash.eq(hash.0.as_slice()),
        ))
        .execute(conn)
        .await?;
    diesel::update(audit_chain::table)
        .set((
            audit_chain::seq.eq(record.seq),
            audit_chain::hash.eq(hash.0.as_slice()),
            audit_chain::month.eq(month),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The code that is sealed with an entry: it never changes, while numbers say nothing outside of this database.
async fn code(conn: &mut Conn, agency: Option<AgencyId>) -> Result<Option<String>> {
    let Some(agency) = agency else { return Ok(None) };
    Ok(Some(agencies::table.find(agency.0).select(agencies::code).first(conn).await?))
}

/// The newest entry.
pub async fn audit_head(conn: &mut Conn) -> Result<Place> {
    place(audit_chain::table.select((audit_chain::seq, audit_chain::hash)).first(conn).await?)
}

/// The last entry that is not kept any more: what is kept follows it.
pub async fn audit_kept_after(conn: &mut Conn) -> Result<Place> {
    let anchor = (audit_chain::kept_after_seq, audit_chain::kept_after_hash);
    place(audit_chain::table.select(anchor).first(conn).await?)
}

fn place((seq, hash): (i64, Vec<u8>)) -> Result<Place> {
    let hash = Hash::of_bytes(&hash).ok_or_else(|| corrupt("audit_chain.hash"))?;
    Ok(Place { seq, hash })
}

/// What a list of entries is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// This action only.
    pub action: Option<Action>,
    /// This actor only.
    pub actor: Option<String>,
    /// Done at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Done before this instant.
    pub to: Option<DateTime<Utc>>,
}

type Row = (i64, DateTime<Utc>, String, String, Option<String>, String, String, Vec<u8>);

fn sealed(row: Row) -> Result<(Record, Hash)> {
    let (seq, at, actor, action, agency, object, details, hash) = row;
    let details = serde_json::from_str(&details).map_err(|_| corrupt("audit_entries.details"))?;
    let hash = Hash::of_bytes(&hash).ok_or_else(|| corrupt("audit_entries.hash"))?;
    Ok((Record { seq, at: instant(at), actor, action, agency, object, details }, hash))
}

/// Entries about the agencies of the scope, the newest first; those about nobody in particular only for the whole
/// country. One more than the page holds, if there are more.
pub async fn audit_list(
    conn: &mut Conn,
    scope: &AgencyScope,
    filter: &AuditFilter,
    page: &Page,
) -> Result<Vec<(Record, Hash)>> {
    use audit_entries as t;
    let mut query = t::table
        .left_join(agencies::table.on(t::agency_id.eq(agencies::id.nullable())))
        .select((
            t::seq,
            t::at,
            t::actor,
            t::action,
            agencies::code.nullable(),
            t::object,
            t::details,
            t::hash,
        ))
        // Months never go back along the chain.
        .order((t::month.desc(), t::seq.desc()))
        .limit(page.limit_and_one())
        .into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(t::agency_id.eq_any(agencies));
    }
    if let Some(action) = filter.action {
        query = query.filter(t::action.eq(action.as_str()));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(t::actor.eq(actor));
    }
    if let Some(from) = filter.from {
        query = query.filter(t::at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(t::at.lt(to));
    }
    if let Some(before) = page.after.as_ref().and_then(|key| key.parse::<i64>().ok()) {
        query = query.filter(t::seq.lt(before));
    }
    query.load::<Row>(conn).await?.into_iter().map(sealed).collect()
}

/// The next entries after a number, in order, of the whole chain.
pub async fn audit_after(conn: &mut Conn, seq: i64, until: i64, limit: i64) -> Result<Vec<(Record, Hash)>> {
    use audit_entries as t;
    let rows: Vec<Row> = t::table
        .left_join(agencies::table.on(t::agency_id.eq(agencies::id.nullable())))
        .select((
            t::seq,
            t::at,
            t::actor,
            t::action,
            agencies::code.nullable(),
            t::object,
            t::details,
            t::hash,
        ))
        .filter(t::seq.gt(seq).and(t::seq.le(until)))
        .order((t::month, t::seq))
        .limit(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(sealed).collect()
}

/// Makes the partitions of the months that hold these days, to be called in a transaction.
pub async fn audit_months_ensure(conn: &mut Conn, days: &[NaiveDate]) -> Result<()> {
    conn.batch_execute("SET LOCAL lock_timeout = '2s'").await?;
    for day in days {
        diesel::select(ensure_audit_partition(*day)).get_result::<bool>(conn).await?;
    }
    Ok(())
}

/// Drops the months before a day and keeps where the rest of the chain begins, to be called in a transaction; gives how
/// many.
pub async fn audit_months_drop(conn: &mut Conn, before: NaiveDate) -> Result<i32> {
    conn.batch_execute("SET LOCAL lock_timeout = '2s'").await?;
    Ok(diesel::select(drop_audit_partitions(before)).get_result(conn).await?)
}
