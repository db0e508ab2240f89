//! Writing down who did what, and reading it again.
//!
//! A change and its entry are one transaction. Single responses and comments are handed out only when the entry that
//! says so is committed. That somebody looked into the log is not written into it, or whoever follows it would write what he
//! reads; that somebody took all of it away is.

use super::Services;
use super::catalogue::current;
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::audit_chain::{Hash, Place, Record};
use crate::domain::period::start_of;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place as FaultPlace, Result};
use crate::store::audit::{
    AuditFilter, audit_after, audit_head, audit_insert, audit_kept_after, audit_list, audit_months_drop,
    audit_months_ensure,
};
use crate::store::paging::Page;
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::store::{AsyncConnection, Conn, Db, SILENCE};
use chrono::{DateTime, Months, NaiveDate, Utc};
use tokio::sync::OwnedSemaphorePermit;

/// Months of the log made ahead.
const MONTHS_AHEAD: u32 = 3;

/// Entries that an export holds in memory at once.
const EXPORT_STEP: i64 = 1000;

/// Writes an entry into the audit log: in the transaction of the thing itself, as its last statement, so that there is
/// neither a change without an entry nor an entry without a change.
///
/// # Errors
/// Those of the database; the transaction fails with it.
pub async fn record(conn: &mut Conn, by: By<'_>, entry: &Entry, at: DateTime<Utc>) -> Result<()> {
    audit_insert(conn, by, entry, at).await
}

/// Writes an entry in a transaction of its own: for reads, before what was read is handed out.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away; then nothing may be handed out.
pub async fn record_alone(db: &Db, by: By<'_>, entry: &Entry, at: DateTime<Utc>) -> Result<()> {
    let write =
        async |conn: &mut Conn| conn.transaction(async |conn| record(conn, by, entry, at).await).await;
    db.within(SILENCE, write).await
}

/// Which entries are asked for; codes as they came.
#[derive(Debug, Clone)]
pub struct AuditQuery {
    /// Of this kind only.
    pub action: Option<Action>,
    /// By this actor only.
    pub actor: Option<String>,
    /// About this agency or one below it; by default everything in the reader's charge.
    pub agency: Option<AgencyCode>,
    /// Done on this day or later.
    pub from: Option<NaiveDate>,
    /// Done before this day.
    pub to: Option<NaiveDate>,
    /// Most entries of a page.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// One page of the log.
#[derive(Debug)]
pub struct AuditPage {
    /// The entries, the newest first.
    pub items: Vec<(Record, Hash)>,
    /// The cursor of the next page.
    pub next_cursor: Option<String>,
    /// The newest entry of the whole chain, whomever it is about: to be kept outside.
    pub head: Place,
}

/// A page of the entries that the actor may read. `faults` are those the reader of the request found.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`] for a wrong actor; [`ErrorCode::ValidationFailed`] with all
/// faults, also for an agency outside the subtree; [`ErrorCode::InvalidCursor`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: AuditQuery,
    mut faults: Faults,
) -> Result<AuditPage> {
    let client = policy::audit_reader(actor)?;
    let catalogue = current(services).await?;
    let named = query.agency.as_ref().map(|code| catalogue.tree.find(code).map(|agency| agency.id));
    let scope = match named {
        Some(None) => None,
        Some(root) => policy::read_audit(client, &catalogue.tree, root),
        None => policy::read_audit(client, &catalogue.tree, None),
    };
    if scope.is_none() {
        faults.push(FaultPlace::Parameter("agency".into()), FaultKind::UnknownAgency);
    }
    let Some(scope) = scope.filter(|_| faults.is_empty()) else {
        return Err(Error::invalid(faults.into_vec(), services.clock.now()));
    };
    let fingerprint =
        format!("audit {:?} {:?} {named:?} {:?} {:?}", query.action, query.actor, query.from, query.to);
    let page = Page::new(query.limit, query.cursor.as_deref(), &fingerprint)?;
    let instant = |day: NaiveDate| start_of(day).to_utc();
    let filter = AuditFilter {
        action: query.action,
        actor: query.actor,
        from: query.from.map(instant),
        to: query.to.map(instant),
    };
    let read = async |conn: &mut Conn| {
        Ok((audit_list(conn, &scope, &filter, &page).await?, audit_head(conn).await?))
    };
    let (mut items, head) = services.db.within(SILENCE, read).await?;
    let next_cursor = page.cut(&mut items, |(record, _)| record.seq.to_string());
    Ok(AuditPage { items, next_cursor, head })
}

