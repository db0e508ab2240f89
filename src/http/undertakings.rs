//! What agencies make of comments: `GET` and `POST /v1/agencies/{code}/undertakings`, `…/{id}/correction`,
//! `…/{id}/withdrawal`.

mod read;
mod sheet;

use super::extract::{App, Caller, Query, SignedJson};
use super::figures::AgencyReference;
use super::format::{self, Format, TABLES};
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::{Wanted, file_name};
use crate::domain::agency::AgencyCode;
use crate::domain::period::day_of;
use crate::domain::undertaking::{OTHER, Undertaking, Words};
use crate::service::catalogue::Catalogue;
use crate::service::undertakings::{self, Published, UndertakingPage};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{NaiveDate, SecondsFormat};
use read::ListUndertakingsParams;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A text in both languages.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WordsBody {
    /// In Vietnamese.
    #[schema(max_length = 1000, example = "Nhiều người phải chờ lâu vào sáng thứ Hai.")]
    pub vi: String,
    /// In English, if there is one.
    #[schema(max_length = 1000, example = "Many people wait long on Monday mornings.")]
    pub en: Option<String>,
}

/// What is published. Numbers, addresses and links that could reach a person are replaced as in comments; eight words in a
/// row of a comment of that month are refused.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UndertakingRequest {
    /// Any UUID; the same id with the same content is answered with `replayed`.
    id: Uuid,
    /// Code of the survey people wrote to.
    #[schema(example = "demo-service")]
    survey: String,
    /// The calendar month they wrote in, which has to be over.
    #[schema(example = "2026-06")]
    month: String,
    /// Code of an element or a criterion of the questionnaire, or `other`.
    #[schema(example = "official.guidance")]
    topic: String,
    /// What people said, in the agency's own words; at least five.
    you_said: WordsBody,
    /// What the agency does about it; at least five words.
    we_did: WordsBody,
    /// `promised` or `done`.
    #[schema(example = "promised")]
    state: String,
    /// The day by which it is promised, or on which it was done.
    #[schema(example = "2026-09-01")]
    day: NaiveDate,
    /// Handles of the comments that are answered, as `GET /v1/comments` gives them. Never shown to anybody; of how many they
    /// are only a number that is not small.
    #[schema(max_items = 500)]
    comments: Option<Vec<String>>,
}

/// A correction: everything anew.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionRequest {
    /// Number of the revision that it makes, one more than the newest.
    #[schema(minimum = 2, example = 2)]
    revision: i16,
    /// Why; shown to everybody.
    #[schema(max_length = 500, example = "Đã hoàn thành sớm hơn dự kiến")]
    reason: String,
    /// Code of an element or a criterion of the questionnaire, or `other`.
    #[schema(example = "official.guidance")]
    topic: String,
    /// What people said, in the agency's own words.
    you_said: WordsBody,
    /// What the agency does about it.
    we_did: WordsBody,
    /// `promised` or `done`.
    #[schema(example = "done")]
    state: String,
    /// The day by which it is promised, or on which it was done.
    #[schema(example = "2026-07-10")]
    day: NaiveDate,
    /// Handles of the comments that are answered.
    #[schema(max_items = 500)]
    comments: Option<Vec<String>>,
}

/// A withdrawal.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalRequest {
    /// Why; shown to everybody.
    #[schema(max_length = 500, example = "Đăng nhầm cơ quan")]
    reason: String,
}

/// How many comments are answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentCountBody {
    /// How many; `null` if they are few.
    pub count: Option<u64>,
    /// Whether there are some, but fewer than the public is told a number of.
    pub few: bool,
}

/// What an agency makes of what people wrote.
#[derive(Debug, Serialize, ToSchema)]
pub struct UndertakingBody {
    /// Its id.
    pub id: Uuid,
    /// The agency.
    pub agency: AgencyReference,
    /// Code of the survey people wrote to.
    #[schema(example = "demo-service")]
    pub survey: String,
    /// The month they wrote in.
    #[schema(example = "2026-06")]
    pub month: String,
    /// `promised`, `done` or `withdrawn`.
    #[schema(example = "promised")]
    pub state: &'static str,
    /// Code of an element or a criterion, or `other`; `null` if it was withdrawn.
    #[schema(example = "official.guidance")]
    pub topic: Option<String>,
    /// Its wording in the questionnaire; `null` for `other`.
    pub topic_text: Option<WordsBody>,
    /// What people said, as the agency sums it up; `null` if it was withdrawn.
    pub you_said: Option<WordsBody>,
    /// What the agency does about it; `null` if it was withdrawn.
    pub we_did: Option<WordsBody>,
    /// The day by which it is promised, or on which it was done.
    pub day: Option<NaiveDate>,
    /// Whether the day of a promise has passed.
    pub overdue: bool,
    /// How many comments it answers, as far as the agency says.
    pub comments: CommentCountBody,
    /// 1 as it was published first; each correction makes another.
    #[schema(example = 1)]
    pub revision: i16,
    /// Why it was corrected or withdrawn.
    pub reason: Option<String>,
    /// When it was published first.
    pub first_published_at: String,
    /// When this revision was.
    pub published_at: String,
}

