//! Every refusal as `application/problem+json` (RFC 9457), with the request's id and in the reader's
//! language; also those the framework makes itself. Unexpected failures are logged here, once.

use super::extract::language;
use super::guard;
use super::openapi::CHECKED_IN;
use super::pages;
use crate::domain::ids::uuid_v7;
use crate::error::{Error, ErrorCode, Fault, Lang, Place, Reached};
use crate::service::Services;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ResourceDef, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use utoipa::ToSchema;

/// Seconds after which a client may come back when the service is not available.
const RETRY_AFTER_SECONDS: u32 = 2;

/// Header that carries the id of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An [`Error`] on its way out; [`frame`] writes its body.
#[derive(Debug)]
pub struct Problem(pub Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// Problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Always `about:blank`: `code` tells the kind of problem.
    #[schema(example = "about:blank")]
    r#type: &'static str,
    /// One sentence in the reader's language.
    title: &'static str,
    /// HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// Stable code, see the list of errors in the documentation.
    #[schema(example = "validation_failed")]
    code: &'static str,
    /// Quote it to support; also in the `X-Request-Id` header.
    request_id: String,
    /// More about this occurrence, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Every broken rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FaultBody>,
    /// The server's clock, where the client's may be wrong (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    server_time: Option<DateTime<Utc>>,
    /// Error code of RFC 6749; only with codes that the token endpoint answers with.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    /// Text to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'static str>,
}

/// One broken rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultBody {
    /// JSON Pointer (RFC 6901) into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/answers/access.signage")]
    pointer: Option<String>,
    /// Name of the query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// Row of a table that was sent, as a spreadsheet counts: the head is row 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<usize>,
    /// Column of that table.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// Stable code of the rule.
    #[schema(example = "level_off_scale")]
    code: &'static str,
    /// One sentence in the reader's language.
    detail: String,
}

impl FaultBody {
    /// The fault in the words of a language.
    pub fn new(fault: &Fault, lang: Lang) -> Self {
        let (mut pointer, mut parameter, mut row, mut column) = (None, None, None, None);
        match fault.place.clone() {
            Place::Pointer(path) => pointer = Some(path),
            Place::Parameter(name) => parameter = Some(name),
            Place::Cell { row: number, column: name } => (row, column) = (Some(number), Some(name)),
        }
        Self { pointer, parameter, row, column, code: fault.kind.name(), detail: fault.kind.detail(lang) }
    }
}

impl FaultBody {
    /// Where and what, for people.
    pub fn sentence(&self) -> String {
        let place = self.parameter.as_ref().or(self.pointer.as_ref());
        place.map_or_else(|| self.detail.clone(), |place| format!("{place}: {}", self.detail))
    }
}

impl ProblemBody {
    fn new(error: &Error, request_id: String, lang: Lang) -> Self {
        let oauth = match error.code {
            ErrorCode::InvalidTokenRequest => Some("invalid_request"),
            ErrorCode::UnsupportedGrantType => Some("unsupported_grant_type"),
            ErrorCode::InvalidScope => Some("invalid_scope"),
            ErrorCode::InvalidClient => Some("invalid_client"),
            ErrorCode::AddressNotAllowed => Some("unauthorized_client"),
            _ => None,
        };
        Self {
            r#type: "about:blank",
            title: error.code.title(lang),
            status: error.code.status(),
            code: error.code.name(),
            request_id,
            detail: error.detail.clone(),
            errors: error.faults.iter().map(|fault| FaultBody::new(fault, lang)).collect(),
            server_time: error.server_time,
            error: oauth,
            error_description: oauth.map(|_| error.code.title(Lang::En)),
        }
    }
}

/// The outermost middleware: gives each request its id, lets HEAD use the GET routes (RFC 9110 section
/// 9.3.2), and writes the body of every refusal.
pub async fn frame(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let id = match request.app_data::<web::Data<Services>>() {
        Some(services) => uuid_v7(services.clock.now()).to_string(),
        None => String::new(),
    };
    if *request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let mut response = next.call(request).await?.map_into_boxed_body();
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    let (code, chain) =
        problem.map_or((None, None), |problem| (Some(problem.0.code), Some(problem.0.chain())));
    let reached = problem.and_then(|problem| problem.0.reached.as_deref().copied());
    let body = problem.map(|problem| {
        let lang = language(response.request());
        let page = pages::refusal(response.request(), &problem.0);
        (ProblemBody::new(&problem.0, id.clone(), lang), lang, page)
    });
    if let Some((body, lang, page)) = body {
        let json = serde_json::to_vec(&body).unwrap_or_default();
        problem_headers(response.headers_mut(), &body, lang);
        response = match page {
            None => response.map_body(|_, _| BoxBody::new(json)),
            Some((page, policy)) => {
                page_headers(response.headers_mut(), policy);
                response.map_body(|_, _| BoxBody::new(page))
            }
        };
    }
    if let Some(reached) = reached {
        limit_headers(response.headers_mut(), reached);
    }
    guard::finish(&mut response);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    count(&response, started);
    log(&response, &id, started, code, chain);
    Ok(response)
}

fn problem_headers(headers: &mut header::HeaderMap, body: &ProblemBody, lang: Lang) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    let language = match lang {
        Lang::Vi => "vi",
        Lang::En => "en",
    };
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language));
    match (body.status, body.code) {
        (401, "invalid_client") => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"sipas\""));
        }
        (401, "token_missing") => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sipas\""));
        }
        (401, _) => {
            let value = HeaderValue::from_static("Bearer realm=\"sipas\", error=\"invalid_token\"");
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        (503, _) => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        _ => {}
    }
}

