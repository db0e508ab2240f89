//! Targets: `PUT /v1/agencies/{code}/targets/{subject}/{period}`, `POST …/end`, `GET` of one with its past, and
//! `GET /v1/agencies/{code}/targets` of those that hold.

mod reading;
mod sheet;

pub use reading::ListTargetsParams;

use super::extract::{App, Caller, Query, SignedJson};
use super::figures::{AgencyReference, PeriodBody, TreeBody, ValueBody};
use super::format::{self, Format, TABLES, TableParams};
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::{Wanted, file_name};
use super::surveys::TextBody;
use crate::domain::agency::AgencyCode;
use crate::domain::amount::Amount;
use crate::domain::target::Target;
use crate::error::{Error, ErrorCode};
use crate::service::targets::setting::{self, SetTarget};
use crate::service::targets::{self, HeldTarget, Reached, TargetItem, TargetReport};
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use chrono::SecondsFormat;
use serde::Serialize;
use utoipa::ToSchema;

/// What shall be reached: for figures of ours `at_least`; for indices of others `at_least`, `rank_at_most` or both.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetAim {
    /// Smallest value, in the unit of the formula or index; two decimals for figures of ours, four for others.
    #[schema(minimum = 0, maximum = 9999, example = 90)]
    pub at_least: Option<f64>,
    /// Worst rank, from 1; of indices that others publish alone.
    #[schema(minimum = 1, maximum = 10000)]
    pub rank_at_most: Option<u32>,
    /// The plan or decision it stands in; at most 500 characters, shown to everybody.
    #[schema(max_length = 500, example = "Kế hoạch 12/KH-UBND")]
    pub basis: Option<String>,
}

/// A target, or the end of one.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetBody {
    /// Its number, in the order of setting.
    pub(super) seq: i64,
    /// What it is about: survey and formula with a colon between, or the code of an index that others publish.
    #[schema(example = "demo-service:satisfied-share")]
    pub(super) subject: String,
    /// The year, quarter or month it was set for.
    #[schema(example = "2026")]
    pub(super) period: String,
    /// Smallest value; `null` if only a rank is asked for, or if this ended it.
    pub(super) at_least: Option<f64>,
    /// Worst rank.
    pub(super) rank_at_most: Option<u32>,
    /// The plan or decision it stands in.
    pub(super) basis: Option<String>,
    /// Number of the one it replaces.
    pub(super) replaces: Option<i64>,
    /// When it was set; `null` if this ended it.
    pub(super) set_at: Option<String>,
    /// When it was ended.
    pub(super) ended_at: Option<String>,
}

/// What a call did.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetReceipt {
    #[serde(flatten)]
    target: TargetBody,
    /// Whether it stood so before.
    replayed: bool,
}

/// Everything that was ever set of one target.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetHistory {
    /// In the order of setting; the last one counts.
    items: Vec<TargetBody>,
}

/// The targets that hold for an agency and a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetList {
    pub(super) agency: AgencyReference,
    pub(super) tree: TreeBody,
    pub(super) period: PeriodBody,
    /// Confidence level of every interval, in percent.
    #[schema(example = 95)]
    pub(super) confidence_percent: u8,
    /// One for each subject that has one.
    pub(super) items: Vec<TargetStanding>,
}

/// A target in force and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetStanding {
    /// The target. Its period may be a longer one than was asked about, which then holds because the shorter one has none.
    pub(super) target: TargetBody,
    /// For whom it was set: the agency itself, or the nearest above it that has one.
    pub(super) set_for: AgencyReference,
    /// Whether that is another agency.
    pub(super) inherited: bool,
    /// `figure` (computed by this service) or `index` (published by others, entered here).
    #[schema(example = "figure")]
    pub(super) kind: &'static str,
    /// What it is about, in words.
    pub(super) name: TextBody,
    /// `percent` or `points`.
    #[schema(example = "percent")]
    pub(super) unit: &'static str,
    /// Of a figure: what was reached in the period asked about.
    pub(super) figure: Option<ReachedFigureBody>,
    /// Of an index of others: what was published for the target's period; `null` if nothing was entered.
    pub(super) index: Option<ReachedIndexBody>,
    /// What was reached minus what shall be, in the unit; of a figure, both as they are published.
    #[schema(example = -1.25)]
    pub(super) distance: Option<f64>,
    /// Places above the rank that shall be reached, below 0 under it.
    pub(super) places: Option<i64>,
    /// `met`: of a figure, the whole interval lies at or above the target; `missed`: all of it lies below;
    /// `not_distinguishable`: neither; `no_value`; `suppressed`. What others publish has no interval and is `met` or `missed`.
    #[schema(example = "not_distinguishable")]
    pub(super) state: &'static str,
}