/// What a call did.
#[derive(Debug, Serialize, ToSchema)]
pub struct UndertakingReceipt {
    #[serde(flatten)]
    undertaking: UndertakingBody,
    /// Whether it stood so before.
    replayed: bool,
}

/// How months with comments are answered, each of one survey at one agency; of those in which enough people answered for
/// figures to be shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnsweringBody {
    /// Months in which people commented.
    pub months: usize,
    /// How many of them were answered by something that was not withdrawn.
    pub answered: usize,
    /// Median of the whole days from the end of the month to the first publication; `null` if none was answered.
    #[schema(example = 6.5)]
    pub median_days: Option<f64>,
    /// Promises whose day has passed.
    pub overdue: i64,
}

/// One page of undertakings, the last published first.
#[derive(Debug, Serialize, ToSchema)]
pub struct UndertakingPageBody {
    /// How the agencies answer in all, whatever the list is narrowed to.
    pub answering: AnsweringBody,
    pub items: Vec<UndertakingBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

impl From<Words> for WordsBody {
    fn from(Words { vi, en }: Words) -> Self {
        Self { vi, en }
    }
}

impl CommentCountBody {
    /// `least`: the smallest number that the public is told.
    const fn new(count: u64, least: u64) -> Self {
        let few = 0 < count && count < least;
        Self { count: if few { None } else { Some(count) }, few }
    }
}

impl UndertakingBody {
    /// What the public is told of one.
    pub fn new(app: &App, undertaking: Undertaking, comments: u64, catalogue: &Catalogue) -> Self {
        let micros = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let survey = catalogue.surveys.values().find(|survey| survey.id == undertaking.survey);
        let agency: Vec<_> = catalogue.tree.get(undertaking.agency).cloned().into_iter().collect();
        let (state, overdue) = (undertaking.state(), undertaking.is_overdue(day_of(app.clock.now())));
        let said = undertaking.said;
        let topic = said.as_ref().map(|said| said.topic.clone());
        let text = topic.as_ref().filter(|topic| *topic != OTHER).and_then(|topic| {
            let questionnaire = &survey?.questionnaire;
            let element = questionnaire.elements.iter().find(|element| element.code == *topic);
            let criterion = questionnaire.criteria.iter().find(|criterion| criterion.code == *topic);
            element.map(|element| &element.text).or_else(|| criterion.map(|criterion| &criterion.text))
        });
        Self {
            id: undertaking.id,
            agency: AgencyReference::new(&agency),
            survey: survey.map(|survey| survey.code.clone()).unwrap_or_default(),
            month: undertaking.month.format("%Y-%m").to_string(),
            state: state.as_str(),
            topic,
            topic_text: text.map(|text| WordsBody { vi: text.vi.clone(), en: Some(text.en.clone()) }),
            you_said: said.as_ref().map(|said| said.you_said.clone().into()),
            day: said.as_ref().map(|said| said.day),
            we_did: said.map(|said| said.we_did.into()),
            overdue,
            comments: CommentCountBody::new(comments, app.rules.min_n_public),
            revision: undertaking.revision,
            reason: undertaking.reason,
            first_published_at: micros(undertaking.first_published_at),
            published_at: micros(undertaking.published_at),
        }
    }
}

impl UndertakingPageBody {
    /// What the public is told of a page.
    pub fn new(app: &App, page: UndertakingPage) -> Self {
        let UndertakingPage { items, next_cursor, answering, overdue, catalogue } = page;
        let items = items.into_iter();
        Self {
            answering: AnsweringBody {
                months: answering.months,
                answered: answering.answered,
                median_days: answering.median_days,
                overdue,
            },
            items: items
                .map(|one| UndertakingBody::new(app, one.undertaking, one.comments, &catalogue))
                .collect(),
            next_cursor,
        }
    }
}

/// What became of a request to publish, correct or withdraw.
fn told(app: &App, published: Published) -> HttpResponse {
    let Published { undertaking, comments, replayed, catalogue } = published;
    let undertaking = UndertakingBody::new(app, undertaking, comments, &catalogue);
    let mut response = if replayed { HttpResponse::Ok() } else { HttpResponse::Created() };
    response.json(UndertakingReceipt { undertaking, replayed })
}

/// Publishes what an agency makes of what people wrote
///
/// For administrators with the agency in their subtree, about a month that is over and whose comments they may read.
/// Everybody can read it at once. May be repeated.
#[utoipa::path(tag = "undertakings", request_body = UndertakingRequest, security(("bearer" = [])),
    params(("code" = String, Path, example = "H56.C1")),
    responses((status = 201, description = "Published", body = UndertakingReceipt),
              (status = 200, description = "Was published before", body = UndertakingReceipt),
              Refused, NotFound, SubmitRefused))]