/// What differs where the refusal is a page; it says its language itself.
fn page_headers(headers: &mut header::HeaderMap, policy: HeaderValue) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
    headers.remove(header::CONTENT_LANGUAGE);
}

/// `Retry-After` (RFC 9110 section 10.2.3) and the fields of draft-ietf-httpapi-ratelimit-headers-10.
fn limit_headers(headers: &mut header::HeaderMap, reached: Reached) {
    let Reached { policy, at_once, window_seconds, wait_seconds } = reached;
    let fields = [
        ("retry-after", wait_seconds.to_string()),
        ("ratelimit-policy", format!("\"{policy}\";q={at_once};w={window_seconds}")),
        ("ratelimit", format!("\"{policy}\";r=0;t={wait_seconds}")),
    ];
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Lets one a second through.
struct Throttle {
    begun: LazyLock<Instant>,
    second: AtomicU64,
    others: AtomicU64,
}

static UNAVAILABLE: Throttle = Throttle {
    begun: LazyLock::new(Instant::now),
    second: AtomicU64::new(u64::MAX),
    others: AtomicU64::new(0),
};

impl Throttle {
    /// How many had no turn since the last; `None` if this one has none either.
    fn turn(&self) -> Option<u64> {
        let now = self.begun.elapsed().as_secs();
        if self.second.swap(now, Ordering::Relaxed) == now {
            self.others.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.others.swap(0, Ordering::Relaxed))
    }
}

/// Counts the request by its route; whatever no route takes is one.
fn count(response: &ServiceResponse, started: Instant) {
    let request = response.request();
    let Some(services) = request.app_data::<web::Data<Services>>() else { return };
    let pattern = request.match_pattern();
    // Words of our own only: strangers must not be able to make new ones.
    let route = match (request.method(), pattern) {
        (&Method::GET, Some(pattern)) => format!("GET {pattern}"),
        (&Method::POST, Some(pattern)) => format!("POST {pattern}"),
        (&Method::PUT, Some(pattern)) => format!("PUT {pattern}"),
        (&Method::PATCH, Some(pattern)) => format!("PATCH {pattern}"),
        _ => "none".into(),
    };
    services.metrics.requests.with_label_values(&[route.as_str(), response.status().as_str()]).inc();
    let seconds = started.elapsed().as_secs_f64();
    services.metrics.durations.with_label_values(&[route.as_str()]).observe(seconds);
}

fn log(
    response: &ServiceResponse,
    id: &str,
    started: Instant,
    code: Option<ErrorCode>,
    chain: Option<String>,
) {
    let (method, path) = (response.request().method().as_str(), response.request().path());
    let (status, duration_ms) = (response.status().as_u16(), started.elapsed().as_millis());
    match (code, chain) {
        // Expected under load, and then there are thousands: one line a second tells of all.
        (Some(ErrorCode::Unavailable), Some(chain)) => {
            if let Some(others) = UNAVAILABLE.turn() {
                tracing::warn!(
                    request_id = id,
                    method,
                    path,
                    others,
                    "requests were told to come back: {chain}"
                );
            }
        }
        (Some(code), Some(chain)) if code.status() >= 500 => {
            tracing::error!(request_id = id, method, path, status, %duration_ms, "request failed: {chain}");
        }
        (_, Some(chain)) => {
            tracing::debug!(request_id = id, method, path, status, %duration_ms, "request refused: {chain}");
        }
        _ => tracing::debug!(request_id = id, method, path, status, %duration_ms, "request answered"),
    }
}

/// The paths of the contract with their methods, to tell a wrong method from a wrong path.
pub struct Paths(Vec<(ResourceDef, Vec<Method>)>);

impl Paths {
    /// Takes them from the contract that is checked in.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if that is no contract.
    pub fn of_contract() -> Result<Self, Error> {
        /// Nothing else of it is looked at.
        #[derive(Deserialize)]
        struct Document {
            paths: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
        }
        let methods = |words: &BTreeMap<String, IgnoredAny>| {
            let methods = words.keys().flat_map(|word| match word.as_str() {
                "get" => vec![Method::GET, Method::HEAD],
                "post" => vec![Method::POST],
                "put" => vec![Method::PUT],
                "patch" => vec![Method::PATCH],
                "delete" => vec![Method::DELETE],
                _ => Vec::new(),
            });
            methods.collect()
        };
        let document: Document = serde_json::from_str(CHECKED_IN).map_err(Error::internal)?;
        let paths = document.paths.iter();
        Ok(Self(paths.map(|(path, words)| (ResourceDef::new(path.as_str()), methods(words))).collect()))
    }

    fn methods(&self, path: &str) -> Option<&[Method]> {
        let found = self.0.iter().find(|(pattern, _)| pattern.is_match(path));
        found.map(|(_, methods)| methods.as_slice())
    }
}

/// How pages are asked for.
static PAGE_METHODS: [Method; 2] = [Method::GET, Method::HEAD];

/// Whatever no route takes: 405 with `Allow` if the path is known, otherwise 404.
pub async fn no_such_route(request: HttpRequest) -> HttpResponse {
    let allowed = request.app_data::<web::Data<Paths>>().and_then(|paths| paths.methods(request.path()));
    let of_pages = pages::is_page(request.path()).then_some(&PAGE_METHODS[..]);
    match allowed.or(of_pages) {
        Some(methods) => {
            let methods: Vec<&str> = methods.iter().map(Method::as_str).collect();
            let problem = Problem(Error::new(ErrorCode::MethodNotAllowed));
            let mut response = HttpResponse::from_error(problem);
            if let Ok(value) = HeaderValue::from_str(&methods.join(", ")) {
                response.headers_mut().insert(header::ALLOW, value);
            }
            response
        }
        None => HttpResponse::from_error(Problem(Error::new(ErrorCode::RouteNotFound))),
    }
}
