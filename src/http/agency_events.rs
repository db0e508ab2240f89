//! What becomes of agencies: `POST /v1/agency-events`, `GET /v1/agency-events`.

use super::extract::{App, Caller, Query, SignedJson, number};
use super::fields::{Fields, Node};
use super::openapi::{NotModified, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::cached;
use crate::domain::agency::{AgencyCode, AgencyLevel, parse_unit_code};
use crate::domain::agency_event::{
    AgencyEvent, Change, EventDraft, Heir, MAX_BASIS, MAX_NAME, MAX_NOTE, Opening, parse_share,
};
use crate::domain::period::parse_day;
use crate::domain::text;
use crate::domain::tree::Share;
use crate::error::{FaultKind, Faults, Place};
use crate::service::agencies::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::service::agency_events::{self, EventQuery, Recorded};
use actix_web::http::header::CacheDirective;
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A new agency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningBody {
    /// E-identifier (QĐ 20/2020/QĐ-TTg art. 4); never one that was used before.
    #[schema(example = "H56.C9")]
    code: String,
    /// Administrative unit code (QĐ 19/2025/QĐ-TTg).
    unit_code: Option<String>,
    /// `ministry`, `province`, `department`, `district` or `commune`.
    #[schema(example = "commune")]
    level: String,
    /// Vietnamese name.
    #[schema(max_length = 300)]
    name: String,
    /// Code of the agency above. Only who belongs to the whole country may leave it out: a top of the tree.
    #[schema(example = "H56")]
    parent: Option<String>,
    /// What a user of the entry has to know.
    #[schema(max_length = 1000)]
    note: Option<String>,
}

/// Who goes on with a part of the work: `agency`, or `open` for a new one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeirBody {
    /// Code of an agency that is there; the one that is split, if it goes on with a part.
    agency: Option<String>,
    /// An agency that begins by this event.
    open: Option<OpeningBody>,
    /// How much, as a fraction with a denominator of at most 1000.
    #[schema(example = "3/5")]
    share: String,
}

/// What becomes of agencies. Fields that `kind` does not name are refused.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "id": "0197b8f2-3c00-7000-8000-000000000001", "kind": "rename", "effective_on": "2030-01-01",
    "basis": "Nghị quyết 1/2029/NQ-HĐND", "agency": "H56.C1", "name": "Xã Minh Hoạ",
}))]
pub struct AgencyEventBody {
    /// Any UUID; the same id with the same content is answered with `replayed`.
    id: Uuid,
    /// `open` (with `open`), `rename` (`agency`, `name`), `move` (`agency`, `parent`; none for the top), `recode` (`agency`,
    /// `unit_code`), `close` (`agency`; nobody goes on with its work), `merge` (`predecessors` end and count as
    /// `successor`, or as the one in `open`; what is below them moves below it), `split` (`agency`, `successors` with
    /// shares; it ends unless it is one of them).
    #[schema(example = "rename")]
    kind: String,
    /// First day on which it is so. Nothing may have happened to the agencies later.
    effective_on: NaiveDate,
    /// The legal text it rests on.
    #[schema(max_length = 1000)]
    basis: String,
    /// The agency it happens to.
    #[schema(example = "H56.C1")]
    agency: Option<String>,
    /// Its new name.
    #[schema(max_length = 300)]
    name: Option<String>,
    /// Its new parent.
    parent: Option<String>,
    /// Its new administrative unit code.
    unit_code: Option<String>,
    /// The new agency.
    open: Option<OpeningBody>,
    /// Agencies that end, at most 100.
    predecessors: Option<Vec<String>>,
    /// As whom they count.
    successor: Option<String>,
    /// Who goes on, 2 to 100; shares add up to 1.
    successors: Option<Vec<HeirBody>>,
}