/// A figure of ours, about the agency with everything below.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReachedFigureBody {
    /// Code of the survey.
    pub(super) survey: String,
    /// Id of the formula.
    pub(super) formula: &'static str,
    /// Version of the formula.
    pub(super) formula_version: u16,
    /// Invented for demonstration: the figure means nothing.
    pub(super) sample: bool,
    /// The whole.
    pub(super) whole: ValueBody,
    /// Fewest people a shown value is made from; 0 for those in charge.
    pub(super) min_n: u64,
    /// When the newest response counted in arrived; `null` without responses or if it is suppressed.
    pub(super) data_watermark: Option<String>,
}

/// What others published.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReachedIndexBody {
    pub(super) value: Option<f64>,
    pub(super) rank: Option<u32>,
    pub(super) out_of: Option<u32>,
    /// `verified`: it was read in the source that is named where it was entered; `assumed`: it was not.
    pub(super) mark: &'static str,
}

impl From<&Target> for TargetBody {
    fn from(target: &Target) -> Self {
        let at = Some(target.set_at.to_rfc3339_opts(SecondsFormat::Micros, true));
        let (set_at, ended_at) = if target.aim.is_some() { (at, None) } else { (None, at) };
        Self {
            seq: target.seq,
            subject: target.subject.to_string(),
            period: target.period.code().unwrap_or_default().to_owned(),
            at_least: target.aim.and_then(|aim| aim.at_least).map(Amount::to_f64),
            rank_at_most: target.aim.and_then(|aim| aim.rank_at_most),
            basis: target.basis.clone(),
            replaces: target.replaces,
            set_at,
            ended_at,
        }
    }
}

impl From<SetTarget> for TargetReceipt {
    fn from(set: SetTarget) -> Self {
        Self { target: TargetBody::from(&set.target), replayed: set.replayed }
    }
}

impl From<&TargetReport> for TargetList {
    fn from(report: &TargetReport) -> Self {
        Self {
            agency: AgencyReference::new(std::slice::from_ref(&report.agency)),
            tree: TreeBody::new(report.as_of, report.today),
            period: PeriodBody::from(&report.period),
            confidence_percent: report.confidence.percent(),
            items: report.items.iter().map(TargetStanding::from).collect(),
        }
    }
}

impl From<&TargetItem> for TargetStanding {
    fn from(item: &TargetItem) -> Self {
        let HeldTarget { target, set_for, inherited, .. } = &item.held;
        let (kind, name, unit) = match &item.reached {
            Reached::Figure(figure) => ("figure", &figure.head.survey.name, figure.head.formula.unit()),
            Reached::Entered { measure, .. } => ("index", &measure.name, measure.unit.as_str()),
        };
        let (mut figure, mut index) = (None, None);
        match &item.reached {
            Reached::Figure(reached) => figure = Some(ReachedFigureBody::from(reached.as_ref())),
            Reached::Entered { entered, .. } => index = entered.map(ReachedIndexBody::from),
        }
        Self {
            target: TargetBody::from(target),
            set_for: AgencyReference::new(std::slice::from_ref(set_for)),
            inherited: *inherited,
            kind,
            name: TextBody::from(name),
            unit,
            figure,
            index,
            distance: item.distance.map(|distance| f64::from(distance) / 10_000.0),
            places: item.places,
            state: item.attainment.as_str(),
        }
    }
}

impl From<&targets::ReachedFigure> for ReachedFigureBody {
    fn from(reached: &targets::ReachedFigure) -> Self {
        let head = &reached.head;
        Self {
            survey: head.survey.code.clone(),
            formula: head.formula.id(),
            formula_version: head.formula.version(),
            sample: head.survey.sample,
            whole: ValueBody::new(&reached.value, head.survey.questionnaire.kind),
            min_n: head.min_n,
            data_watermark: reached.watermark.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        }
    }
}

impl From<targets::Entered> for ReachedIndexBody {
    fn from(entered: targets::Entered) -> Self {
        Self {
            value: entered.value.map(Amount::to_f64),
            rank: entered.rank,
            out_of: entered.out_of,
            mark: entered.mark.as_str(),
        }
    }
}

