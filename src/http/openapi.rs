//! The contract: document root, security scheme, and the refusals operations share. Collected from the
//! handlers; `sipas openapi --write` puts it into `openapi/`, a test says when that is stale. What is served is what is
//! checked in: collecting it takes more memory than everything else the service does at its start.

use super::problem::{FaultBody, ProblemBody};
use crate::error::{ErrorCode, FaultKind, Lang};
use actix_web::HttpResponse;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoResponses, Modify, OpenApi};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The contract as it is checked in.
pub(super) const CHECKED_IN: &str = include_str!("../../openapi/sipas.json");

#[derive(OpenApi)]
#[openapi(
    info(
        title = "SIPAS",
        description = "Satisfaction with public administrative services: kiosks post filled questionnaires, \
            everybody reads how satisfied people are with an agency, by which formula, from how many answers, \
            how sure.\n\nRefusals are `application/problem+json` (RFC 9457) with a stable `code`, in \
            Vietnamese or English by `Accept-Language`. Under `/v1` unknown fields and parameters are \
            refused; a parameter without a value counts as absent.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    tags(
        (name = "intake", description = "Taking in responses"),
        (name = "devices", description = "Enrolling devices and keeping an eye on them"),
        (name = "figures", description = "How satisfied people are, and how sure that is"),
        (name = "targets", description = "What agencies shall reach, and what keeps them from it"),
        (name = "tracker", description = "Indices that others publish, as they were entered from documents"),
        (name = "feed", description = "Single responses for those in charge"),
        (name = "undertakings", description = "What agencies make of comments: you said, we did"),
        (name = "audit", description = "Who did what"),
        (name = "releases", description = "Figures that are published for good"),
        (name = "integrity", description = "Which responses do not count, and why"),
        (name = "catalogue", description = "Agencies, surveys, wording"),
        (name = "alerts", description = "Being told: rules, alerts, webhooks"),
        (name = "credentials", description = "Tokens and keys"),
        (name = "operation", description = "Signs of life"),
    ),
    components(schemas(ProblemBody, FaultBody)),
    modifiers(&Bearer)
)]
struct Root;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".into());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// Serves the contract.
pub(super) async fn get_contract() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(CHECKED_IN)
}

/// The page that shows it.
pub(super) fn page() -> SwaggerUi {
    SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json"))
}

/// Refusals of every operation under `/v1`.
#[derive(IntoResponses)]
pub enum Refused {
    /// Cannot be read
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
    /// Token missing, wrong, expired or revoked
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemBody),
    /// Breaks one or more rules
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(ProblemBody),
    /// Path and query too long
    #[response(status = 414, content_type = "application/problem+json")]
    UriTooLong(ProblemBody),
    /// Asked too often; see `Retry-After`
    #[response(status = 429, content_type = "application/problem+json")]
    RateLimited(ProblemBody),
    /// Too many or too large headers
    #[response(status = 431, content_type = "application/problem+json")]
    HeadersTooLarge(ProblemBody),
    /// Unexpected failure
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(ProblemBody),
    /// Not available for the moment; see `Retry-After`
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
}

/// Answers with an ETag are not sent again to whoever holds them (`If-None-Match`).
#[derive(IntoResponses)]
pub enum NotModified {
    /// Unchanged since the ETag given in `If-None-Match`
    #[response(status = 304)]
    NotModified,
}

/// What comes in several formats may not come in the one asked for.
#[derive(IntoResponses)]
pub enum NotAcceptable {
    /// Not available in the format asked for; `detail` lists those it comes in
    #[response(status = 406, content_type = "application/problem+json")]
    NotAcceptable(ProblemBody),
}

/// What names one thing may not find it.
#[derive(IntoResponses)]
pub enum NotFound {
    /// No such thing, or none that the caller may know of
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemBody),
}

/// What not every kind of client may do.
#[derive(IntoResponses)]
pub enum NotPermitted {
    /// This kind of client may not do this
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
}

