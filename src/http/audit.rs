//! Who did what: `GET /v1/audit`, `GET /v1/audit/export`.

use super::extract::{App, Caller, Query, number};
use super::fields::Fields;
use super::lines::{NDJSON, lines};
use super::openapi::{NotPermitted, Refused};
use super::problem::Problem;
use super::reply::no_store;
use crate::audit::{AuditLine, EntryLine, PlaceBody, begin, end};
use crate::domain::agency::AgencyCode;
use crate::domain::audit::Action;
use crate::domain::period::parse_day;
use crate::domain::text;
use crate::error::FaultKind;
use crate::service::audit::{self, AuditPage, AuditQuery, DEFAULT_LIMIT, MAX_LIMIT};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// One page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPageBody {
    /// The entries, the newest first.
    items: Vec<EntryLine>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
    /// The newest entry of the whole log, whomever it is about. Keep it outside: `sipas audit verify --head` finds whether a
    /// file still holds it.
    head: PlaceBody,
}

impl From<AuditPage> for AuditPageBody {
    fn from(page: AuditPage) -> Self {
        Self {
            items: page.items.into_iter().map(EntryLine::from).collect(),
            next_cursor: page.next_cursor,
            head: page.head.into(),
        }
    }
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct ListAuditParams {
    /// Of this kind only.
    #[param(example = "client_revoked")]
    action: Option<String>,
    /// By this actor only: `client:` with an id, `command-line` or `service`.
    #[param(example = "command-line")]
    actor: Option<String>,
    /// About this agency or one below it; by default everything in the reader's charge.
    #[param(example = "H56")]
    agency: Option<String>,
    /// Done on this day (Asia/Ho_Chi_Minh) or later.
    from: Option<chrono::NaiveDate>,
    /// Done before this day.
    to: Option<chrono::NaiveDate>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists who did what
///
/// For administrators, of their own subtree; what is nobody's in particular, for those of the whole country.
/// Reading this list is not written into the log.
#[utoipa::path(tag = "audit", security(("bearer" = [])), params(ListAuditParams),
    responses((status = 200, description = "One page of entries", body = AuditPageBody), Refused, NotPermitted))]
#[get("/v1/audit")]
pub async fn list_audit(app: App, Caller(actor): Caller, query: Query) -> Result<HttpResponse, Problem> {
    let (query, faults) = query.draft(read);
    let page = AuditPageBody::from(audit::list(&app, &actor, query, faults).await?);
    Ok(HttpResponse::Ok().insert_header(no_store()).json(page))
}

fn read(fields: &mut Fields<'_>) -> AuditQuery {
    let query = AuditQuery {
        action: fields.optional("action", Action::parse),
        actor: fields.optional("actor", |raw| text::clean(raw, 100)).flatten(),
        agency: fields.optional("agency", AgencyCode::parse),
        from: fields.optional("from", parse_day),
        to: fields.optional("to", parse_day),
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    };
    if query.from.zip(query.to).is_some_and(|(from, to)| from >= to) {
        fields.fault("to", FaultKind::BadPeriod);
    }
    query
}

/// Exports the audit log, one entry a line
///
/// Everything that is kept, in order, for administrators of the whole country: a part of a chain proves nothing. The first
/// line says which entry it follows, the last one where it ends; without that it broke off. `sipas audit verify` computes
/// every hash again, without the service.
#[utoipa::path(tag = "audit", security(("bearer" = [])),
    responses((status = 200, description = "The log", body = AuditLine, content_type = "application/x-ndjson"),
              Refused, NotPermitted))]
#[get("/v1/audit/export")]
pub async fn export_audit(app: App, Caller(actor): Caller, query: Query) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let mut export = audit::export(&app, &actor).await?;
    let body = lines(async move |out| {
        out.items([begin(export.kept_after())]).await?;
        loop {
            let items = export.next().await?;
            if items.is_empty() {
                return out.end(&end(export.head())).await;
            }
            out.items(items.into_iter().map(|item| AuditLine::Entry(item.into()))).await?;
        }
    });
    let cache = no_store();
    Ok(HttpResponse::Ok().content_type(NDJSON).insert_header(cache).streaming(body))
}
