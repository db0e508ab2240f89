//! Surveys: `GET /v1/surveys`, and what a kiosk downloads: `GET /v1/surveys/{code}`.

use super::extract::{App, Caller, Query};
use super::openapi::{NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::cached;
use crate::domain::questionnaire::{Criterion, Element, QuestionnaireVersion, Wording};
use crate::error::Lang;
use crate::service::surveys::{self, SurveyView};
use actix_web::http::header::CacheDirective;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// A text in both languages.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextBody {
    /// Vietnamese.
    vi: String,
    /// English.
    en: String,
}

impl TextBody {
    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        }
    }
}

impl From<&Wording> for TextBody {
    fn from(wording: &Wording) -> Self {
        Self { vi: wording.vi.clone(), en: wording.en.clone() }
    }
}

/// A survey without its wording.
#[derive(Debug, Serialize, ToSchema)]
pub struct SurveySummary {
    /// Code.
    #[schema(example = "demo-service")]
    code: String,
    /// Title.
    name: TextBody,
    /// `sipas` or `desk`; figures of different kinds are never mixed.
    #[schema(example = "sipas")]
    kind: &'static str,
    /// Code of the questionnaire.
    #[schema(example = "sipas-service-2022")]
    questionnaire: String,
    /// Version of the questionnaire.
    version: i16,
    /// `planned`, `open` or `closed` today. Late responses answered while it was open are still taken.
    #[schema(example = "open")]
    state: &'static str,
    /// First day on which answering counts.
    opens_on: NaiveDate,
    /// First day on which it no longer does; `null` if open-ended.
    closes_on: Option<NaiveDate>,
    /// Agencies whose subtrees it is fielded at.
    agencies: Vec<String>,
    /// Invented for demonstration.
    sample: bool,
    /// `required` if who answers has to show a visit token, otherwise `optional`.
    #[schema(example = "optional")]
    visits: &'static str,
}

impl From<&SurveyView> for SurveySummary {
    fn from(view: &SurveyView) -> Self {
        let survey = &view.survey;
        Self {
            code: survey.code.clone(),
            name: (&survey.name).into(),
            kind: survey.questionnaire.kind.as_str(),
            questionnaire: survey.questionnaire.code.clone(),
            version: survey.questionnaire.version,
            state: view.state.as_str(),
            opens_on: survey.window.from,
            closes_on: survey.window.to,
            agencies: view.agencies.iter().map(ToString::to_string).collect(),
            sample: survey.sample,
            visits: survey.visits.as_str(),
        }
    }
}

/// The surveys.
#[derive(Debug, Serialize, ToSchema)]
pub struct SurveyList {
    /// The surveys, by code.
    items: Vec<SurveySummary>,
}

/// A survey with its wording.
#[derive(Debug, Serialize, ToSchema)]
pub struct SurveyBody {
    /// The survey.
    #[serde(flatten)]
    summary: SurveySummary,
    /// Title of the questionnaire.
    title: TextBody,
    /// Where the wording comes from and how far it is verified.
    source: String,
    /// The groups of criteria, in order.
    elements: Vec<ElementBody>,
    /// Codes of the criteria that the short form asks, in the order of asking, at most five; `null` if there is no short form.
    /// A response with `form` = `short` answers these alone.
    #[schema(example = json!(["official.polite"]))]
    short_form: Option<Vec<String>>,
}

/// A group of criteria.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElementBody {
    /// Code.
    #[schema(example = "access")]
    code: String,
    /// Heading.
    text: TextBody,
    /// Its criteria, in order.
    criteria: Vec<CriterionBody>,
}

/// One criterion.
#[derive(Debug, Serialize, ToSchema)]
pub struct CriterionBody {
    /// Code; the key in `answers` of a response.
    #[schema(example = "access.signage")]
    code: String,
    /// Number on the official form.
    #[schema(example = "16")]
    number: String,
    /// The question.
    text: TextBody,
    /// Whether `null` is an allowed answer.
    may_be_not_applicable: bool,
    /// The allowed answers, from the worst.
    levels: Vec<LevelBody>,
}

/// One allowed answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct LevelBody {
    /// The value to send.
    #[schema(example = 4)]
    value: i16,
    /// Its words.
    text: TextBody,
}

fn element(version: &QuestionnaireVersion, element: &Element) -> ElementBody {
    let criteria = version.criteria.get(element.criteria.clone()).unwrap_or_default();
    ElementBody {
        code: element.code.clone(),
        text: (&element.text).into(),
        criteria: criteria.iter().map(|item| criterion(version, item)).collect(),
    }
}

fn criterion(version: &QuestionnaireVersion, criterion: &Criterion) -> CriterionBody {
    let levels = version.scale_of(criterion).map(|scale| scale.levels.as_slice()).unwrap_or_default();
    CriterionBody {
        code: criterion.code.clone(),
        number: criterion.number.clone(),
        text: (&criterion.text).into(),
        may_be_not_applicable: criterion.may_be_not_applicable,
        levels: levels
            .iter()
            .map(|level| LevelBody { value: level.value, text: (&level.text).into() })
            .collect(),
    }
}

/// Lists surveys
///
/// Open to everybody.
#[utoipa::path(tag = "catalogue", responses((status = 200, description = "The surveys", body = SurveyList), NotModified, Refused))]
#[get("/v1/surveys")]
pub async fn list_surveys(
    request: HttpRequest,
    app: App,
    _: Caller,
    query: Query,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let items = surveys::list(&app).await?.iter().map(SurveySummary::from).collect();
    cached(&request, &SurveyList { items }, vec![CacheDirective::Public, CacheDirective::MaxAge(60)])
}

/// Shows a survey with its wording
///
/// Everything a kiosk needs: questions, codes and levels in both languages. Changes only with its state, so
/// ask with `If-None-Match`. Open to everybody.
#[utoipa::path(tag = "catalogue", params(("code" = String, Path, example = "demo-service")),
    responses((status = 200, description = "The survey", body = SurveyBody), NotModified, Refused, NotFound))]
#[get("/v1/surveys/{code}")]
pub async fn get_survey(
    request: HttpRequest,
    app: App,
    _: Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let view = surveys::fetch(&app, &code).await?;
    let (version, codes) = (&view.survey.questionnaire, view.survey.short_form_codes());
    let body = SurveyBody {
        summary: (&view).into(),
        title: (&version.name).into(),
        source: version.source.clone(),
        elements: version.elements.iter().map(|item| element(version, item)).collect(),
        short_form: codes.map(|codes| codes.into_iter().map(str::to_owned).collect()),
    };
    cached(&request, &body, vec![CacheDirective::Public, CacheDirective::MaxAge(60)])
}