#[post("/v1/agencies/{code}/undertakings")]
pub async fn publish_undertaking(
    app: App,
    query: Query,
    code: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (draft, faults) = read::first(signed.body);
    let code = AgencyCode::parse(&code).ok();
    Ok(told(&app, undertakings::publish(&app, &signed.actor, code.as_ref(), draft, faults).await?))
}

/// Corrects what was published
///
/// By another revision that says everything anew, with a reason that everybody sees. The words before are shown no more.
/// May be repeated.
#[utoipa::path(tag = "undertakings", request_body = CorrectionRequest, security(("bearer" = [])),
    params(("code" = String, Path, example = "H56.C1"), ("id" = Uuid, Path)),
    responses((status = 201, description = "Corrected", body = UndertakingReceipt),
              (status = 200, description = "Was corrected before", body = UndertakingReceipt),
              Refused, NotFound, SubmitRefused))]
#[post("/v1/agencies/{code}/undertakings/{id}/correction")]
pub async fn correct_undertaking(
    app: App,
    query: Query,
    path: web::Path<(String, String)>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (draft, faults) = read::correction(signed.body);
    let (code, id) = (AgencyCode::parse(&path.0).ok(), Uuid::parse_str(&path.1).ok());
    let which = (code.as_ref(), id);
    Ok(told(&app, undertakings::correct(&app, &signed.actor, which, draft, faults).await?))
}

/// Withdraws what was published
///
/// Its words are shown no more; that there was something, and why it went, is. The month counts as answered only if
/// something else answers it. May be repeated with the same reason.
#[utoipa::path(tag = "undertakings", request_body = WithdrawalRequest, security(("bearer" = [])),
    params(("code" = String, Path, example = "H56.C1"), ("id" = Uuid, Path)),
    responses((status = 201, description = "Withdrawn", body = UndertakingReceipt),
              (status = 200, description = "Was withdrawn before", body = UndertakingReceipt),
              Refused, NotFound, SubmitRefused))]
#[post("/v1/agencies/{code}/undertakings/{id}/withdrawal")]
pub async fn withdraw_undertaking(
    app: App,
    query: Query,
    path: web::Path<(String, String)>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (reason, faults) = read::withdrawal(signed.body);
    let (code, id) = (AgencyCode::parse(&path.0).ok(), Uuid::parse_str(&path.1).ok());
    let which = (code.as_ref(), id);
    Ok(told(&app, undertakings::withdraw(&app, &signed.actor, which, reason.as_deref(), faults).await?))
}

/// Lists what an agency makes of what people wrote
///
/// "You said, we did": what was published, the last first, and how soon the agency answers. Open to everybody where
/// figures are; nothing in it quotes or names anybody who wrote.
#[utoipa::path(tag = "undertakings", params(("code" = String, Path, example = "H56"), ListUndertakingsParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "One page of undertakings", content(
        (UndertakingPageBody = "application/json"),
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )), NotModified, NotAcceptable, Refused, NotFound))]
#[get("/v1/agencies/{code}/undertakings")]
pub async fn list_undertakings(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let ((query, format), faults) = query.draft(|fields| (read::list(fields), format::parameter(fields)));
    let wanted = Wanted::new(&request, &actor, format, TABLES)?;
    let agency = AgencyCode::parse(&code).ok();
    let page = undertakings::list(&app, &actor, agency.as_ref(), &query, faults).await?;
    let body = UndertakingPageBody::new(&app, page);
    match wanted.format {
        Format::Json => wanted.json(&body),
        _ => wanted.sheet(body.sheet(&code, wanted.lang), &file_name(&["undertakings", &code])).await,
    }
}
