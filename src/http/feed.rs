//! Single responses for those in charge: `GET /v1/responses`, `GET /v1/responses/export`. The export is a path of
//! its own rather than another media type of the list: it has other limits, no pages, and a proxy can tell it apart.

use super::extract::{App, Caller, Query, number};
use super::fields::Fields;
use super::lines::{NDJSON, lines};
use super::openapi::{NotPermitted, Refused};
use super::problem::Problem;
use super::reply::no_store;
use crate::domain::agency::AgencyCode;
use crate::domain::ids::DeviceSeq;
use crate::domain::period::parse_day;
use crate::domain::response::{AgeBand, Channel, Gender};
use crate::domain::text;
use crate::error::FaultKind;
use crate::service::feed::{self, DEFAULT_LIMIT, FeedItem, FeedPage, FeedQuery, MAX_LIMIT};
use actix_web::{HttpResponse, get};
use chrono::SecondsFormat;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A stored response. The text of a comment is not given here.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedItemBody {
    /// Number in the order in which responses became known, without gaps over all of them.
    #[schema(example = 4711)]
    seq: i64,
    /// Its id.
    id: Uuid,
    /// When the citizen answered, as the id tells it.
    #[schema(example = "2026-07-15T03:00:00.000Z")]
    answered_at: String,
    /// When it arrived.
    #[schema(example = "2026-07-15T03:00:01.250000Z")]
    received_at: String,
    /// Code of the survey.
    #[schema(example = "demo-service")]
    survey: String,
    /// Code of the agency that is rated.
    #[schema(example = "H56.C1")]
    rated_agency: String,
    /// Code of the desk that received the file.
    #[schema(example = "MC-H56-C1")]
    service_point: Option<String>,
    /// Id of the client that sent it: a machine, never the person who rates.
    client: Uuid,
    /// How the citizen answered.
    #[schema(example = "kiosk")]
    channel: Option<&'static str>,
    /// Procedure code (mã TTHC).
    #[schema(example = "2.000815")]
    procedure: Option<String>,
    /// `male` or `female`, if told.
    gender: Option<&'static str>,
    /// Age band, if told.
    #[schema(example = "35-49")]
    age_band: Option<&'static str>,
    /// Whether staff helped to fill the form.
    assisted_by_staff: Option<bool>,
    /// Level by criterion code in the questionnaire's order; `null` for not applicable, or not asked by a short form.
    #[schema(value_type = BTreeMap<String, Option<i16>>, example = json!({"access.signage": 4, "feedback.notified": null}))]
    answers: AnswersBody,
    /// What it counts as at the moment of asking: `counted`, `flagged` (see `GET /v1/flags`) or `void`. That may change
    /// later without a new number.
    #[schema(example = "counted")]
    standing: &'static str,
    /// Why it is void, if it is.
    void_reason: Option<String>,
}

/// One page of responses.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedPageBody {
    /// The responses by number.
    items: Vec<FeedItemBody>,
    /// The last number looked at; pass it as `after_seq` for the next page. Moves on also where nothing was found.
    next_after_seq: i64,
    /// Whether that is the newest number there was. If not, ask again at once, also if `items` is empty.
    complete: bool,
}

/// A line of the export.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ExportLine {
    /// All lines but the last.
    Item(Box<FeedItemBody>),
    /// The last line; without it something is missing.
    End(ExportEnd),
}

/// The last line of an export.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportEnd {
    /// Always `true`.
    end: bool,
    /// Lines before this one.
    count: u64,
    /// The newest number when the export was asked for; pass it as `after_seq` to go on.
    last_seq: i64,
    /// SHA-256 of all bytes before this line.
    #[schema(example = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    digest: String,
}

/// Levels by criterion, in the questionnaire's order.
#[derive(Debug)]
struct AnswersBody(Vec<(String, Option<i16>)>);

impl Serialize for AnswersBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (code, level) in &self.0 {
            map.serialize_entry(code, level)?;
        }
        map.end()
    }
}

impl From<FeedItem> for FeedItemBody {
    fn from(item: FeedItem) -> Self {
        let (version, record) = (&item.survey.questionnaire, item.record);
        let answers = version.criteria.iter().zip(&record.answers).map(|(criterion, ordinal)| {
            let level = version.scale_of(criterion).and_then(|scale| scale.level(*ordinal));
            (criterion.code.clone(), level.map(|level| level.value))
        });
        Self {
            seq: item.seq,
            id: record.id.uuid(),
            answered_at: record.id.answered_at().to_rfc3339_opts(SecondsFormat::Millis, true),
            received_at: record.received_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            survey: item.survey.code.clone(),
            rated_agency: item.rated_agency.to_string(),
            service_point: item.service_point,
            client: record.client.0,
            channel: record.facets.channel.map(Channel::as_str),
            procedure: record.facets.procedure.map(|code| code.as_str().to_owned()),
            gender: record.facets.gender.map(Gender::as_str),
            age_band: record.facets.age_band.map(AgeBand::as_str),
            assisted_by_staff: record.facets.assisted_by_staff,
            answers: AnswersBody(answers.collect()),
            standing: item.standing.as_str(),
            void_reason: item.void_reason,
        }
    }
}

