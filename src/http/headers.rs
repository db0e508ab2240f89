//! Headers that keep browsers from doing harm with an answer, on every answer. One that a handler has set itself
//! stays: a page with scripts knows best what it loads.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Nothing is loaded and nobody frames it: JSON, CSV and problems need no more.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// The documentation page: its own scripts, no inline ones; icons are `data:`; it calls the service itself.
const DOCUMENTATION: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A year; not for sub-domains, which may be other people's.
const HSTS: &str = "max-age=31536000";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Adds them; `tls` is whether the service itself speaks TLS. Where a proxy does, that is the proxy's to say.
pub fn harden(path: &str, answer: &mut HeaderMap, tls: bool) {
    let is_chart = answer
        .get(header::CONTENT_TYPE)
        .is_some_and(|content| content.as_bytes().starts_with(b"image/svg+xml"));
    let (policy, reach) = if is_chart {
        // Portals embed charts with <img>; a chart says itself what is in it.
        (NOTHING, "cross-origin")
    } else if path == "/docs" || path.starts_with("/docs/") {
        (DOCUMENTATION, "same-origin")
    } else {
        (NOTHING, "same-origin")
    };
    let mut add = |name: HeaderName, value: &'static str| {
        if !answer.contains_key(&name) {
            answer.insert(name, HeaderValue::from_static(value));
        }
    };
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::REFERRER_POLICY, "no-referrer");
    add(header::X_FRAME_OPTIONS, "DENY");
    add(header::CONTENT_SECURITY_POLICY, policy);
    add(RESOURCE_POLICY, reach);
    if tls {
        add(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
}