/// What the state of a thing does not allow.
#[derive(IntoResponses)]
pub enum Conflict {
    /// Not as it is now
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemBody),
}

/// Further refusals of submitting a response.
#[derive(IntoResponses)]
pub enum SubmitRefused {
    /// This kind of client may not do this
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
    /// The id is stored with other content
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemBody),
    /// The body did not arrive in time
    #[response(status = 408, content_type = "application/problem+json")]
    Timeout(ProblemBody),
    /// Body over the limit
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemBody),
    /// Not of the content type that the operation reads
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(ProblemBody),
}

/// Refusals of the token endpoint; `error` is the code of RFC 6749.
#[derive(IntoResponses)]
pub enum TokenRefused {
    /// Request lacks a parameter, another grant type, or a scope the client has not
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
    /// Id or secret is wrong, or the client is over
    #[response(status = 401, content_type = "application/problem+json")]
    InvalidClient(ProblemBody),
    /// The client may not come from this address
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
    /// The body did not arrive in time
    #[response(status = 408, content_type = "application/problem+json")]
    Timeout(ProblemBody),
    /// Body over the limit
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemBody),
    /// Not a form
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(ProblemBody),
    /// Path and query too long
    #[response(status = 414, content_type = "application/problem+json")]
    UriTooLong(ProblemBody),
    /// Asked too often; see `Retry-After`
    #[response(status = 429, content_type = "application/problem+json")]
    RateLimited(ProblemBody),
    /// Too many or too large headers
    #[response(status = 431, content_type = "application/problem+json")]
    HeadersTooLarge(ProblemBody),
    /// Unexpected failure
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(ProblemBody),
    /// Not available for the moment; see `Retry-After`
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
}

/// The database gives no sign of life.
#[derive(IntoResponses)]
pub enum Unavailable {
    /// Path and query too long
    #[response(status = 414, content_type = "application/problem+json")]
    UriTooLong(ProblemBody),
    /// Asked too often; see `Retry-After`
    #[response(status = 429, content_type = "application/problem+json")]
    RateLimited(ProblemBody),
    /// Too many or too large headers
    #[response(status = 431, content_type = "application/problem+json")]
    HeadersTooLarge(ProblemBody),
    /// Not available for the moment; see `Retry-After`
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
}

/// What is refused before anybody looks what was asked for; part of the other lists.
#[derive(IntoResponses)]
pub enum Limited {
    /// Path and query too long
    #[response(status = 414, content_type = "application/problem+json")]
    UriTooLong(ProblemBody),
    /// Asked too often; see `Retry-After`
    #[response(status = 429, content_type = "application/problem+json")]
    RateLimited(ProblemBody),
    /// Too many or too large headers
    #[response(status = 431, content_type = "application/problem+json")]
    HeadersTooLarge(ProblemBody),
}

/// The document without the operations; routing adds those.
pub fn root() -> Document {
    Root::openapi()
}

/// The table of error codes as Markdown.
pub fn errors_markdown() -> String {
    let mut text = String::from(
        "# Error codes\n\nGenerated from the code (`sipas openapi --write`); do not edit.\n\n\
         Every refusal is `application/problem+json` with one of these in `code`.\n\n\
         | code | status | meaning | what to do |\n|---|---|---|---|\n",
    );
    for code in ErrorCode::ALL.iter().copied() {
        let (name, status, title) = (code.name(), code.status(), code.title(Lang::En));
        text.push_str(&format!("| `{name}` | {status} | {title} | {} |\n", code.advice()));
    }
    text.push_str(
        "\n## Broken rules\n\nEntries of `errors`, each with a JSON Pointer into the body (`pointer`), the name of a \
         query parameter (`parameter`), or `row` and `column` of a table.\n\n| code | meaning (with example values) |\n|---|---|\n",
    );
    for kind in FaultKind::samples() {
        text.push_str(&format!("| `{}` | {} |\n", kind.name(), kind.detail(Lang::En)));
    }
    text
}
