//! Releases: `/v1/releases`. What is sealed is handed out as the bytes it was sealed as, and may be kept for ever.

mod bodies;
mod drafts;

pub use bodies::{ReleaseBody, ReleasePage, WholeBody};

use super::extract::{App, Caller, Query, SignedJson, number};
use super::fields::{Fields, Node};
use super::openapi::{NotFound, NotModified, NotPermitted, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::{MAX_AGE_SECONDS, bytes, cached, no_store};
use crate::auth::Actor;
use crate::domain::agency::AgencyCode;
use crate::domain::audit_chain::Hash;
use crate::domain::release::{MAX_REASON, parse_name};
use crate::domain::text;
use crate::error::{Error, FaultKind, Faults, Place};
use crate::service::releases::{
    self, DEFAULT_LIMIT, MAX_LIMIT, Number, ReleaseFilter, ReleaseQuery, ReleaseState,
};
use actix_web::http::header::{CONTENT_DISPOSITION, CacheDirective};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use bodies::{ReleaseKeys, ReviewBody};
use drafts::DraftBody;
use utoipa::IntoParams;
use uuid::Uuid;

/// A year: what is sealed never changes.
const FOR_EVER: u32 = 31_536_000;

/// Who may keep what is sealed, and how long (RFC 8246).
fn immutable() -> Vec<CacheDirective> {
    let immutable = CacheDirective::Extension("immutable".into(), None);
    vec![CacheDirective::Public, CacheDirective::MaxAge(FOR_EVER), immutable]
}

/// The id in the path; `None` if it is none.
fn release_id(path: &str) -> Option<Uuid> {
    Uuid::parse_str(path).ok()
}

/// Drafts a release
///
/// The figures are made now, in one moment, as everybody may see them, and fixed: what arrives later changes nothing. For
/// administrators, of agencies in their subtree. Another one has to review it before it is sealed.
#[utoipa::path(tag = "releases", request_body = DraftBody, security(("bearer" = [])),
    responses((status = 201, description = "The draft", body = ReleaseBody), Refused, SubmitRefused, NotPermitted))]
#[post("/v1/releases")]
pub async fn draft_release(app: App, query: Query, signed: SignedJson) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (new, faults) = drafts::read(signed.body);
    let release = releases::drafting::draft(&app, &signed.actor, new, faults).await?;
    Ok(HttpResponse::Created().json(ReleaseBody::new(&release)))
}

/// Approves or rejects a draft
///
/// By another administrator than who drafted it, with a credential that is older than the draft. `digest` is that of the draft
/// that was read. A rejected draft stays listed for those in charge.
#[utoipa::path(tag = "releases", request_body = ReviewBody, security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, description = "The release", body = ReleaseBody), Refused, NotFound, SubmitRefused))]
#[post("/v1/releases/{id}/review")]
pub async fn review_release(
    app: App,
    query: Query,
    id: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let read = read_review(signed.body);
    let review = read.map_err(|faults| Error::invalid(faults.into_vec(), app.clock.now()))?;
    let release = releases::review(&app, &signed.actor, release_id(&id), review).await?;
    Ok(HttpResponse::Ok().json(ReleaseBody::new(&release)))
}

fn read_review(body: Node) -> Result<(ReleaseState, Hash, String), Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let expected = "64 hexadecimal digits in lower case";
    let decision = fields.required("decision", ReleaseState::parse_decision);
    let digest = fields.required("digest", |raw| Hash::parse(raw).ok_or(FaultKind::BadFormat { expected }));
    let reason = fields.required("reason", |raw| text::clean(raw, MAX_REASON)?.ok_or(FaultKind::Missing));
    fields.finish();
    let read =
        decision.zip(digest).zip(reason).map(|((decision, digest), reason)| (decision, digest, reason));
    read.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Seals an approved release
///
/// Signs it and publishes it for good, as the next revision of its series. Needs a key, see `SIPAS_RELEASE_KEY`.
#[utoipa::path(tag = "releases", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, description = "The release", body = ReleaseBody), Refused, NotFound, SubmitRefused))]
#[post("/v1/releases/{id}/seal")]
pub async fn seal_release(
    app: App,
    Caller(actor): Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let release = releases::seal(&app, &actor, release_id(&id)).await?;
    Ok(HttpResponse::Ok().json(ReleaseBody::new(&release)))
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `list_releases` takes; a test compares the two")]
struct ListReleasesParams {
    /// Of this agency or one below it.
    #[param(example = "H56")]
    agency: Option<String>,
    /// Name of a series without the agency's code; without `agency` one of the whole country.
    #[param(example = "2026-Q2")]
    series: Option<String>,
    /// `draft`, `approved`, `rejected` or `sealed`; everybody sees sealed ones, the others only those in charge.
    #[param(example = "sealed")]
    state: Option<String>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists releases
///
/// The newest first. Sealed ones are open to everybody; administrators see those of their subtree in every state.
#[utoipa::path(tag = "releases", security((), ("bearer" = [])), params(ListReleasesParams),
    responses((status = 200, description = "One page of releases", body = ReleasePage), NotModified, Refused))]
