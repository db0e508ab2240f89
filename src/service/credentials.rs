//! Life of clients: administrators make, see, change and end those of their own subtree, and give them other secrets.
//! A client outside it looks like not there. What reaches further than the administrator itself is refused: see
//! [`policy::excess`].

pub mod writing;

use super::Services;
use super::catalogue::{Catalogue, current, look_again};
use super::clients::hashing_turn;
use crate::auth::{Actor, policy, secret};
use crate::domain::agency::AgencyCode;
use crate::domain::audit::By;
use crate::domain::client::{Client, ClientKind, ClientRecord, Terms};
use crate::domain::device::Posting;
use crate::domain::ids::{ClientId, uuid_v7};
use crate::domain::permission::Permission;
use crate::domain::tree::AgencyTree;
use crate::error::{ClientFault, Error, ErrorCode, FaultKind, Faults, Place, Result};
pub use crate::store::clients::ClientFilter;
use crate::store::clients::{client_lock, client_record_find, clients_list};
use crate::store::paging::Page;
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::{DateTime, TimeDelta, Utc};
use ipnet::IpNet;
use std::collections::BTreeSet;
use uuid::Uuid;
use writing::{end, enter, faults_of, replace_secret};

/// Seconds for which the secret before a new one goes on, where the caller does not say: a day.
pub const DEFAULT_OVERLAP: i64 = 86_400;

/// Most seconds of it: 30 days.
pub const MAX_OVERLAP: i64 = 2_592_000;

/// A client to be made, as far as it could be read.
#[derive(Debug, Default)]
pub struct ClientDraft {
    /// Its id; a request with one may be repeated.
    pub id: Option<Uuid>,
    /// What it is.
    pub kind: Option<ClientKind>,
    /// What people call it.
    pub name: Option<String>,
    /// Root of its subtree; `None` is the whole country.
    pub agency: Option<AgencyCode>,
    /// What narrows it.
    pub terms: Terms,
}

/// What is to be changed of a client: only what is given.
#[derive(Debug, Default)]
pub struct ClientChange {
    /// Another name.
    pub name: Option<String>,
    /// Another end, or none.
    pub expires_at: Option<Option<DateTime<Utc>>>,
    /// Other permissions, or all of its kind.
    pub permissions: Option<Option<BTreeSet<Permission>>>,
    /// Other networks; none: anywhere.
    pub networks: Option<Vec<IpNet>>,
}

/// A client with the codes of its places.
#[derive(Debug)]
pub struct PlacedClient {
    /// The client.
    pub record: ClientRecord,
    /// Root of its subtree; `None` is the whole country.
    pub agency: Option<AgencyCode>,
    /// The desk a device stands at.
    pub service_point: Option<String>,
}

impl PlacedClient {
    fn new(catalogue: &Catalogue, record: ClientRecord) -> Self {
        let client = &record.client;
        let agency = client.agency.and_then(|id| catalogue.tree.get(id)).map(|agency| agency.code.clone());
        let desk = client.service_point.and_then(|id| catalogue.desk(id)).map(|desk| desk.code.clone());
        Self { agency, service_point: desk, record }
    }
}

/// A client with its secret, if that is new.
#[derive(Debug)]
pub struct Handed {
    /// The client.
    pub client: PlacedClient,
    /// Its secret; `None` for a repeated request: nobody knows it any more.
    pub secret: Option<String>,
}

/// Notes what is wrong with the terms for this keeper.
fn check_terms(keeper: &Client, kind: ClientKind, terms: &Terms, now: DateTime<Utc>, faults: &mut Faults) {
    let beyond = policy::excess(keeper, kind, terms);
    for (field, kind) in faults_of(kind, terms, now) {
        faults.at(format!("/{field}"), kind);
    }
    let fields =
        [(beyond.life, "expires_at"), (beyond.permissions, "permissions"), (beyond.networks, "networks")];
    for (_, field) in fields.into_iter().filter(|(beyond, _)| *beyond) {
        faults.at(format!("/{field}"), FaultKind::Client(ClientFault::BeyondYours));
    }
}

/// Makes a client. `faults` are those its reader found already. The same id with the same content is answered without
/// a secret: whoever lost the answer gives the client another one.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`], [`ErrorCode::ValidationFailed`] with all faults;
/// [`ErrorCode::ClientConflict`] for an id that is in use otherwise.
pub async fn create(
    services: &Services,
    actor: &Actor,
    draft: ClientDraft,
    faults: Faults,
) -> Result<Handed> {
    let keeper = policy::client_keeper(actor)?;
    let (catalogue, now) = (current(services).await?, services.clock.now());
    let client = drafted(&catalogue, keeper, draft, faults, now)?;
    let (secret, hash) = new_secret(services).await?;
    let work = async |conn: &mut Conn| {
        let made =
            conn.transaction(async |conn| enter(conn, By::Client(keeper), &client, &hash, now).await).await?;
        Ok::<_, Error>((made, client_record_find(conn, client.id).await?))
    };
    let (made, record) = services.db.within(SILENCE, work).await?;
    let record = record.ok_or_else(|| Error::internal("a client vanished"))?;
    let same = Client { revoked_at: None, ..record.client.clone() } == client;
    if !made && !same {
        return Err(Error::new(ErrorCode::ClientConflict));
    }
    Ok(Handed { client: PlacedClient::new(&catalogue, record), secret: made.then_some(secret) })
}

