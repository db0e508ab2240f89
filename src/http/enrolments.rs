//! Enrolment of devices: `POST` and `GET /v1/devices/invitations`, `POST /v1/devices/invitations/{id}/revoke`,
//! `POST /v1/devices/enrol`.

use super::extract::{App, Caller, Json, Query, SignedJson, number};
use super::fields::{Fields, Node};
use super::format::{self, CODES, Format};
use super::openapi::{Conflict, NotAcceptable, NotFound, NotPermitted, Refused, SubmitRefused};
use super::problem::Problem;
use super::qr;
use super::reply::no_store;
use crate::domain::agency::AgencyCode;
use crate::domain::device::{Facts, MAX_FACT, MAX_NAME};
use crate::domain::text;
use crate::error::{FaultKind, Faults, Place};
use crate::service::enrolments::{
    self, DEFAULT_LIMIT, DEFAULT_MINUTES, Enrolled, EnrolmentDraft, InvitationDraft, InvitationView, Invited,
    MAX_LIMIT, MAX_MINUTES,
};
use actix_web::http::header::{self};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Asks for an invitation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// Code of the desk where the device will stand.
    #[schema(example = "MC-H56-C1")]
    service_point: String,
    /// Code of the survey it will ask, and no other. Without it any that is fielded at the agency it rates.
    #[schema(example = "demo-service")]
    survey: Option<String>,
    /// What people call the device; without it, as its model.
    #[schema(max_length = 200, example = "Kiosk 1")]
    name: Option<String>,
    /// Minutes the code is good for, at most seven days.
    #[schema(minimum = 1, maximum = 10_080, default = 60)]
    expires_in_minutes: Option<i64>,
}

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationBody {
    /// Its id.
    id: Uuid,
    /// `open`, `used`, `revoked` or `expired`.
    #[schema(example = "open")]
    state: &'static str,
    /// Code of the desk's agency.
    agency: Option<String>,
    /// Code of the desk.
    service_point: Option<String>,
    /// Code of the survey; `null`: any.
    survey: Option<String>,
    /// What the device will be called; `null`: as its model.
    name: Option<String>,
    /// Id of the client that invited it.
    invited_by: Uuid,
    /// When.
    invited_at: DateTime<Utc>,
    /// From when on the code is of no use.
    expires_at: DateTime<Utc>,
    /// Id of the device that enrolled with it.
    device: Option<Uuid>,
    /// When it did.
    enrolled_at: Option<DateTime<Utc>>,
}

/// A new invitation. What is in it beside the invitation is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewInvitationBody {
    /// The invitation.
    #[serde(flatten)]
    invitation: InvitationBody,
    /// To be typed on the device, in capitals or not, with hyphens or without.
    #[schema(example = "K7QM-2RTX-9HWB")]
    code: String,
    /// To be opened on the device.
    #[schema(example = "http://127.0.0.1:8080/kiosk#enrol=K7QM-2RTX-9HWB")]
    link: String,
    /// The link as a QR code with the code under it: an SVG document.
    qr_svg: String,
}

/// One page of invitations.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationPage {
    /// The invitations, the newest first.
    items: Vec<InvitationBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

impl From<InvitationView> for InvitationBody {
    fn from(view: InvitationView) -> Self {
        let invitation = view.invitation;
        Self {
            id: invitation.id,
            state: view.state.as_str(),
            agency: view.place.agency,
            service_point: view.place.service_point,
            survey: view.place.survey,
            name: invitation.name,
            invited_by: invitation.invited_by.0,
            invited_at: invitation.invited_at,
            expires_at: invitation.expires_at,
            device: invitation.used.map(|used| used.client.0),
            enrolled_at: invitation.used.map(|used| used.at),
        }
    }
}

/// Parameters of an invitation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the handler takes")]
struct InviteParams {
    /// `json`, or the QR code alone as `svg` or `png`; without it `Accept` decides.
    format: Option<String>,
}

/// Invites a device to a desk
///
/// For administrators of the desk's agency. The code is shown in this answer only; one device can enrol with it, once.
/// JSON holds everything with the QR code as SVG; as `image/svg+xml` or `image/png` the QR code alone is answered, and
/// `Location` names the invitation.
#[utoipa::path(tag = "devices", request_body = InvitationRequest, params(InviteParams), security(("bearer" = [])),
    responses((status = 201, description = "The invitation with its code", content(
        (NewInvitationBody = "application/json"), (String = "image/svg+xml"), (Vec<u8> = "image/png"),
    )), NotAcceptable, Refused, SubmitRefused))]
