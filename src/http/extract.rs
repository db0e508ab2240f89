//! Extractors: what a handler's signature asks for is checked before the handler runs.

use super::fields::{Fields, Node};
use super::limits;
use super::pages;
use super::peer::peer_address;
use super::problem::Problem;
use crate::auth::Actor;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Lang, Place};
use crate::service::{Services, clients};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, AcceptLanguage, Header};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use serde::de::DeserializeOwned;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::time::{Duration, Instant};

/// Longest time a body may take to arrive once its head has; a slow sender must not hold a handler for ever.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// A body that took longer to arrive is taken only from whoever is still trusted then.
const TRUSTED_FOR: Duration = Duration::from_millis(250);

/// What an extractor that has to wait gives.
pub type Later<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// The services every handler works with.
pub type App = web::Data<Services>;

/// The services behind a request.
///
/// # Errors
/// [`ErrorCode::Internal`] if there are none, which would be a defect.
pub fn services(request: &HttpRequest) -> Result<App, Problem> {
    let missing = || Problem(Error::internal("services are not registered"));
    request.app_data::<App>().cloned().ok_or_else(missing)
}

/// Who is asking. A token that is no good is refused, never taken for anonymous.
pub struct Caller(pub Actor);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Later<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let services = services(&request)?;
            match bearer(&request)? {
                None => Ok(Self(Actor::Anonymous)),
                Some(token) => {
                    let actor = clients::authenticate(&services, token, || peer_address(&request)).await?;
                    limits::count(&request, &actor)?;
                    Ok(Self(actor))
                }
            }
        })
    }
}

/// The bearer token as it was sent, not looked at; `None` if nothing was sent.
///
/// # Errors
/// [`ErrorCode::TokenInvalid`] for another scheme.
pub fn bearer(request: &HttpRequest) -> Result<Option<&str>, Error> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    token.map(Some).ok_or_else(|| Error::new(ErrorCode::TokenInvalid))
}

/// A JSON body from a client, not yet held against anything. The token is checked before the body is read.
pub struct SignedJson {
    /// Who sends it; never anonymous.
    pub actor: Actor,
    /// What was sent.
    pub body: Node,
}

impl FromRequest for SignedJson {
    type Error = Problem;
    type Future = Later<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload);
        let again = request.clone();
        let body = json(request, payload);
        Box::pin(async move {
            let actor = caller.await?.0;
            if actor == Actor::Anonymous {
                return Err(Problem(Error::new(ErrorCode::TokenMissing)));
            }
            let body = body.await?;
            if body.was_slow {
                Caller::from_request(&again, &mut Payload::None).await?;
            }
            Ok(Self { actor, body: body.body })
        })
    }
}

/// A JSON body from whoever sends it; a token is neither needed nor looked at.
pub struct Json(pub Node);

impl FromRequest for Json {
    type Error = Problem;
    type Future = Later<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = json(request, payload);
        Box::pin(async move { Ok(Self(body.await?.body)) })
    }
}

/// A JSON body that has arrived.
pub struct Received<T> {
    /// What was sent.
    pub body: T,
    /// Whether the sender has to be asked for its token again, or else who sends the last byte late could be revoked and
    /// still be heard.
    pub was_slow: bool,
}

/// Reads a JSON body, once it is waited for.
pub fn json<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Received<T>, Problem>> + use<T> {
    let refusal = check_content(request, "application/json");
    let body = web::Bytes::from_request(request, payload);
    async move {
        refusal?;
        let begun = Instant::now();
        let bytes = read(body, ErrorCode::MalformedJson).await?;
        let malformed = |error: serde_json::Error| {
            let place = format!("line {} column {}", error.line(), error.column());
            Error::new(ErrorCode::MalformedJson).detail(place).because(error)
        };
        let body = serde_json::from_slice(&bytes).map_err(malformed)?;
        Ok(Received { body, was_slow: begun.elapsed() > TRUSTED_FOR })
    }
}

/// Parameters of an `application/x-www-form-urlencoded` body.
pub struct Form(pub Vec<(String, String)>);

impl FromRequest for Form {
    type Error = Problem;
    type Future = Later<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let refusal = check_content(request, "application/x-www-form-urlencoded");
        let body = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            refusal?;
            let body = read(body, ErrorCode::MalformedForm).await?;
            let pairs = std::str::from_utf8(&body).ok().and_then(pairs);
            Ok(Self(pairs.ok_or_else(|| Error::new(ErrorCode::MalformedForm))?))
        })
    }
}