#[get("/v1/releases")]
pub async fn list_releases(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
) -> Result<HttpResponse, Problem> {
    let (query, faults) = query.draft(read_query);
    let page = ReleasePage::from(releases::list(&app, &actor, &query, faults).await?);
    match actor {
        Actor::Anonymous => {
            cached(&request, &page, vec![CacheDirective::Public, CacheDirective::MaxAge(MAX_AGE_SECONDS)])
        }
        Actor::Client(_) => Ok(HttpResponse::Ok().insert_header(no_store()).json(page)),
    }
}

fn read_query(fields: &mut Fields<'_>) -> ReleaseQuery {
    let agency = fields.optional("agency", AgencyCode::parse);
    let name = fields.optional("series", parse_name);
    let series = name.map(|name| bodies::series_of(agency.as_ref(), &name));
    ReleaseQuery {
        filter: ReleaseFilter { state: fields.optional("state", ReleaseState::parse), series },
        agency,
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    }
}

/// Lists the keys that ever sealed
///
/// Public halves, the newest first, with when each sealed first.
#[utoipa::path(tag = "releases", security(()),
    responses((status = 200, description = "The keys", body = ReleaseKeys), NotModified))]
#[get("/v1/releases/keys")]
pub async fn list_release_keys(
    request: HttpRequest,
    app: App,
    query: Query,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let keys = ReleaseKeys::from(releases::keys(&app).await?);
    cached(&request, &keys, vec![CacheDirective::Public, CacheDirective::MaxAge(MAX_AGE_SECONDS)])
}

/// Reads a release before it is sealed
///
/// With its figures and the digest that a reviewer names. For those in charge; a sealed one for everybody.
#[utoipa::path(tag = "releases", security((), ("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, description = "The release", body = WholeBody), Refused, NotFound))]
#[get("/v1/releases/{id}")]
pub async fn get_draft(
    app: App,
    Caller(actor): Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let body = WholeBody::try_from(releases::get(&app, &actor, release_id(&id)).await?)?;
    Ok(HttpResponse::Ok().insert_header(no_store()).json(body))
}

/// Reads a sealed release
///
/// The signed manifest and the figures, as they were sealed; they never change and may be kept for ever. Whether a later
/// revision corrects it is told by the list.
#[utoipa::path(tag = "releases", security(()),
    params(("series" = String, Path, example = "H56_2026-Q2"), ("revision" = i32, Path, example = 1)),
    responses((status = 200, description = "The release", body = WholeBody), NotModified, NotFound))]
#[get("/v1/releases/{series}/{revision}")]
pub async fn get_release(
    request: HttpRequest,
    app: App,
    query: Query,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let number = Number::of(&path.0, &path.1);
    let body = WholeBody::try_from(releases::published(&app, number.as_ref()).await?)?;
    cached(&request, &body, immutable())
}

/// Downloads a sealed release
///
/// A tar archive: `manifest.json` and its signature `manifest.sig` (Ed25519), `figures.json`, a CSV for each content, `method.md`,
/// `dcat.jsonld` and the public key. `sipas release verify` checks it without a network; so does `openssl pkeyutl`.
#[utoipa::path(tag = "releases", security(()),
    params(("series" = String, Path, example = "H56_2026-Q2"), ("revision" = i32, Path, example = 1)),
    responses((status = 200, description = "The package", content((Vec<u8> = "application/x-tar"))), NotModified, NotFound))]
#[get("/v1/releases/{series}/{revision}/package")]
pub async fn get_release_package(
    request: HttpRequest,
    app: App,
    query: Query,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let number = Number::of(&path.0, &path.1);
    let (package, digest) = releases::package(&app, number.as_ref()).await?;
    let mut response = bytes(&request, "application/x-tar", &package, &digest.0, immutable());
    let name = format!("attachment; filename=\"{}-{}.tar\"", path.0, path.1);
    if let Ok(name) = name.parse() {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
