//! Who is first: `GET /v1/agencies/{code}/index/ranking`.

mod sheet;

use super::SharedAnswers;
use super::extract::{App, Caller, Query, number};
use super::fields::Fields;
use super::figures::participation::ParticipationBody;
use super::figures::{FigureParams, HeadBody, IntervalBody, PeriodBody, ValueBody, asked, left_out, subject};
use super::format::{self, Format, TABLES, TableParams};
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::Wanted;
use crate::domain::agency::AgencyLevel;
use crate::domain::period::Period;
use crate::domain::questionnaire::QuestionnaireVersion;
use crate::domain::subject::SubjectCode;
use crate::error::Error;
use crate::service::rankings::{self, Entry, RankingQuery, RankingReport, Standing};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// People a figure is made from to be ranked, if nobody asks for more or fewer.
pub(super) const MIN_N: u64 = 10;

/// Parameters of a ranking beside those of every figure.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the handler takes; a test compares the two")]
struct RankingParams {
    /// Rank the agencies of this level, however deep below; by default those right below.
    #[param(example = "commune")]
    level: Option<String>,
    /// Fewest people a ranked figure is made from.
    #[param(minimum = 1, maximum = 1000000, default = 10)]
    min_n: Option<i64>,
    /// An earlier period to show the change against.
    #[param(example = "2025")]
    against: Option<String>,
}

/// A ranking.
#[derive(Debug, Serialize, ToSchema)]
pub struct RankingBody {
    #[serde(flatten)]
    pub(super) head: HeadBody,
    /// Which level is ranked; `null`: the agencies right below.
    pub(super) level: Option<&'static str>,
    /// Fewest people a ranked figure is made from.
    pub(super) ranked_from_n: u64,
    /// How many are ranked.
    pub(super) ranked: u64,
    /// The earlier period.
    pub(super) against: Option<PeriodBody>,
    /// How many were ranked in it.
    pub(super) ranked_before: Option<u64>,
    /// The ranked by rank, then the others by code.
    pub(super) entries: Vec<EntryBody>,
}

/// One agency in a ranking.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryBody {
    pub(super) code: String,
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) standing: StandingBody,
    #[serde(flatten)]
    pub(super) value: ValueBody,
    /// Codes of criteria that the value is made without: nobody answered them, or too few did (`suppressed`), here or in one
    /// of the others that are ranked.
    pub(super) left_out: Vec<String>,
    /// How many of those who could have answered did; `null` where that cannot be told.
    pub(super) participation: Option<ParticipationBody>,
    /// The earlier period, if one was asked for.
    pub(super) before: Option<BeforeBody>,
}

/// Where a figure stands: standard competition ranks (1, 2, 2, 4) over the published values.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingBody {
    /// 1 is the highest value; `null` if it is not ranked.
    pub(super) rank: Option<u64>,
    /// Best rank the intervals allow.
    pub(super) best_rank: Option<u64>,
    /// Worst rank the intervals allow.
    pub(super) worst_rank: Option<u64>,
    /// Why it is not ranked: `suppressed`, `no_responses` or `too_few`.
    pub(super) unranked: Option<&'static str>,
}

/// An entry in the earlier period, and the change since.
#[derive(Debug, Serialize, ToSchema)]
pub struct BeforeBody {
    #[serde(flatten)]
    pub(super) standing: StandingBody,
    /// The value then.
    pub(super) value: Option<f64>,
    /// People then.
    pub(super) n: Option<u64>,
    /// Codes of criteria that the value then is made without.
    pub(super) left_out: Vec<String>,
    /// Places gained; negative: lost.
    pub(super) places: Option<i64>,
    /// Value now minus value then.
    pub(super) difference: Option<f64>,
    /// Interval of the difference.
    pub(super) interval: Option<IntervalBody>,
    /// Whether the interval excludes 0.
    pub(super) distinguishable: Option<bool>,
}

impl From<Standing> for StandingBody {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Ranked { rank, best, worst } => {
                Self { rank: Some(rank), best_rank: Some(best), worst_rank: Some(worst), unranked: None }
            }
            Standing::Unranked(reason) => {
                Self { rank: None, best_rank: None, worst_rank: None, unranked: Some(reason.as_str()) }
            }
        }
    }
}

impl EntryBody {
    fn new(entry: &Entry, version: &QuestionnaireVersion) -> Self {
        let before = entry.before.as_ref().map(|(value, standing, change)| BeforeBody {
            standing: (*standing).into(),
            value: value.value.map(|value| value.to_f64()),
            n: value.n,
            left_out: left_out(value, version),
            places: change.places,
            difference: change.value.difference.map(|value| value.to_f64()),
            interval: change.value.interval.map(|interval| IntervalBody::from(&interval)),
            distinguishable: change.value.distinguishable,
        });
        Self {
            code: entry.agency.code.to_string(),
            name: entry.agency.name.clone(),
            standing: entry.standing.into(),
            value: ValueBody::new(&entry.whole, version.kind),
            left_out: left_out(&entry.whole, version),
            participation: entry.participation.map(ParticipationBody::from),
            before,
        }
    }
}

impl From<&RankingReport> for RankingBody {
    fn from(report: &RankingReport) -> Self {
        let version = &report.head.survey.questionnaire;
        Self {
            head: HeadBody::new(&report.head, report.watermark),
            level: report.level.map(AgencyLevel::as_str),
            ranked_from_n: report.min_n,
            ranked: report.ranked.0,
            against: report.against.as_ref().map(PeriodBody::from),
            ranked_before: report.ranked.1,
            entries: report.entries.iter().map(|entry| EntryBody::new(entry, version)).collect(),
        }
    }
}

/// Ranks agencies
///
/// The agencies right below, or all of a level below: rank and rank range, and the change against an earlier
/// period. `VN` ranks the provinces, or any level of the whole country.
#[utoipa::path(tag = "figures", params(("code" = String, Path, example = "H56"), FigureParams, RankingParams, TableParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The ranking", content(
        (RankingBody = "application/json"),
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )), NotModified, NotAcceptable, Refused, NotFound))]
#[get("/v1/agencies/{code}/index/ranking")]
pub async fn get_ranking(
    request: HttpRequest,
    app: App,
    sharing: web::Data<SharedAnswers>,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let subject = subject(&code)?;
    let ((query, format), faults) =
        query.draft(|fields| (ranking_query(subject, fields), format::parameter(fields)));
    let wanted = Wanted::new(&request, &actor, format, TABLES)?;
    let work =
        async || Ok::<_, Error>(RankingBody::from(&rankings::read(&app, &actor, &query, faults).await?));
    if wanted.format == Format::Json {
        return wanted.shared((&sharing, &actor), work).await;
    }
    let body = work().await?;
    let file = body.head.file_name("ranking");
    wanted.sheet(body.sheet(wanted.lang), &file).await
}

fn ranking_query(subject: SubjectCode, fields: &mut Fields<'_>) -> RankingQuery {
    RankingQuery {
        asked: asked(subject, fields),
        level: fields.optional("level", AgencyLevel::parse),
        min_n: fields
            .optional("min_n", |raw| number(raw, 1, 1_000_000))
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(MIN_N),
        against: fields.optional("against", Period::parse),
    }
}
