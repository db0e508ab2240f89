//! Visit tokens: `POST /v1/visits`, `GET /v1/visits/current`, and who sends a response by one.

use super::extract::{App, Caller, Later, Query, SignedJson, bearer, json, services};
use super::fields::{Fields, Node};
use super::openapi::{Refused, SubmitRefused};
use super::problem::Problem;
use super::qr;
use super::reply::no_store;
use super::responses::SentResponse;
use crate::auth::visit::looks_like_visit;
use crate::domain::agency::AgencyCode;
use crate::domain::response::ProcedureCode;
use crate::domain::text;
use crate::domain::visit::{DEFAULT_VALID_HOURS, MAX_COUNT};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place};
use crate::service::responses::Sender;
use crate::service::visits::{self, VisitView, VisitsDraft};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// What visit tokens are wanted for. Unknown fields are refused.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitsBody {
    /// Code of the survey.
    #[schema(example = "demo-service")]
    survey: String,
    /// Code of the agency that is rated: the one that decides.
    #[schema(example = "H56.C1")]
    rated_agency: String,
    /// Code of the desk that received the file. A device that stands at a desk may leave it out.
    #[schema(example = "MC-H56-C1")]
    service_point: Option<String>,
    /// Procedure code (mã TTHC), if the response is to be about that one.
    #[schema(example = "2.000815")]
    procedure: Option<String>,
    /// How long the tokens are good, in hours. By default 72, or the longest that the service allows.
    #[schema(minimum = 1, maximum = 720)]
    valid_hours: Option<i64>,
    /// How many tokens, for receipts that are printed ahead. By default 1.
    #[schema(minimum = 1, maximum = 100)]
    count: Option<i64>,
}

/// What a visit is for.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitBody {
    /// Code of the survey.
    #[schema(example = "demo-service")]
    survey: String,
    /// Code of the agency that is rated.
    #[schema(example = "H56.C1")]
    rated_agency: String,
    /// Code of the desk.
    #[schema(example = "MC-H56-C1")]
    service_point: String,
    /// Procedure code; `null` if any.
    procedure: Option<String>,
    /// From when on answering counts.
    issued_at: DateTime<Utc>,
    /// From when on it no longer does.
    expires_at: DateTime<Utc>,
    /// Whether it has rated already: there is nothing left to answer. `false` when it is issued.
    used: bool,
}

impl From<VisitView> for VisitBody {
    fn from(view: VisitView) -> Self {
        let VisitView { survey, rated_agency, service_point, procedure, issued_at, expires_at, used } = view;
        Self { survey, rated_agency, service_point, procedure, issued_at, expires_at, used }
    }
}

/// Visit tokens that were issued.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssuedBody {
    /// What they are for.
    #[serde(flatten)]
    visit: VisitBody,
    /// The tokens; each rates once.
    items: Vec<TokenItem>,
}

/// One visit token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenItem {
    /// The token. Nothing in it tells who the visitor is.
    token: String,
    /// Where the citizen answers: the page with the token in its fragment, which is sent to nobody.
    #[schema(example = "https://sipas.example.gov.vn/kiosk#visit=V1…")]
    link: String,
    /// The link as a QR code, to be printed at half a millimetre a module or larger.
    qr_svg: String,
}

/// Issues visit tokens
///
/// For the one-stop system: a token on the receipt lets one visit rate once, from the
/// citizen's own phone (as bearer token of `POST /v1/responses`) or at a kiosk that scans it (as `visit`). It is bound to
/// survey, agency and desk and says nothing about the visitor; keep no list of who was given which. Nothing is stored
/// until it is used, so asking again gives further tokens. If the client is revoked, so are its visits.
#[utoipa::path(tag = "intake", request_body = VisitsBody, security(("bearer" = [])),
    responses((status = 201, description = "The tokens", body = IssuedBody), Refused, SubmitRefused))]
#[post("/v1/visits")]
pub async fn issue_visits(app: App, query: Query, signed: SignedJson) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (draft, faults) = read_draft(signed.body, app.rules.visit_hours);
    let (view, tokens) = visits::issue(&app, &signed.actor, draft, faults).await?;
    let item = |token: String| {
        let link = format!("{}/kiosk#visit={token}", app.rules.public_url);
        Ok(TokenItem { token, qr_svg: qr::svg(&link, "")?, link })
    };
    let items = tokens.into_iter().map(item).collect::<Result<_, Error>>()?;
    let body = IssuedBody { visit: view.into(), items };
    Ok(HttpResponse::Created().insert_header(no_store()).json(body))
}

/// Shows what a visit token is for
///
/// For whoever holds it, as the bearer token: which survey to show, and which agency and desk to say in the response.
#[utoipa::path(tag = "intake", security(("bearer" = [])),
    responses((status = 200, description = "What it is for", body = VisitBody), Refused))]
#[get("/v1/visits/current")]
pub async fn get_visit(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let token = bearer(&request)?.ok_or_else(|| Error::new(ErrorCode::TokenMissing))?;
    let body = VisitBody::from(visits::show(&app, token).await?);
    Ok(HttpResponse::Ok().insert_header(no_store()).json(body))
}

fn read_draft(node: Node, most_hours: u16) -> (VisitsDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
    let code = |max: usize| move |raw: &str| text::clean(raw, max).map(Option::unwrap_or_default);
    let draft = VisitsDraft {
        survey: fields.required("survey", code(60)),
        rated_agency: fields.required("rated_agency", AgencyCode::parse),
        service_point: fields.optional("service_point", code(40)),
        procedure: fields.optional("procedure", ProcedureCode::parse),
        valid_hours: whole(&mut fields, "valid_hours", most_hours)
            .unwrap_or(DEFAULT_VALID_HOURS.min(most_hours)),
        count: whole(&mut fields, "count", MAX_COUNT).unwrap_or(1),
    };
    fields.finish();
    (draft, faults)
}

/// A whole number from 1 to `max`.
fn whole(fields: &mut Fields<'_>, name: &str, max: u16) -> Option<u16> {
    let kind = match fields.take(name)? {
        Node::Integer(number) => match u16::try_from(number).ok().filter(|number| (1..=max).contains(number))
        {
            Some(number) => return Some(number),
            None => FaultKind::OutOfRange { min: 1, max: max.into() },
        },
        _ => FaultKind::WrongType { expected: "integer" },
    };
    fields.fault(name, kind);
    None
}

/// A response from a client, or from a citizen with a visit token. The token is checked before the body is read. A visit
/// token is taken here and at [`get_visit`] and nowhere else: for everything else it is no token at all.
pub struct SentJson {
    /// Who sends it; never anonymous.
    pub sender: Sender,
    /// What was sent.
    pub body: SentResponse,
}

impl FromRequest for SentJson {
    type Error = Problem;
    type Future = Later<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), json(request, payload));
        Box::pin(async move {
            let sender = sender(&request).await?;
            let body = body.await?;
            let sender = if body.was_slow { self::sender(&request).await? } else { sender };
            Ok(Self { sender, body: body.body })
        })
    }
}

async fn sender(request: &HttpRequest) -> Result<Sender, Problem> {
    let token = bearer(request)?.ok_or_else(|| Error::new(ErrorCode::TokenMissing))?;
    if looks_like_visit(token) {
        return Ok(Sender::Citizen(Box::new(visits::authenticate(&*services(request)?, token).await?)));
    }
    let client = Caller::from_request(request, &mut Payload::None).await?;
    Ok(Sender::Client(client.0))
}
