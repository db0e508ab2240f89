//! Credentials: `POST /oauth/token`, `GET /.well-known/jwks.json`.

use super::extract::{App, Form};
use super::limits;
use super::openapi::{Limited, TokenRefused};
use super::peer::peer_address;
use super::problem::Problem;
use super::reply::no_store;
use crate::auth::token::Issued;
use crate::error::{Error, ErrorCode};
use crate::service::clients::{self, Exchange};
use crate::service::signing_keys;
use actix_web::http::header::{self, CacheControl, CacheDirective};
use actix_web::{HttpRequest, HttpResponse, get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

/// Token request (RFC 6749 section 4.4). The client may also authenticate with HTTP Basic.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documentation of the form that `issue_token` reads")]
struct TokenForm {
    #[schema(example = "client_credentials")]
    grant_type: String,
    client_id: Option<String>,
    client_secret: Option<String>,
    /// Narrows the token: permissions with spaces between; more than the client has is refused.
    #[schema(example = "submit_response")]
    scope: Option<String>,
}

/// A token (RFC 6749 section 5.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenBody {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until it expires.
    #[schema(example = 3600)]
    expires_in: i64,
    /// What the token is narrowed to; left out where nothing narrows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// Public keys (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub struct KeySet {
    /// The keys tokens may be signed with.
    keys: Vec<serde_json::Value>,
}

/// Exchanges a credential for a token
///
/// OAuth 2.0 client credentials. Parameters other than the named ones are ignored, as RFC 6749 demands.
#[utoipa::path(tag = "credentials",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A token", body = TokenBody), TokenRefused))]
#[post("/oauth/token")]
pub async fn issue_token(request: HttpRequest, app: App, form: Form) -> Result<HttpResponse, Problem> {
    let invalid = |detail: &str| Error::new(ErrorCode::InvalidTokenRequest).detail(detail);
    let mut names: Vec<&String> = form.0.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [one, two] if one == two)) {
        return Err(invalid("a parameter is given twice").into());
    }
    let field = |name: &str| form.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    match field("grant_type").as_deref() {
        Some("client_credentials") => {}
        Some(_) => return Err(Error::new(ErrorCode::UnsupportedGrantType).into()),
        None => {
            return Err(Error::new(ErrorCode::InvalidTokenRequest).detail("grant_type is missing").into());
        }
    }
    let in_body = field("client_id").zip(field("client_secret"));
    let credential = match (request.headers().get(header::AUTHORIZATION), in_body) {
        (Some(_), Some(_)) => return Err(invalid("authenticate in one way, not in two").into()),
        (Some(value), None) => Some(basic(value).ok_or_else(|| Error::new(ErrorCode::InvalidClient))?),
        (None, in_body) => in_body,
    };
    let (id, secret) = credential.ok_or_else(|| invalid("client_id or client_secret is missing"))?;
    let scope = field("scope").filter(|scope| !scope.is_empty());
    limits::attempt(&request, &id)?;
    let exchange = Exchange { id: &id, secret, scope: scope.as_deref(), address: peer_address(&request) };
    let issued = clients::token(&app, exchange).await.inspect_err(|error| {
        if error.code == ErrorCode::InvalidClient {
            limits::failed(&request, &id);
        }
    })?;
    let Issued { token: access_token, expires_in, scope } = issued;
    let body = TokenBody { access_token, token_type: "Bearer", expires_in, scope };
    Ok(HttpResponse::Ok().insert_header(no_store()).json(body))
}

fn basic(value: &header::HeaderValue) -> Option<(String, String)> {
    let (scheme, text) = value.to_str().ok()?.split_once(' ')?;
    let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (id.to_owned(), secret.to_owned()))
}

/// Publishes the keys that tokens are verified with
#[utoipa::path(tag = "credentials",
    responses((status = 200, description = "The key set", body = KeySet), Limited))]
#[get("/.well-known/jwks.json")]
pub async fn list_keys(app: App) -> Result<HttpResponse, Problem> {
    let keys = signing_keys::published(&app).await?;
    let cache = CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(300)]);
    Ok(HttpResponse::Ok().insert_header(cache).json(keys))
}
