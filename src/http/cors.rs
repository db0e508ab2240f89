//! Which web pages may call from a browser (the Fetch standard, "CORS protocol"). Cookies are never used, so
//! credentials in the sense of that standard are never allowed. Public figures are open data
//! (NĐ 47/2020/NĐ-CP): by default a page from anywhere may read what is read without a token; everything else,
//! reading with a token included, is for configured origins.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// Headers of an answer that a page may read.
const EXPOSED: &str =
    "Content-Disposition, ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id";

/// Headers of a request that a page may set: without a token, and with one.
const PUBLIC_HEADERS: &str = "Accept, Accept-Language, If-None-Match";
const ALL_HEADERS: &str =
    "Accept, Accept-Language, Authorization, Content-Encoding, Content-Type, If-None-Match";

/// Seconds that a browser may keep what a preflight said; longer than this none does.
const MAX_AGE: &str = "7200";

/// Origins that may call.
#[derive(Debug, Clone)]
pub struct Cors {
    /// Anybody may read what is public.
    anyone: bool,
    origins: Vec<String>,
}

impl Cors {
    /// From the words of the setting: origins, `*`, `none`.
    pub fn new(words: &[String]) -> Self {
        let origins = words.iter().filter(|word| !matches!(word.as_str(), "*" | "none")).cloned();
        Self { anyone: words.iter().any(|word| word == "*"), origins: origins.collect() }
    }

    fn configured<'h>(&self, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.origins.iter().any(|known| known.as_bytes() == origin.as_bytes()).then_some(origin)
    }

    /// The answer to the question whether a request would be allowed, if this is one. A page that may not call is
    /// told nothing, which the browser takes for no.
    pub fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<HttpResponse> {
        let wanted = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        if *method != Method::OPTIONS || !headers.contains_key(header::ORIGIN) {
            return None;
        }
        let mut answer = HttpResponse::NoContent();
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        let reads = matches!(wanted.as_bytes(), b"GET" | b"HEAD");
        if let Some(origin) = self.configured(headers) {
            answer
                .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()))
                .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, PATCH, POST, PUT"))
                .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, ALL_HEADERS))
                .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE));
        } else if self.anyone && reads {
            answer
                .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
                .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
                .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, PUBLIC_HEADERS))
                .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE));
        }
        answer.insert_header((
            header::VARY,
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        ));
        Some(answer.finish())
    }

    /// Says on an answer who may read it. What anybody may read says so to everybody, whatever the origin: a shared
    /// cache then has one answer for all.
    pub fn write(&self, method: &Method, request: &HeaderMap, answer: &mut HeaderMap) {
        if *method == Method::OPTIONS {
            return;
        }
        let public = self.anyone && *method == Method::GET && !request.contains_key(header::AUTHORIZATION);
        let allowed = match self.configured(request) {
            Some(origin) => Some(origin.clone()),
            None => public.then(|| HeaderValue::from_static("*")),
        };
        if !self.origins.is_empty() {
            answer.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(allowed) = allowed {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        }
    }
}