/// An export of the kept chain under way, up to the entry that says it was exported. Holds no connection between two
/// steps.
pub struct Export {
    db: Db,
    kept_after: Place,
    head: Place,
    done: i64,
    _turn: Option<OwnedSemaphorePermit>,
}

/// Begins an export of the whole kept chain, for those in charge of the whole country: a part of a chain proves nothing.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`]; [`ErrorCode::Unavailable`] if too many exports run.
pub async fn export(services: &Services, actor: &Actor) -> Result<Export> {
    let client = policy::audit_exporter(actor)?;
    let turn = services.exports.clone().try_acquire_owned();
    let turn = turn.map_err(|_| Error::new(ErrorCode::Unavailable).because("too many exports"))?;
    let begun = export_on(&services.db, By::Client(client), services.clock.now()).await?;
    Ok(Export { _turn: Some(turn), ..begun })
}

/// As [`export`], for the command line.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn export_on(db: &Db, by: By<'_>, now: DateTime<Utc>) -> Result<Export> {
    let entry =
        Entry { action: Action::AuditExported, agency: None, object: "audit".into(), details: Vec::new() };
    record_alone(db, by, &entry, now).await?;
    let ends = async |conn: &mut Conn| Ok((audit_kept_after(conn).await?, audit_head(conn).await?));
    let (kept_after, head) = db.within(SILENCE, ends).await?;
    Ok(Export { db: db.clone(), kept_after, head, done: kept_after.seq, _turn: None })
}

impl Export {
    /// The last entry that is not kept any more: what is exported follows it.
    pub const fn kept_after(&self) -> Place {
        self.kept_after
    }

    /// The last entry that is exported.
    pub const fn head(&self) -> Place {
        self.head
    }

    /// The next entries in order; none at the end.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn next(&mut self) -> Result<Vec<(Record, Hash)>> {
        let (done, until) = (self.done, self.head.seq);
        let read = async |conn: &mut Conn| audit_after(conn, done, until, EXPORT_STEP).await;
        let items = self.db.within(SILENCE, read).await?;
        if let Some((last, _)) = items.last() {
            self.done = last.seq;
        }
        Ok(items)
    }
}

/// Makes the months ahead that entries go to.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away, or the table in use for long.
pub async fn make_months(db: &Db, today: NaiveDate) -> Result<()> {
    let days: Vec<NaiveDate> =
        (0..=MONTHS_AHEAD).filter_map(|month| today.checked_add_months(Months::new(month))).collect();
    let make =
        async |conn: &mut Conn| conn.transaction(async |conn| audit_months_ensure(conn, &days).await).await;
    db.within(SILENCE, make).await
}

/// Drops what is older than the last `months` whole months; gives how many months went. What is left can be verified
/// from its first entry on.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away, or the table in use for long.
pub async fn drop_old(db: &Db, today: NaiveDate, now: DateTime<Utc>, months: u32) -> Result<i32> {
    use chrono::Datelike;
    let month = today.with_day(1).unwrap_or(today);
    let Some(before) = month.checked_sub_months(Months::new(months)) else { return Ok(0) };
    let work = async |conn: &mut Conn| {
        let dropped = audit_months_drop(conn, before).await?;
        if dropped > 0 {
            let entry = Entry {
                action: Action::AuditMonthsDropped,
                agency: None,
                object: "audit".into(),
                details: vec![("months", dropped.to_string()), ("kept_from", before.to_string())],
            };
            record(conn, By::Service, &entry, now).await?;
        }
        Ok(dropped)
    };
    db.within(SILENCE, async |conn| conn.transaction(work).await).await
}

/// Says in the service's own log where the chain stands, so that it is kept somewhere else too.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn tell_head(db: &Db) -> Result<()> {
    let head = db.within(SILENCE, async |conn| audit_head(conn).await).await?;
    tracing::info!(seq = head.seq, hash = %head.hash, "the newest entry of the audit log");
    Ok(())
}