#[post("/v1/devices/invitations")]
pub async fn invite_device(
    request: HttpRequest,
    app: App,
    query: Query,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    let format = query.read(&app, |fields| fields.optional("format", Format::parse_code))?;
    let format = format::choose(&request, format, CODES)?;
    let (draft, faults) = read_invitation(signed.body);
    let invited = enrolments::invite(&app, &signed.actor, draft, faults).await?;
    answer(invited, format)
}

fn answer(invited: Invited, format: Format) -> Result<HttpResponse, Problem> {
    let place = format!("/v1/devices/invitations/{}", invited.view.invitation.id);
    let mut reply = HttpResponse::Created();
    reply.insert_header((header::LOCATION, place)).insert_header(no_store());
    reply.insert_header((header::VARY, "Accept")).content_type(format.content_type());
    Ok(match format {
        Format::Png => reply.body(qr::png(&invited.link)?),
        Format::Svg => reply.body(qr::svg(&invited.link, &invited.code)?),
        _ => reply.json(NewInvitationBody {
            qr_svg: qr::svg(&invited.link, &invited.code)?,
            invitation: invited.view.into(),
            code: invited.code,
            link: invited.link,
        }),
    })
}

fn read_invitation(body: Node) -> (InvitationDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let draft = InvitationDraft {
        service_point: fields.required("service_point", filled(40)),
        survey: fields.optional("survey", filled(60)),
        name: fields.optional("name", |raw| text::line(raw, MAX_NAME)).flatten(),
        minutes: whole(&mut fields, "expires_in_minutes", 1, MAX_MINUTES).unwrap_or(DEFAULT_MINUTES),
    };
    fields.finish();
    (draft, faults)
}

/// Reads a text that is not empty.
pub(super) fn filled(max: usize) -> impl Fn(&str) -> Result<String, FaultKind> {
    move |raw| text::clean(raw, max)?.ok_or(FaultKind::Missing)
}

/// Takes a whole number within bounds; absent is `None`.
pub(super) fn whole(fields: &mut Fields<'_>, name: &str, min: i64, max: i64) -> Option<i64> {
    let kind = match fields.take(name)? {
        Node::Integer(number) if (min..=max).contains(&number) => return Some(number),
        Node::Integer(_) => FaultKind::OutOfRange { min, max },
        _ => FaultKind::WrongType { expected: "integer" },
    };
    fields.fault(name, kind);
    None
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the handler takes; a test compares the two")]
struct ListInvitationsParams {
    /// Those of this agency and below it only.
    #[param(example = "H56.C1")]
    agency: Option<String>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists invitations
///
/// For administrators, those of the own subtree, the newest first; never their codes.
#[utoipa::path(tag = "devices", params(ListInvitationsParams), security(("bearer" = [])),
    responses((status = 200, description = "One page of invitations", body = InvitationPage), NotPermitted, Refused))]
#[get("/v1/devices/invitations")]
pub async fn list_invitations(app: App, caller: Caller, query: Query) -> Result<HttpResponse, Problem> {
    let (agency, limit, cursor) = query.read(&app, |fields| {
        let agency = fields.optional("agency", AgencyCode::parse);
        let limit = fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT);
        (agency, limit, fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())))
    })?;
    let page = (limit, cursor.as_deref());
    let (items, next_cursor) = enrolments::list(&app, &caller.0, agency.as_ref(), page).await?;
    let items = items.into_iter().map(InvitationBody::from).collect();
    Ok(HttpResponse::Ok().insert_header(no_store()).json(InvitationPage { items, next_cursor }))
}

/// Takes an invitation back
///
/// For administrators of the desk's agency. One that is back already or over stays as it is; of one that was used the
/// device has to be revoked.
#[utoipa::path(tag = "devices", params(("id" = Uuid, Path, description = "Id of the invitation")),
    security(("bearer" = [])),
    responses((status = 200, description = "The invitation", body = InvitationBody), NotPermitted, NotFound,
              Conflict, Refused))]
#[post("/v1/devices/invitations/{id}/revoke")]
pub async fn revoke_invitation(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let view = enrolments::revoke(&app, &caller.0, Uuid::parse_str(&id).ok()).await?;
    Ok(HttpResponse::Ok().insert_header(no_store()).json(InvitationBody::from(view)))
}