fn drafted(
    catalogue: &Catalogue,
    keeper: &Client,
    draft: ClientDraft,
    mut faults: Faults,
    now: DateTime<Utc>,
) -> Result<Client> {
    let agency = draft.agency.as_ref().map(|code| {
        let known = catalogue.tree.find(code).map(|agency| agency.id);
        known.filter(|id| policy::may_keep_client(keeper, &catalogue.tree, Some(*id)))
    });
    match agency {
        Some(None) => faults.at("/agency", FaultKind::UnknownAgency),
        None if !faults.any_at("/agency") && !policy::may_keep_client(keeper, &catalogue.tree, None) => {
            faults.at("/agency", FaultKind::Missing);
        }
        Some(Some(_)) | None => {}
    }
    if let Some(kind) = draft.kind {
        if kind == ClientKind::Device {
            faults.at("/kind", FaultKind::Client(ClientFault::EnrolDevices));
        }
        let of = agency.flatten();
        let known = !matches!(agency, Some(None)) && !faults.any_at("/agency");
        if known && kind == ClientKind::System && !policy::may_hand_out_system(keeper, &catalogue.tree, of) {
            faults.at("/kind", FaultKind::Client(ClientFault::FromAbove));
        }
        check_terms(keeper, kind, &draft.terms, now, &mut faults);
    }
    match (draft.kind, draft.name) {
        (Some(kind), Some(name)) if faults.is_empty() => Ok(Client {
            id: ClientId(draft.id.unwrap_or_else(|| uuid_v7(now))),
            kind,
            name,
            agency: agency.flatten(),
            service_point: None,
            revoked_at: None,
            terms: draft.terms,
            posting: Posting::default(),
        }),
        _ => Err(Error::invalid(faults.into_vec(), now)),
    }
}

/// A new secret and its hash.
async fn new_secret(services: &Services) -> Result<(String, String)> {
    let _turn = hashing_turn(services).await?;
    let make = || {
        let secret = secret::generate();
        let hash = secret::hash(&secret)?;
        Ok((secret, hash))
    };
    tokio::task::spawn_blocking(make).await.map_err(Error::internal)?
}

/// What a list of clients is narrowed to.
#[derive(Debug)]
pub struct ClientQuery {
    /// Clients of this agency and below it only.
    pub agency: Option<AgencyCode>,
    /// Kind, and whether they were ended.
    pub filter: ClientFilter,
    /// Most rows.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// One page of the clients that the keeper is in charge of, by id, and the cursor of the next.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::ValidationFailed`] for an agency that is
/// unknown or outside the own subtree; [`ErrorCode::InvalidCursor`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: &ClientQuery,
) -> Result<(Vec<PlacedClient>, Option<String>)> {
    let keeper = policy::client_keeper(actor)?;
    let catalogue = current(services).await?;
    let unknown = || {
        let mut faults = Faults::default();
        faults.push(Place::Parameter("agency".into()), FaultKind::UnknownAgency);
        Error::invalid(faults.into_vec(), services.clock.now())
    };
    let agency = match &query.agency {
        Some(code) => Some(catalogue.tree.find(code).ok_or_else(unknown)?.id),
        None => None,
    };
    let scope = policy::keep_clients(keeper, &catalogue.tree, agency).ok_or_else(unknown)?;
    let filter = format!("clients {:?} {agency:?} {:?}", keeper.agency, query.filter);
    let page = Page::new(query.limit, query.cursor.as_deref(), &filter)?;
    let list = async |conn: &mut Conn| clients_list(conn, &scope, query.filter, &page).await;
    let mut records = services.db.within(SILENCE, list).await?;
    let next = page.cut(&mut records, |record| record.client.id.0.to_string());
    Ok((records.into_iter().map(|record| PlacedClient::new(&catalogue, record)).collect(), next))
}

