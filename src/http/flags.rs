//! Flagged responses: `GET /v1/flags`, `POST /v1/responses/{id}/flag-review`.

use super::extract::{App, Caller, Query, SignedJson, number};
use super::fields::{Fields, Node};
use super::openapi::{NotFound, NotPermitted, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::no_store;
use super::voids::{codes, reason, response_id};
use crate::domain::agency::AgencyCode;
use crate::domain::flagging::Rule;
use crate::domain::period::parse_day;
use crate::domain::standing::{Flag, FlagState};
use crate::error::{Error, FaultKind, Faults, Place};
use crate::service::catalogue::Catalogue;
use crate::service::flags::{self, DEFAULT_LIMIT, FlagFilter, ListQuery, Listed, MAX_LIMIT, Reviewed};
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A flag on a response. What was answered is not given here.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagBody {
    /// Its number, in the order of flagging.
    seq: i64,
    /// Id of the response.
    response_id: Uuid,
    /// When the citizen answered.
    answered_at: String,
    /// Code of the survey.
    #[schema(example = "demo-service")]
    survey: String,
    /// Code of the agency that is rated.
    #[schema(example = "H56.C1")]
    rated_agency: String,
    /// Id of the device that sent it.
    client: Uuid,
    /// `burst`, `identical`, `speed` or `out_of_hours`.
    #[schema(example = "burst")]
    rule: &'static str,
    /// The rule's parameters when it judged.
    #[schema(example = "most=30 minutes=10")]
    parameters: String,
    /// What the rule saw.
    evidence: EvidenceBody,
    /// When it was flagged.
    flagged_at: String,
    /// `open`, `upheld` or `lifted`; a lifted one counts.
    #[schema(example = "open")]
    state: &'static str,
}

/// The stretch of a device's responses that breaks a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceBody {
    /// When the first of them was answered.
    from: String,
    /// When the last of them was.
    to: String,
    /// How many they are.
    count: usize,
}

/// One page of flags, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagPage {
    items: Vec<FlagBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// A decision about the flags of a response.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlagReviewBody {
    /// `upheld` or `lifted`.
    #[schema(example = "lifted")]
    pub decision: String,
    /// Why.
    #[schema(max_length = 500, example = "Đoàn công dân đến cùng lúc, đã xác minh")]
    pub reason: String,
}

/// What a decision did.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagReviewReceipt {
    /// The flags of the response, as they stand now.
    flags: Vec<FlagBody>,
    /// What the response counts as now: `counted`, `flagged` or `void`.
    standing: &'static str,
    /// Whether all of them stood so before.
    replayed: bool,
}

impl FlagBody {
    fn new(flag: Flag, catalogue: &Catalogue) -> Self {
        let millis = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let (survey, rated_agency) = codes(catalogue, flag.survey, flag.agency);
        Self {
            seq: flag.seq,
            response_id: flag.response.uuid(),
            answered_at: millis(flag.response.answered_at()),
            survey,
            rated_agency,
            client: flag.client.0,
            rule: flag.rule.as_str(),
            parameters: flag.parameters,
            evidence: EvidenceBody {
                from: millis(flag.evidence.from),
                to: millis(flag.evidence.to),
                count: flag.evidence.count,
            },
            flagged_at: flag.flagged_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            state: flag.state.as_str(),
        }
    }
}

impl From<Listed<Flag>> for FlagPage {
    fn from(listed: Listed<Flag>) -> Self {
        let Listed { items, next_cursor, catalogue } = listed;
        Self { items: items.into_iter().map(|flag| FlagBody::new(flag, &catalogue)).collect(), next_cursor }
    }
}

impl From<Reviewed> for FlagReviewReceipt {
    fn from(reviewed: Reviewed) -> Self {
        let Reviewed { flags, standing, replayed, catalogue } = reviewed;
        let flags = flags.into_iter().map(|flag| FlagBody::new(flag, &catalogue)).collect();
        Self { flags, standing: standing.as_str(), replayed }
    }
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `list_flags` takes; a test compares the two")]
struct ListFlagsParams {
    /// On responses that rate this agency or one below it; by default everything in the reader's charge.
    #[param(example = "H56")]
    agency: Option<String>,
    /// `burst`, `identical`, `speed` or `out_of_hours`.
    #[param(example = "burst")]
    rule: Option<String>,
    /// `open`, `upheld` or `lifted`.
    #[param(example = "open")]
    state: Option<String>,
    /// On responses answered on this day (Asia/Ho_Chi_Minh) or later.
    from: Option<NaiveDate>,
    /// On responses answered before this day.
    to: Option<NaiveDate>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists flags on responses
///
/// The newest first: which response, by which rule, and what the rule saw; not what was answered. For administrators and
/// systems, of their own subtree.
#[utoipa::path(tag = "integrity", security(("bearer" = [])), params(ListFlagsParams),
    responses((status = 200, description = "One page of flags", body = FlagPage), Refused, NotPermitted))]
#[get("/v1/flags")]
pub async fn list_flags(app: App, Caller(actor): Caller, query: Query) -> Result<HttpResponse, Problem> {
    let (query, faults) = query.draft(read_query);
    let page = FlagPage::from(flags::list(&app, &actor, &query, faults).await?);
    Ok(HttpResponse::Ok().insert_header(no_store()).json(page))
}

fn read_query(fields: &mut Fields<'_>) -> ListQuery<FlagFilter> {
    let filter = FlagFilter {
        rule: fields.optional("rule", Rule::parse),
        state: fields.optional("state", FlagState::parse),
        from: fields.optional("from", parse_day),
        to: fields.optional("to", parse_day),
    };
    if filter.from.zip(filter.to).is_some_and(|(from, to)| from >= to) {
        fields.fault("to", FaultKind::BadPeriod);
    }
    ListQuery {
        agency: fields.optional("agency", AgencyCode::parse),
        filter,
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    }
}

/// Confirms or lifts the flags of a response
///
/// All it has at the moment. For administrators above the rated agency, or of the whole country: an office may not clear
/// its own. A lifted response counts again and is not flagged by the same rule again. May be repeated, and decided
/// otherwise later.
#[utoipa::path(tag = "integrity", request_body = FlagReviewBody, security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "What was decided", body = FlagReviewReceipt),
              Refused, NotFound, SubmitRefused))]
#[post("/v1/responses/{id}/flag-review")]
pub async fn review_flags(
    app: App,
    query: Query,
    id: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let read = read_review(signed.body);
    let (decision, reason) = read.map_err(|faults| Error::invalid(faults.into_vec(), app.clock.now()))?;
    let reviewed = flags::review(&app, &signed.actor, response_id(&id), (decision, &reason)).await?;
    Ok(HttpResponse::Ok().json(FlagReviewReceipt::from(reviewed)))
}

fn read_review(body: Node) -> Result<(FlagState, String), Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let decision = fields.required("decision", FlagState::parse_decision);
    let reason = reason(&mut fields);
    fields.finish();
    decision.zip(reason).filter(|_| faults.is_empty()).ok_or(faults)
}