/// An event that is recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordedEventBody {
    /// Its id.
    id: Uuid,
    /// Its kind; `import` for a table of new agencies.
    #[schema(example = "merge")]
    kind: String,
    /// First day on which it is so.
    effective_on: NaiveDate,
    /// The legal text it rests on.
    basis: String,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
    /// Id of the client that recorded it, for administrators; `null` for the catalogue files.
    recorded_by: Option<Uuid>,
    /// What it did to whom.
    agencies: Vec<PartyBody>,
}

/// What an event did to an agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartyBody {
    /// Its code.
    #[schema(example = "H08")]
    agency: String,
    /// `opened`, `changed`, `ended`, `predecessor` or `successor`.
    #[schema(example = "ended")]
    role: &'static str,
}

/// The answer to recording an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventReceiptBody {
    /// The event.
    #[serde(flatten)]
    event: RecordedEventBody,
    /// Whether it was recorded before.
    replayed: bool,
}

/// One page of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgencyEventPage {
    /// The events, in the order of recording.
    items: Vec<RecordedEventBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

impl From<AgencyEvent> for RecordedEventBody {
    fn from(event: AgencyEvent) -> Self {
        let party = |(code, role): (AgencyCode, crate::domain::agency_event::Role)| PartyBody {
            agency: code.to_string(),
            role: role.as_str(),
        };
        Self {
            id: event.id,
            kind: event.kind,
            effective_on: event.effective_on,
            basis: event.basis,
            recorded_at: event.recorded_at,
            recorded_by: event.recorded_by.map(|client| client.0),
            agencies: event.parties.into_iter().map(party).collect(),
        }
    }
}

impl From<Recorded> for EventReceiptBody {
    fn from(recorded: Recorded) -> Self {
        Self { event: recorded.event.into(), replayed: recorded.replayed }
    }
}

/// Records what becomes of agencies
///
/// For administrators; every agency named has to be in the own subtree, otherwise it looks unknown. Facts are added,
/// never rewritten: the events of an agency come in the order of their days, a day in the future is fine.
#[utoipa::path(tag = "catalogue", request_body = AgencyEventBody, security(("bearer" = [])),
    responses((status = 201, description = "Recorded now", body = EventReceiptBody),
              (status = 200, description = "Was recorded before with the same content", body = EventReceiptBody),
              Refused, SubmitRefused))]
