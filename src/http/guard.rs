//! What every request has to pass before it is routed: size of its head, how often its sender asks, who may call
//! from a browser; and how long it may take. The rules themselves are in `limits`, `cors` and `headers`.

use super::cors::Cors;
use super::limits::{self, Limits};
use super::{headers, problem::Problem};
use crate::error::{Error, ErrorCode};
use crate::service::deadline;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web;
use std::time::Duration;

/// Longest path with its query in bytes. Over 64 KiB the framework itself says 400.
const MAX_URI: usize = 8 * 1024;

/// Most headers; over 96 the framework itself says 431.
const MAX_HEADERS: usize = 64;

/// Longest headers together in bytes, names and values. Over 128 KiB the framework itself says 431.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Requests that take as long as what they carry: their body and each of their statements have limits of their own.
const PATIENT: [&str; 2] = ["/v1/responses/batch", "/v1/agencies/import"];

/// Rules that hold for every request.
#[derive(Debug, Clone)]
pub struct Guard {
    /// Who may call from a browser.
    pub cors: Cors,
    /// Longest time of a request.
    pub deadline: Duration,
    /// Whether the service itself speaks TLS.
    pub tls: bool,
}

/// The middleware; inside of [`frame`](super::frame), which writes the body of what is refused here.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let found = (request.app_data::<web::Data<Guard>>(), request.app_data::<web::Data<Limits>>());
    let (Some(guard), Some(limits)) = found else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let (guard, limits) = (guard.clone(), limits.clone());
    let has_token = request.headers().contains_key(header::AUTHORIZATION);
    if let Err(error) = check_head(&request).and_then(|()| limits::admit(&limits, &request, has_token)) {
        // Not `into_response`, which forgets the error that `frame` writes the body from.
        return Ok(request.error_response(Problem(error)));
    }
    if let Some(answer) = guard.cors.preflight(request.method(), request.headers()) {
        return Ok(request.into_response(answer));
    }
    let response = match PATIENT.contains(&request.path()) {
        true => next.call(request).await?,
        false => deadline::within(guard.deadline, next.call(request)).await?,
    };
    let settled = if has_token { limits::settle(&limits, response.request()) } else { Ok(()) };
    Ok(match settled {
        Ok(()) => response.map_into_boxed_body(),
        Err(error) => response.error_response(Problem(error)),
    })
}

fn check_head(request: &ServiceRequest) -> Result<(), Error> {
    let length = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if length > MAX_URI {
        return Err(Error::new(ErrorCode::UriTooLong).detail(format!("more than {MAX_URI} bytes")));
    }
    let headers = request.headers();
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MAX_HEADERS || size > MAX_HEADER_BYTES {
        let detail = format!("more than {MAX_HEADERS} headers, or than {MAX_HEADER_BYTES} bytes of them");
        return Err(Error::new(ErrorCode::HeadersTooLarge).detail(detail));
    }
    Ok(())
}

/// Writes what browsers are told on an answer that is complete.
pub fn finish(response: &mut ServiceResponse<BoxBody>) {
    let (request, response) = (response.request().clone(), response.response_mut());
    let Some(guard) = request.app_data::<web::Data<Guard>>() else { return };
    headers::harden(request.path(), response.headers_mut(), guard.tls);
    guard.cors.write(request.method(), request.headers(), response.headers_mut());
}