/// What a device sends to enrol. Nothing of it is about people.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// The code as it was typed or scanned.
    #[schema(max_length = 40, example = "K7QM-2RTX-9HWB")]
    code: String,
    /// A random UUID that the device makes once for this code and keeps until it is enrolled. If the answer was lost,
    /// the same code with the same attempt within ten minutes gives the same device another secret.
    attempt: Uuid,
    /// Maker and model of the device.
    #[schema(max_length = 100, example = "Samsung SM-T515")]
    model: String,
    /// Version of the program on it.
    #[schema(max_length = 100, example = "1.4.2")]
    app_version: String,
    /// Operating system.
    #[schema(max_length = 100, example = "Android")]
    os: Option<String>,
    /// Its version.
    #[schema(max_length = 100, example = "14")]
    os_version: Option<String>,
    /// Width of the screen in pixels; with `screen_height` or not at all.
    #[schema(minimum = 1, maximum = 20_000, example = 1920)]
    screen_width: Option<i32>,
    /// Height of the screen in pixels.
    #[schema(minimum = 1, maximum = 20_000, example = 1200)]
    screen_height: Option<i32>,
}

/// The credential of a device; shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct CredentialBody {
    /// To be exchanged for tokens at `/oauth/token`.
    client_id: Uuid,
    /// The secret.
    client_secret: String,
    /// What the device is called.
    name: String,
    /// Code of its agency.
    agency: Option<String>,
    /// Code of the desk it stands at.
    service_point: Option<String>,
    /// Code of the survey it asks; `null`: any.
    survey: Option<String>,
    /// Whether it was enrolled before; secrets from before are worth nothing any more.
    replayed: bool,
}

impl From<Enrolled> for CredentialBody {
    fn from(enrolled: Enrolled) -> Self {
        Self {
            client_id: enrolled.id.0,
            client_secret: enrolled.secret,
            name: enrolled.name,
            agency: enrolled.place.agency,
            service_point: enrolled.place.service_point,
            survey: enrolled.place.survey,
            replayed: enrolled.replayed,
        }
    }
}

/// Enrols a device with the code of an invitation
///
/// For whoever has the code. A code that never was, was used by another, was taken back or is over is refused with one
/// and the same answer.
#[utoipa::path(tag = "devices", request_body = EnrolmentRequest,
    responses((status = 201, description = "Enrolled now", body = CredentialBody),
              (status = 200, description = "Was enrolled with this attempt; another secret", body = CredentialBody),
              NotFound, Refused, SubmitRefused))]
#[post("/v1/devices/enrol")]
pub async fn enrol_device(app: App, query: Query, body: Json) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (draft, faults) = read_enrolment(body.0);
    let enrolled = enrolments::enrol(&app, draft, faults).await?;
    let mut reply = if enrolled.replayed { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(reply.insert_header(no_store()).json(CredentialBody::from(enrolled)))
}

fn read_enrolment(body: Node) -> (EnrolmentDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let uuid = |raw: &str| {
        let wrong = FaultKind::BadFormat { expected: "5f0c2d7e-8a41-4c0e-9d3b-0a6f1f2f6b11" };
        Uuid::parse_str(raw).map_err(|_| wrong)
    };
    let code = fields.required("code", filled(40));
    let attempt = fields.required("attempt", uuid);
    let model = fields.required("model", filled(MAX_FACT));
    let app_version = fields.required("app_version", filled(MAX_FACT));
    let os = fields.optional("os", filled(MAX_FACT));
    let os_version = fields.optional("os_version", filled(MAX_FACT));
    let screen = screen(&mut fields);
    let facts = model.zip(app_version);
    let facts = facts.map(|(model, app_version)| Facts { model, app_version, os, os_version, screen });
    fields.finish();
    (EnrolmentDraft { code, attempt, facts }, faults)
}

fn screen(fields: &mut Fields<'_>) -> Option<(i32, i32)> {
    for (one, other) in [("screen_width", "screen_height"), ("screen_height", "screen_width")] {
        if fields.has(one) && !fields.has(other) {
            fields.fault(other, FaultKind::Missing);
        }
    }
    let mut side = |name| i32::try_from(whole(fields, name, 1, 20_000)?).ok();
    let (width, height) = (side("screen_width"), side("screen_height"));
    width.zip(height)
}