#[post("/v1/agency-events")]
pub async fn record_agency_event(
    app: App,
    query: Query,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (draft, faults) = read_draft(signed.body);
    let recorded = agency_events::record(&app, &signed.actor, draft, faults).await?;
    let mut reply = if recorded.replayed { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(reply.json(EventReceiptBody::from(recorded)))
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct ListAgencyEventsParams {
    /// Events of this agency only.
    #[param(example = "H21")]
    agency: Option<String>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists what became of agencies
///
/// In the order of recording. Open to everybody; who recorded an event is told to administrators.
#[utoipa::path(tag = "catalogue", params(ListAgencyEventsParams),
    responses((status = 200, description = "One page of events", body = AgencyEventPage), NotModified, Refused))]
#[get("/v1/agency-events")]
pub async fn list_agency_events(
    request: HttpRequest,
    app: App,
    caller: Caller,
    query: Query,
) -> Result<HttpResponse, Problem> {
    let query = query.read(&app, |fields| EventQuery {
        agency: fields.optional("agency", AgencyCode::parse),
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    })?;
    let (items, next_cursor) = agency_events::list(&app, &caller.0, &query).await?;
    let page =
        AgencyEventPage { items: items.into_iter().map(RecordedEventBody::from).collect(), next_cursor };
    // Administrators are told more than others.
    cached(&request, &page, vec![CacheDirective::Private, CacheDirective::MaxAge(60)])
}

/// Reads an event as far as it can be read, and notes every fault.
pub(super) fn read_draft(node: Node) -> (EventDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
    let uuid = |raw: &str| {
        let wrong = FaultKind::BadFormat { expected: "0197b8f2-3c00-7000-8000-000000000001" };
        Uuid::parse_str(raw).map_err(|_| wrong)
    };
    let id = fields.required("id", uuid);
    let effective_on = fields.required("effective_on", parse_day);
    let basis = fields.required("basis", filled(MAX_BASIS));
    let kind = fields.required("kind", |raw| {
        let known = Change::WORDS.into_iter().find(|word| *word == raw);
        known.ok_or(FaultKind::NotAllowed { allowed: &Change::WORDS })
    });
    let agency = |fields: &mut Fields<'_>| fields.required("agency", AgencyCode::parse);
    let change = match kind {
        Some("open") => Some(Change::Open(opening(&mut fields))),
        Some("rename") => Some(Change::Rename(agency(&mut fields), fields.required("name", name))),
        Some("move") => Some(Change::Move(agency(&mut fields), fields.optional("parent", AgencyCode::parse))),
        Some("close") => Some(Change::Close(agency(&mut fields))),
        Some("recode") => {
            Some(Change::Recode(agency(&mut fields), fields.required("unit_code", parse_unit_code)))
        }
        Some("merge") => Some(merge(&mut fields)),
        Some("split") => Some(Change::Split(agency(&mut fields), successors(&mut fields))),
        _ => None,
    };
    // Of what the other fields mean nothing is known without a kind.
    let change = match change {
        Some(change) => {
            fields.finish();
            change
        }
        None => Change::Close(None),
    };
    (EventDraft { id, effective_on, basis, change }, faults)
}

/// Reads the name of an agency.
fn name(raw: &str) -> Result<String, FaultKind> {
    text::line(raw, MAX_NAME)?.ok_or(FaultKind::Missing)
}

/// Reads a text that is not empty.
fn filled(max: usize) -> impl Fn(&str) -> Result<String, FaultKind> {
    move |raw| text::clean(raw, max)?.ok_or(FaultKind::Missing)
}

/// Reads the object `open`.
fn opening(fields: &mut Fields<'_>) -> Opening {
    let Some(node) = fields.required_node("open") else { return Opening::default() };
    let place = fields.place_of("open");
    let mut fields = Fields::of(node, place, fields.faults());
    let opening = Opening {
        code: fields.required("code", AgencyCode::parse),
        unit_code: fields.optional("unit_code", parse_unit_code),
        level: fields.required("level", AgencyLevel::parse),
        name: fields.required("name", name),
        parent: fields.optional("parent", AgencyCode::parse),
        note: fields.optional("note", |raw| text::clean(raw, MAX_NOTE)).flatten(),
    };
    fields.finish();
    opening
}

fn merge(fields: &mut Fields<'_>) -> Change {
    let place = fields.place_of("predecessors");
    let mut predecessors = Vec::new();
    for (position, node) in fields.required_list("predecessors").unwrap_or_default().iter().enumerate() {
        let code = match node {
            Node::Text(code) => AgencyCode::parse(code),
            _ => Err(FaultKind::WrongType { expected: "string" }),
        };
        let place = place.member(&position.to_string());
        predecessors.push(code.map_err(|kind| fields.faults().push(place, kind)).ok());
    }
    let heir = if fields.has("open") {
        Heir::Opened(opening(fields))
    } else {
        Heir::Existing(fields.required("successor", AgencyCode::parse))
    };
    Change::Merge(predecessors, heir)
}

fn successors(fields: &mut Fields<'_>) -> Vec<(Heir, Option<Share>)> {
    let place = fields.place_of("successors");
    let items = fields.required_list("successors").unwrap_or_default();
    let read = |(position, node): (usize, Node)| {
        let mut fields = Fields::of(node, place.member(&position.to_string()), fields.faults());
        let heir = if fields.has("open") {
            Heir::Opened(opening(&mut fields))
        } else {
            Heir::Existing(fields.required("agency", AgencyCode::parse))
        };
        let share = fields.required("share", parse_share);
        fields.finish();
        (heir, share)
    };
    items.into_iter().enumerate().map(read).collect()
}
