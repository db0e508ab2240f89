//! Answers that can be cached: a strong ETag from the content itself, 304 when nothing changed.

use actix_web::http::header::{CacheControl, CacheDirective, ETag, EntityTag, Header, IfNoneMatch};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::error::Error;

/// Bytes of the digest that go into the tag; 128 bits are beyond chance.
const TAG_BYTES: usize = 16;

/// An answer as it is sent.
#[derive(Debug, Clone)]
pub struct Rendered {
    text: Bytes,
    tag: EntityTag,
}

/// Writes `body` as JSON with its ETag, or 304 if the client holds the same. `directives` say who may keep
/// it how long.
pub fn cached(
    request: &HttpRequest,
    body: &impl Serialize,
    directives: Vec<CacheDirective>,
) -> Result<HttpResponse, Problem> {
    Ok(answer(request, render(body)?, directives))
}

/// Writes `body` as JSON.
pub fn render(body: &impl Serialize) -> Result<Rendered, Problem> {
    let text = serde_json::to_vec(body).map_err(|error| Problem(Error::internal(error)))?;
    let digest = Sha256::digest(&text);
    let tag = URL_SAFE_NO_PAD.encode(digest.get(..TAG_BYTES).unwrap_or_default());
    Ok(Rendered { text: text.into(), tag: EntityTag::new_strong(tag) })
}

/// Sends it, or 304 if the client holds the same.
pub fn answer(request: &HttpRequest, rendered: Rendered, directives: Vec<CacheDirective>) -> HttpResponse {
    let Rendered { text, tag } = rendered;
    let known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|held| held.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header(ETag(tag)).insert_header(CacheControl(directives));
    if known { response.finish() } else { response.content_type("application/json").body(text) }
}
