//! Signing keys: `GET /v1/signing-keys`, `POST /v1/signing-keys/rotate`, `POST /v1/signing-keys/{kid}/withdraw`.

use super::extract::{App, Caller, Query};
use super::openapi::{NotFound, NotPermitted, Refused};
use super::problem::Problem;
use crate::domain::signing_key::SigningKey;
use crate::service::signing_keys;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The signing keys of the last month, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SigningKeysBody {
    /// The keys.
    items: Vec<SigningKeyBody>,
}

/// A key that tokens are or were signed with; never its private half, which is nowhere but in the instance that signs.
#[derive(Debug, Serialize, ToSchema)]
pub struct SigningKeyBody {
    /// Its name in tokens and in the key set (RFC 7638).
    #[schema(example = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")]
    kid: String,
    /// `signing`, `trusted` (signs no more; what it signed is good until it is over), `retired` or `withdrawn`.
    #[schema(example = "signing")]
    state: &'static str,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it stops signing.
    signs_until: DateTime<Utc>,
    /// When the last token it can have signed is over.
    trusted_until: DateTime<Utc>,
    /// When it was withdrawn; `null` if it was not.
    withdrawn_at: Option<DateTime<Utc>>,
}

/// Keys that stopped signing.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyRotationBody {
    /// Their names; each instance makes itself a new key when it signs next.
    stopped: Vec<String>,
}

impl SigningKeyBody {
    fn new(key: SigningKey, now: DateTime<Utc>) -> Self {
        Self {
            state: key.state(now).as_str(),
            created_at: key.created_at,
            signs_until: key.signs_until,
            trusted_until: key.trusted_until(),
            withdrawn_at: key.withdrawn_at,
            kid: key.kid,
        }
    }
}

/// Lists the keys that tokens are or were signed with
///
/// Those of the last month, of all instances. For administrators of the whole country.
#[utoipa::path(tag = "credentials", security(("bearer" = [])),
    responses((status = 200, description = "The keys", body = SigningKeysBody), Refused, NotPermitted))]
#[get("/v1/signing-keys")]
pub async fn list_signing_keys(app: App, caller: Caller, query: Query) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (keys, now) = (signing_keys::list_as(&app, &caller.0).await?, app.clock.now());
    let items = keys.into_iter().map(|key| SigningKeyBody::new(key, now)).collect();
    Ok(HttpResponse::Ok().json(SigningKeysBody { items }))
}

/// Lets every key stop signing
///
/// What they signed stays good until it is over, and they stay in the key set as long. Keys are changed once a day
/// without being asked. For administrators of the whole country.
#[utoipa::path(tag = "credentials", security(("bearer" = [])),
    responses((status = 200, description = "The keys that stopped", body = KeyRotationBody), Refused, NotPermitted))]
#[post("/v1/signing-keys/rotate")]
pub async fn rotate_signing_keys(app: App, caller: Caller, query: Query) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let stopped = signing_keys::rotate_as(&app, &caller.0).await?;
    Ok(HttpResponse::Ok().json(KeyRotationBody { stopped }))
}

/// Withdraws a key that is in wrong hands
///
/// Every token it signed is refused within a second, on every instance and for good; who held one gets a new one with
/// the credential. Doing so again changes nothing. For administrators of the whole country.
#[utoipa::path(tag = "credentials", security(("bearer" = [])),
    params(("kid" = String, Path, description = "Name of the key")),
    responses((status = 200, description = "The key", body = SigningKeyBody), Refused, NotPermitted, NotFound))]
#[post("/v1/signing-keys/{kid}/withdraw")]
pub async fn withdraw_signing_key(
    app: App,
    caller: Caller,
    query: Query,
    kid: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let key = signing_keys::withdraw_as(&app, &caller.0, &kid).await?;
    Ok(HttpResponse::Ok().json(SigningKeyBody::new(key, app.clock.now())))
}