impl From<FeedPage> for FeedPageBody {
    fn from(page: FeedPage) -> Self {
        let items = page.items.into_iter().map(FeedItemBody::from).collect();
        Self { items, next_after_seq: page.next_after_seq, complete: page.complete }
    }
}

/// Parameters of the export.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct ExportResponsesParams {
    /// Rating this agency or one below it; by default everything in the reader's charge.
    #[param(example = "H56")]
    agency: Option<String>,
    /// To this survey.
    #[param(example = "demo-service")]
    survey: Option<String>,
    /// Answered on this day (Asia/Ho_Chi_Minh) or later.
    from: Option<chrono::NaiveDate>,
    /// Answered before this day.
    to: Option<chrono::NaiveDate>,
    /// Only with a higher number: `next_after_seq` of the page before, or `last_seq` of an export.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64, default = 0)]
    after_seq: Option<i64>,
}

/// Further parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct ListResponsesParams {
    /// Most responses of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
}

/// Lists responses in the order in which they became known
///
/// For administrators and systems, of their own subtree. A response gets its number about a second after it was
/// stored, and never below a number that was seen before: whoever asks again with `next_after_seq` gets each
/// response exactly once. A page looks at 100,000 numbers at most and may come back with few items, or none, before
/// the log is at its end (`complete`). Months that were dropped have numbers and no items. The subtree is
/// that of the moment of asking: what an agency was told before it was moved into it has to be asked for from the
/// beginning. An `after_seq` above the newest number is refused: the data were put back to an earlier state, so
/// begin again.
#[utoipa::path(tag = "feed", security(("bearer" = [])), params(ExportResponsesParams, ListResponsesParams),
    responses((status = 200, description = "One page of responses", body = FeedPageBody), Refused, NotPermitted))]
#[get("/v1/responses")]
pub async fn list_responses(app: App, Caller(actor): Caller, query: Query) -> Result<HttpResponse, Problem> {
    let (query, faults) = query.draft(|fields| {
        let limit = fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT);
        read(fields, limit)
    });
    let page = FeedPageBody::from(feed::list(&app, &actor, &query, faults).await?);
    Ok(HttpResponse::Ok().insert_header(no_store()).json(page))
}

/// Exports responses, one a line
///
/// Everything that matches, from `after_seq` up to the newest number at the time of asking. The last line is
/// `{"end": true, "count": …, "last_seq": …, "digest": "sha256:…"}`: without it the export broke off; go on after
/// the last `seq` that arrived. At most four exports run at the same time, and one whose reader takes nothing
/// for a minute is broken off. For the same clients as the list.
#[utoipa::path(tag = "feed", security(("bearer" = [])), params(ExportResponsesParams),
    responses((status = 200, description = "The responses", body = ExportLine, content_type = "application/x-ndjson"),
              Refused, NotPermitted))]
#[get("/v1/responses/export")]
pub async fn export_responses(
    app: App,
    Caller(actor): Caller,
    query: Query,
) -> Result<HttpResponse, Problem> {
    let (query, faults) = query.draft(|fields| read(fields, DEFAULT_LIMIT));
    let mut export = feed::export(app.into_inner(), &actor, query, faults).await?;
    let body = lines(async move |out| {
        while let Some(items) = export.next().await? {
            let item = |item| ExportLine::Item(Box::new(FeedItemBody::from(item)));
            out.items(items.into_iter().map(item)).await?;
        }
        let (count, digest) = out.so_far();
        let end = ExportEnd { end: true, count, last_seq: export.last_seq(), digest };
        out.end(&ExportLine::End(end)).await
    });
    let cache = no_store();
    Ok(HttpResponse::Ok().content_type(NDJSON).insert_header(cache).streaming(body))
}

fn read(fields: &mut Fields<'_>, limit: i64) -> FeedQuery {
    let query = FeedQuery {
        agency: fields.optional("agency", AgencyCode::parse),
        survey: fields.optional("survey", |raw| text::clean(raw, 60).map(Option::unwrap_or_default)),
        from: fields.optional("from", parse_day),
        to: fields.optional("to", parse_day),
        after_seq: fields.optional("after_seq", |raw| number(raw, 0, DeviceSeq::MAX)).unwrap_or(0),
        limit,
    };
    if query.from.zip(query.to).is_some_and(|(from, to)| from >= to) {
        fields.fault("to", FaultKind::BadPeriod);
    }
    query
}