/// A client that the keeper is in charge of (`None`: of an id that is none).
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`], [`ErrorCode::ClientNotFound`].
pub async fn fetch(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<PlacedClient> {
    let keeper = policy::client_keeper(actor)?;
    let catalogue = current(services).await?;
    let id = id.map(ClientId).ok_or_else(not_found)?;
    let find = async |conn: &mut Conn| client_record_find(conn, id).await;
    let found = services.db.within(SILENCE, find).await?;
    let kept = |record: &ClientRecord| policy::may_keep_client(keeper, &catalogue.tree, record.client.agency);
    Ok(PlacedClient::new(&catalogue, found.filter(kept).ok_or_else(not_found)?))
}

fn not_found() -> Error {
    Error::new(ErrorCode::ClientNotFound)
}

/// Changes a client: only what is given. `faults` are those its reader found already.
///
/// # Errors
/// As [`fetch`]; [`ErrorCode::ValidationFailed`]; [`ErrorCode::ClientEnded`]; [`ErrorCode::OwnClient`] where the keeper
/// would change its own terms; [`ErrorCode::NotPermitted`] for a client that reaches further than the keeper.
pub async fn change(
    services: &Services,
    actor: &Actor,
    id: Option<Uuid>,
    change: ClientChange,
    mut faults: Faults,
) -> Result<PlacedClient> {
    let (keeper, now) = (policy::client_keeper(actor)?, services.clock.now());
    let catalogue = current(services).await?;
    let before = fetch(services, actor, id).await?.record.client;
    let work = async |conn: &mut Conn| {
        let client = client_lock(conn, before.id).await?.ok_or_else(not_found)?;
        check_reach(keeper, &client, &catalogue.tree)?;
        let changed = changed(&client, change);
        if client.id == keeper.id && changed.terms != client.terms {
            return Err(Error::new(ErrorCode::OwnClient));
        }
        if changed.terms != client.terms {
            check_terms(keeper, client.kind, &changed.terms, now, &mut faults);
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults.into_vec(), now));
        }
        if changed != client {
            writing::update(conn, By::Client(keeper), &changed, now).await?;
        }
        Ok(())
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    look_again(services);
    fetch(services, actor, id).await
}

/// May the keeper change the client or have its secret?
fn check_reach(keeper: &Client, client: &Client, tree: &AgencyTree) -> Result<()> {
    if client.revoked_at.is_some() {
        return Err(Error::new(ErrorCode::ClientEnded));
    }
    // Itself too: what a narrowed token holds is less than what a new secret of the same client would give.
    if !policy::excess(keeper, client.kind, &client.terms).is_none() {
        return Err(Error::new(ErrorCode::NotPermitted).detail("the client reaches further than yours"));
    }
    if client.kind == ClientKind::System && !policy::may_hand_out_system(keeper, tree, client.agency) {
        return Err(Error::new(ErrorCode::NotPermitted).detail("only from above the agency"));
    }
    Ok(())
}

fn changed(client: &Client, change: ClientChange) -> Client {
    let mut changed = client.clone();
    changed.name = change.name.unwrap_or(changed.name);
    changed.terms.expires_at = change.expires_at.unwrap_or(changed.terms.expires_at);
    changed.terms.permissions = change.permissions.unwrap_or(changed.terms.permissions);
    changed.terms.networks = change.networks.unwrap_or(changed.terms.networks);
    changed
}

/// Gives a client another secret; the present one goes on for `overlap` seconds, one from before ends at once. `faults`
/// are those the reader found already.
///
/// # Errors
/// As [`change`]; [`ErrorCode::OwnClient`] also where the keeper would end its own secret at once: were the answer lost,
/// nothing could let it in again. [`ErrorCode::NotPermitted`] for a device, which enrols again: an administrator must
/// not be able to make up its responses.
pub async fn rotate(
    services: &Services,
    actor: &Actor,
    id: Option<Uuid>,
    overlap: i64,
    faults: Faults,
) -> Result<Handed> {
    let (keeper, now) = (policy::client_keeper(actor)?, services.clock.now());
    let catalogue = current(services).await?;
    let client = fetch(services, actor, id).await?.record.client;
    if !faults.is_empty() {
        return Err(Error::invalid(faults.into_vec(), now));
    }
    check_reach(keeper, &client, &catalogue.tree)?;
    if client.kind == ClientKind::Device {
        return Err(Error::new(ErrorCode::NotPermitted).detail("a device enrols again"));
    }
    if client.id == keeper.id && overlap == 0 {
        return Err(Error::new(ErrorCode::OwnClient));
    }
    let (secret, hash) = new_secret(services).await?;
    let (fresh, overlap) = ((secret.as_str(), hash), TimeDelta::seconds(overlap));
    let work = async |conn: &mut Conn| {
        replace_secret(conn, By::Client(keeper), client.id, &fresh, overlap, now).await
    };
    let replaced = services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    replaced.ok_or_else(|| Error::new(ErrorCode::ClientEnded))?;
    Ok(Handed { client: fetch(services, actor, id).await?, secret: Some(secret) })
}

/// Ends a client for good; ending it again changes nothing. A narrowed keeper may end also what reaches further than
/// itself: that lets nobody in.
///
/// # Errors
/// As [`fetch`]; [`ErrorCode::OwnClient`].
pub async fn revoke(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<PlacedClient> {
    let (keeper, now) = (policy::client_keeper(actor)?, services.clock.now());
    let client = fetch(services, actor, id).await?.record.client;
    if client.id == keeper.id {
        return Err(Error::new(ErrorCode::OwnClient));
    }
    let work = async |conn: &mut Conn| end(conn, By::Client(keeper), client.id, now).await;
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    look_again(services);
    fetch(services, actor, id).await
}
