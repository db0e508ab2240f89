//! Flags on responses: who may see them, and who may lift them. Flagging itself is in [`super::judging`].
//!
//! An office must not clear its own flags: only an administrator of an agency above the rated one, or of the whole
//! country, reviews them. A lifted response counts again, and the same rule does not flag it again.

use super::Services;
use super::catalogue::{Catalogue, current};
use super::standings::{self, Change};
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::ids::ResponseId;
use crate::domain::redaction::redact;
use crate::domain::standing::{Flag, FlagState, Standing};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result};
pub use crate::store::flags::FlagFilter;
use crate::store::flags::{flags_list, flags_of, flags_review};
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT, Page};
use crate::store::standings::standings_of;
use crate::store::{AsyncConnection, Conn, SILENCE};
use std::sync::Arc;

/// What a list is narrowed to, of flags or of requests to void.
#[derive(Debug, Clone)]
pub struct ListQuery<F> {
    /// Rating this agency or one below it; by default all of the reader's subtree.
    pub agency: Option<AgencyCode>,
    /// What else.
    pub filter: F,
    /// Most rows.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// One page and the cursor of the next, with the codes of what it names.
#[derive(Debug)]
pub struct Listed<T> {
    /// The rows, the newest first.
    pub items: Vec<T>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
    /// What the rows name.
    pub catalogue: Arc<Catalogue>,
}

/// The scope of a list and its page.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::ValidationFailed`] for an agency outside the
/// subtree; [`ErrorCode::InvalidCursor`].
pub async fn listing<F: std::fmt::Debug>(
    services: &Services,
    actor: &Actor,
    query: &ListQuery<F>,
    faults: Faults,
    what: &str,
) -> Result<(Arc<Catalogue>, AgencyScope, Page)> {
    let client = policy::response_reader(actor)?;
    if !faults.is_empty() {
        return Err(Error::invalid(faults.into_vec(), services.clock.now()));
    }
    let catalogue = current(services).await?;
    let scope = match &query.agency {
        None => policy::read_responses(client, &catalogue.tree, None),
        Some(code) => (catalogue.tree.find(code))
            .and_then(|agency| policy::read_responses(client, &catalogue.tree, Some(agency.id))),
    };
    let scope = scope.ok_or_else(|| {
        let mut faults = Faults::default();
        faults.push(Place::Parameter("agency".into()), FaultKind::UnknownAgency);
        Error::invalid(faults.into_vec(), services.clock.now())
    })?;
    let filter = format!("{what} {:?} {:?} {:?}", query.agency, query.filter, client.agency);
    Ok((catalogue, scope, Page::new(query.limit, query.cursor.as_deref(), &filter)?))
}

/// One page of flags on responses in the reader's charge, the newest first.
///
/// # Errors
/// As [`listing`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: &ListQuery<FlagFilter>,
    faults: Faults,
) -> Result<Listed<Flag>> {
    let (catalogue, scope, page) = listing(services, actor, query, faults, "flags").await?;
    let list = async |conn: &mut Conn| flags_list(conn, &scope, &query.filter, &page).await;
    let mut items = services.db.within(SILENCE, list).await?;
    let next_cursor = page.cut(&mut items, |flag| flag.seq.to_string());
    Ok(Listed { items, next_cursor, catalogue })
}

/// What a reviewer decided.
#[derive(Debug)]
pub struct Reviewed {
    /// The flags of the response, as they stand now.
    pub flags: Vec<Flag>,
    /// What the response counts as now.
    pub standing: Standing,
    /// Whether all of them stood so before.
    pub replayed: bool,
    /// What the flags name.
    pub catalogue: Arc<Catalogue>,
}

/// Confirms or lifts every flag that a response has. May be repeated, and decided otherwise later. `id` is `None` if it
/// is none of a response.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::ResponseNotFound`], also for one outside the
/// subtree; [`ErrorCode::NotAbove`] for the rated agency itself; [`ErrorCode::FlagNotFound`] without a flag;
/// [`ErrorCode::ValidationFailed`] (`month_dropped`).
pub async fn review(
    services: &Services,
    actor: &Actor,
    id: Option<ResponseId>,
    (decision, reason): (FlagState, &str),
) -> Result<Reviewed> {
    let reason = &redact(reason);
    let client = policy::flag_reviewer(actor)?;
    let id = id.ok_or_else(|| Error::new(ErrorCode::ResponseNotFound))?;
    let catalogue = current(services).await?;
    let now = services.clock.now();
    let work = async |conn: &mut Conn| {
        let may_know = |agency| policy::may_ask_for_void(client, &catalogue.tree, agency);
        let response = standings::hold(conn, (services, &catalogue), id, may_know).await?;
        if !policy::may_decide(client, &catalogue.tree, response.agency) {
            return Err(Error::new(ErrorCode::NotAbove));
        }
        let before = standings_of(conn, &[id.uuid()]).await?.remove(&id.uuid()).unwrap_or(Standing::Counted);
        let mut flags = flags_of(conn, id).await?;
        if flags.is_empty() {
            return Err(Error::new(ErrorCode::FlagNotFound));
        }
        let catalogue = catalogue.clone();
        if flags.iter().all(|flag| flag.state == decision) {
            return Ok(Reviewed { flags, standing: before, replayed: true, catalogue });
        }
        flags.iter_mut().for_each(|flag| flag.state = decision);
        let agency = response.agency;
        flags_review(conn, id, (decision, reason), (client.id, now)).await?;
        let standing = Standing::of(decision != FlagState::Lifted, before == Standing::Void);
        let surveys = super::folding::by_number(&catalogue.surveys);
        let change = Change { response, before, after: standing };
        standings::change(conn, &surveys, vec![change], now).await?;
        let details = vec![("decision", decision.as_str().to_owned()), ("reason", reason.to_owned())];
        let entry = Entry {
            action: Action::FlagReviewed,
            agency: Some(agency),
            object: id.uuid().to_string(),
            details,
        };
        super::audit::record(conn, By::Client(client), &entry, now).await?;
        Ok(Reviewed { flags, standing, replayed: false, catalogue })
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await
}
