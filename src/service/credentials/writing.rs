//! What happens to a client in one transaction, with its line in the audit log, whoever asks for it: administrators over
//! the API and the command line.

use crate::auth::token::scope_text;
use crate::auth::{policy, secret};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::{Client, ClientKind, Terms};
use crate::domain::ids::ClientId;
use crate::error::{ClientFault, Error, ErrorCode, FaultKind, Result};
use crate::service::audit;
use crate::store::Conn;
use crate::store::clients::{client_insert, client_lock, client_revoke, client_update};
use crate::store::credentials::secret_replace;
use crate::store::issuers::subject_exists;
use chrono::{DateTime, TimeDelta, Utc};

/// Rules that terms break whoever sets them, with the field each is in.
pub fn faults_of(kind: ClientKind, terms: &Terms, now: DateTime<Utc>) -> Vec<(&'static str, FaultKind)> {
    let of_kind = policy::permissions_of_kind(kind);
    let mut faults = Vec::new();
    if terms.are_over(now) {
        faults.push(("expires_at", FaultKind::Client(ClientFault::NotAhead)));
    }
    if terms.permissions.as_ref().is_some_and(|permissions| !permissions.is_subset(&of_kind)) {
        faults.push(("permissions", FaultKind::Client(ClientFault::NotOfKind)));
    }
    faults
}

/// Enters a client and writes that down; false if its id is in use. To be called in a transaction.
pub async fn enter(
    conn: &mut Conn,
    by: By<'_>,
    client: &Client,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let made = client_insert(conn, client, hash, now).await?;
    if made {
        let mut details = vec![("kind", client.kind.as_str().to_owned()), ("name", client.name.clone())];
        details.extend(told(&client.terms));
        audit::record(conn, by, &entry(Action::ClientCreated, client, details), now).await?;
    }
    Ok(made)
}

fn entry(action: Action, client: &Client, details: Vec<(&'static str, String)>) -> Entry {
    Entry { action, agency: client.agency, object: client.id.0.to_string(), details }
}

/// Terms in the words of the audit log; nothing is said of what narrows nothing.
fn told(terms: &Terms) -> Vec<(&'static str, String)> {
    let mut told = Vec::new();
    if let Some(end) = terms.expires_at {
        told.push(("expires_at", end.to_rfc3339()));
    }
    if let Some(permissions) = &terms.permissions {
        told.push(("permissions", scope_text(permissions)));
    }
    if !terms.networks.is_empty() {
        let networks: Vec<String> = terms.networks.iter().map(ToString::to_string).collect();
        told.push(("networks", networks.join(" ")));
    }
    told
}

/// Changes a client to what is given and writes that down. To be called in a transaction.
pub async fn update(conn: &mut Conn, by: By<'_>, changed: &Client, now: DateTime<Utc>) -> Result<()> {
    client_update(conn, changed).await?;
    let mut details = vec![("name", changed.name.clone())];
    details.extend(told(&changed.terms));
    audit::record(conn, by, &entry(Action::ClientChanged, changed, details), now).await
}

/// Replaces the secret and writes that down; `None` if there is no such client or it was ended. To be called in a
/// transaction.
pub async fn replace_secret(
    conn: &mut Conn,
    by: By<'_>,
    id: ClientId,
    (secret, hash): &(&str, String),
    overlap: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Option<()>> {
    let client = client_lock(conn, id).await?.filter(|client| client.revoked_at.is_none());
    let Some(client) = client else { return Ok(None) };
    // With a secret of ours it would go on here after its issuer had taken back its word.
    if subject_exists(conn, id).await? {
        return Err(
            Error::new(ErrorCode::NotPermitted).detail("another issuer vouches for it, so it has no secret")
        );
    }
    let until = (overlap > TimeDelta::zero()).then(|| now + overlap);
    secret_replace(conn, id, (hash, secret::hint(secret)), until).await?;
    let details = vec![("overlap_seconds", overlap.num_seconds().to_string())];
    audit::record(conn, by, &entry(Action::ClientRotated, &client, details), now).await?;
    Ok(Some(()))
}

/// Ends a client and writes that down, if it was not over; false if there is no such client. To be called in a
/// transaction.
pub async fn end(conn: &mut Conn, by: By<'_>, id: ClientId, now: DateTime<Utc>) -> Result<bool> {
    let Some(client) = client_lock(conn, id).await? else { return Ok(false) };
    if client_revoke(conn, id, now).await? {
        audit::record(conn, by, &entry(Action::ClientRevoked, &client, Vec::new()), now).await?;
    }
    Ok(true)
}
