//! Files of pages, as they are embedded.

use super::POLICY;
use crate::http::problem::{Problem, no_such_route};
use crate::http::reply::bytes;
use crate::web::{files, worker_scope};
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CacheDirective, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

/// Seconds of a year: an address with a version never means other content.
const FOR_EVER: u32 = 31_536_000;

/// Registers every file under its path.
pub fn routes(config: &mut web::ServiceConfig) {
    for path in files().keys() {
        config.route(path, web::get().to(file));
    }
}

async fn file(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let Some(file) = files().get(request.path()) else { return Ok(no_such_route(request).await) };
    let keep = if request.query_string() == format!("v={}", file.version()) {
        let immutable = CacheDirective::Extension("immutable".into(), None);
        vec![CacheDirective::Public, CacheDirective::MaxAge(FOR_EVER), immutable]
    } else {
        vec![CacheDirective::NoCache]
    };
    let mut response = bytes(&request, file.media_type, &file.content, &file.digest, keep);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    if let Some(scope) = worker_scope(request.path()) {
        headers.insert(HeaderName::from_static("service-worker-allowed"), HeaderValue::from_static(scope));
    }
    Ok(response)
}