/// Sets or changes a target
///
/// For administrators with the agency in their subtree. The subject is a figure of ours (survey and formula with a colon
/// between) or an index that others publish (its code); the period a year, quarter or month, of an index as long as those
/// it is published for. Agencies below that have none of their own inherit it. May be repeated; another value replaces the
/// one before, which stays in the records.
#[utoipa::path(tag = "targets", request_body = TargetAim, security(("bearer" = [])),
    params(("code" = String, Path, example = "H56"), ("subject" = String, Path, example = "demo-service:satisfied-share"),
           ("period" = String, Path, example = "2026")),
    responses((status = 200, description = "What counts from now on", body = TargetReceipt),
              Refused, NotFound, SubmitRefused))]
#[put("/v1/agencies/{code}/targets/{subject}/{period}")]
pub async fn put_target(
    app: App,
    query: Query,
    path: web::Path<(String, String, String)>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (place, draft, faults) = reading::draft(&path, signed.body);
    let set = setting::set(&app, &signed.actor, place, draft, faults).await?;
    Ok(HttpResponse::Ok().json(TargetReceipt::from(set)))
}

/// Ends a target
///
/// For administrators with the agency in their subtree. From then on the target of the nearest agency above counts, if
/// there is one. What was set stays in the records. May be repeated.
#[utoipa::path(tag = "targets", security(("bearer" = [])),
    params(("code" = String, Path, example = "H56"), ("subject" = String, Path, example = "demo-service:satisfied-share"),
           ("period" = String, Path, example = "2026")),
    responses((status = 200, description = "It is ended", body = TargetReceipt), Refused, NotFound, SubmitRefused))]
#[post("/v1/agencies/{code}/targets/{subject}/{period}/end")]
pub async fn end_target(
    app: App,
    Caller(actor): Caller,
    query: Query,
    path: web::Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let set = setting::end(&app, &actor, reading::place(&path)).await?;
    Ok(HttpResponse::Ok().json(TargetReceipt::from(set)))
}

/// Reads a target with its past
///
/// Everything that was ever set for the agency itself about this subject and period, in the order of setting: the last one
/// counts, unless it is an end.
#[utoipa::path(tag = "targets", security((), ("bearer" = [])),
    params(("code" = String, Path, example = "H56"), ("subject" = String, Path, example = "demo-service:satisfied-share"),
           ("period" = String, Path, example = "2026")),
    responses((status = 200, description = "The target and what was before it", body = TargetHistory),
              NotModified, Refused, NotFound))]
#[get("/v1/agencies/{code}/targets/{subject}/{period}")]
pub async fn get_target(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    path: web::Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let place = reading::place(&path);
    let code = place.agency.ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let named = place.subject.zip(place.period).ok_or_else(|| Error::new(ErrorCode::TargetNotFound))?;
    let history = targets::history(&app, &actor, &code, (&named.0, &named.1)).await?;
    let body = TargetHistory { items: history.iter().map(TargetBody::from).collect() };
    Wanted::new(&request, &actor, None, &[Format::Json])?.json(&body)
}

/// Lists the targets that hold for an agency
///
/// One for each subject, with what was reached, the distance, and whether the figure can be told from the target. Where
/// the agency has none of its own, the one of the nearest agency above it counts, by the tree that `as_of` names. Of an
/// agency's targets the one for the very period counts, else the one for the quarter or year that contains it: the answer
/// says which. Figures are of the period asked about, for the agency with everything below, as `GET …/index` gives them
/// to the same reader.
#[utoipa::path(tag = "targets", params(("code" = String, Path, example = "H56"), ListTargetsParams, TableParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "Targets in force", content(
        (TargetList = "application/json"),
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )), NotModified, NotAcceptable, Refused, NotFound))]
#[get("/v1/agencies/{code}/targets")]
pub async fn list_targets(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let code = AgencyCode::parse(&code).map_err(|_| Error::new(ErrorCode::AgencyNotFound))?;
    let ((asked, format), faults) =
        query.draft(|fields| (reading::asked(code, fields), format::parameter(fields)));
    let wanted = Wanted::new(&request, &actor, format, TABLES)?;
    let body = TargetList::from(&targets::targets_of(&app, &actor, &asked, faults).await?);
    let period = body.period.code.clone().unwrap_or_default();
    match wanted.format {
        Format::Json => wanted.json(&body),
        _ => {
            wanted.sheet(body.sheet(wanted.lang), &file_name(&["targets", &body.agency.code, &period])).await
        }
    }
}