/// Content of another type, or compressed, would be read wrongly.
fn check_content(request: &HttpRequest, expected: &str) -> Result<(), Error> {
    if content_encoding(request) == "identity" && request.content_type().eq_ignore_ascii_case(expected) {
        Ok(())
    } else {
        Err(Error::new(ErrorCode::UnsupportedMediaType))
    }
}

/// `identity`, `gzip`, or something that nobody reads.
pub fn content_encoding(request: &HttpRequest) -> &'static str {
    let known = ["identity", "gzip"];
    match request.headers().get(header::CONTENT_ENCODING) {
        None => "identity",
        Some(value) => known
            .into_iter()
            .find(|name| value.as_bytes().eq_ignore_ascii_case(name.as_bytes()))
            .unwrap_or("unknown"),
    }
}

async fn read(
    body: impl Future<Output = Result<web::Bytes, actix_web::Error>>,
    otherwise: ErrorCode,
) -> Result<web::Bytes, Problem> {
    let read = tokio::time::timeout(BODY_TIMEOUT, body).await;
    let read = read.map_err(|_| Problem(Error::new(ErrorCode::BodyTimeout)))?;
    read.map_err(|error| {
        // Reading fails by the size or because the client went away; actix tells by the status.
        let too_large = error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE;
        let code = if too_large { ErrorCode::BodyTooLarge } else { otherwise };
        Problem(Error::new(code).because(error.to_string()))
    })
}

/// The query string.
pub struct Query(Vec<(String, String)>);

impl FromRequest for Query {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match pairs(request.query_string()) {
            Some(mut pairs) => {
                if pages::is_page(request.path()) {
                    pairs.retain(|(name, _)| !pages::is_tracking(name));
                }
                Ok(Self(pairs))
            }
            None => Err(Problem(Error::new(ErrorCode::MalformedQuery))),
        })
    }
}

/// Decodes `a=b&c=d`; `None` if it is not UTF-8 once decoded.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text).ok()?.into_inner();
    // Bytes that are no UTF-8 decode to the replacement character.
    let lossy = |text: &String| text.contains('\u{FFFD}');
    (!pairs.iter().any(|(name, value)| lossy(name) || lossy(value))).then_some(pairs)
}

impl Query {
    /// The parameters that have a value, as they came.
    pub fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(|(_, value)| !value.is_empty())
    }

    /// The query with a parameter that it has no value for.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        // Without a value it may be there all the same: a form sends all its fields.
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Reads the parameters; an empty value counts as absent. Gives what `read` made of them and the faults
    /// found, for a use case that finds more.
    pub fn draft<T>(self, read: impl FnOnce(&mut Fields<'_>) -> T) -> (T, Faults) {
        let mut faults = Faults::default();
        let node = |text: String| if text.is_empty() { Node::Null } else { Node::Text(text) };
        let nodes = self.0.into_iter().map(|(name, value)| (name.into(), node(value))).collect();
        let mut fields = Fields::of(Node::Object(nodes), Place::Parameter(String::new()), &mut faults);
        let value = read(&mut fields);
        fields.finish();
        (value, faults)
    }

    /// Reads the parameters and refuses the request if there is any fault.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`].
    pub fn read<T>(self, services: &Services, read: impl FnOnce(&mut Fields<'_>) -> T) -> Result<T, Error> {
        match self.draft(read) {
            (value, faults) if faults.is_empty() => Ok(value),
            (_, faults) => Err(Error::invalid(faults.into_vec(), services.clock.now())),
        }
    }
}

/// Reads a whole number within bounds.
pub fn number(text: &str, min: i64, max: i64) -> Result<i64, FaultKind> {
    text.parse().ok().filter(|number| (min..=max).contains(number)).ok_or(FaultKind::OutOfRange { min, max })
}

/// The reader's language by `Accept-Language`; Vietnamese unless English is preferred.
pub fn language(request: &impl HttpMessage) -> Lang {
    let ranked = AcceptLanguage::parse(request).map(|accepted| accepted.ranked()).unwrap_or_default();
    let primary = ranked.iter().filter_map(|preference| preference.item().map(|tag| tag.primary_language()));
    match primary.map(str::to_ascii_lowercase).find(|tag| tag == "vi" || tag == "en") {
        Some(tag) if tag == "en" => Lang::En,
        _ => Lang::Vi,
    }
}
