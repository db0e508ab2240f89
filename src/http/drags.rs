//! What drags a figure below its target: `GET /v1/agencies/{code}/index/drags`.

mod sheet;

use super::extract::{App, Caller, Query};
use super::figures::{AgencyReference, FigureParams, HeadBody, ValueBody, asked, subject};
use super::format::{self, Format, TABLES, TableParams};
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::Wanted;
use super::surveys::TextBody;
use super::targets::TargetBody;
use crate::domain::amount::Amount;
use crate::domain::questionnaire::{Kind, Wording};
use crate::service::drags::{self, Drag, DragReport};
use actix_web::{HttpRequest, HttpResponse, get, web};
use num_traits::ToPrimitive;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Parameters of drags beside those of every figure.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the handler takes; a test compares the two")]
struct DragParams {
    /// What the whole shall reach, in the formula's unit, at most two decimals; by default the target in force for this
    /// survey, formula, agency and period.
    #[param(example = "90")]
    target: Option<String>,
}

/// What each element and criterion contributes to the gap between the whole and its target.
#[derive(Debug, Serialize, ToSchema)]
pub struct DragsBody {
    #[serde(flatten)]
    pub(super) head: HeadBody,
    /// What the whole shall reach, in the formula's unit.
    #[schema(example = 90)]
    pub(super) at_least: f64,
    /// The target in force that says so; `null` if the value was named in the request.
    pub(super) target: Option<DragTarget>,
    /// The whole questionnaire.
    pub(super) whole: ValueBody,
    /// Target minus whole, both as they are published: above 0 something lacks; `null` if the whole has no value.
    #[schema(example = 2.5)]
    pub(super) gap: Option<f64>,
    /// The whole held against the target: `met`, `missed`, `not_distinguishable`, `no_value` or `suppressed`.
    pub(super) state: &'static str,
    /// How many criteria the whole is made of. Those that are withheld, or that nobody answered, are no part of it.
    pub(super) criteria_counted: u64,
    /// The elements, the largest contribution first.
    pub(super) elements: Vec<DragBody>,
    /// The gap minus the sum of the elements' contributions as they are shown: what rounding each of them leaves. Before
    /// rounding nothing is left.
    pub(super) elements_remainder: Option<f64>,
    /// The criteria, the largest contribution first.
    pub(super) criteria: Vec<DragBody>,
    /// The same for the criteria.
    pub(super) criteria_remainder: Option<f64>,
}

/// A target in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct DragTarget {
    #[serde(flatten)]
    pub(super) target: TargetBody,
    /// For whom it was set: the agency itself, or the nearest above it that has one.
    pub(super) set_for: AgencyReference,
    /// Whether that is another agency.
    pub(super) inherited: bool,
}

/// What one element or criterion contributes.
#[derive(Debug, Serialize, ToSchema)]
pub struct DragBody {
    pub(super) code: String,
    pub(super) text: TextBody,
    #[serde(flatten)]
    pub(super) value: ValueBody,
    /// How many of the criteria that count it is made of; 0 if it is no part of the whole.
    pub(super) criteria_counted: u64,
    /// Its weight in the whole: its criteria that count over all that do, in percent; `null` if it is no part of it.
    #[schema(example = 5.26)]
    pub(super) weight_percent: Option<f64>,
    /// What its own value would have to be for it to contribute nothing: the target itself, of desk points its share.
    pub(super) goal: Option<f64>,
    /// Its part of the gap, in the formula's unit: above 0 it drags the whole down, below 0 it lifts it. `null` if it is no
    /// part of the whole.
    #[schema(example = 0.37)]
    pub(super) contribution: Option<f64>,
    /// Its own value held against its goal: `met`, `missed`, `not_distinguishable`, `no_value` or `suppressed`.
    pub(super) state: &'static str,
}

impl From<&DragReport> for DragsBody {
    fn from(report: &DragReport) -> Self {
        let version = &report.index.head.survey.questionnaire;
        let (found, all) = (&report.drags, report.drags.criteria_counted);
        let body = |(drag, code, text): (&Drag, &String, &Wording)| {
            DragBody::new(drag, (code, text), (version.kind, all))
        };
        let elements = found.elements.iter().filter_map(|drag| {
            version.elements.get(drag.place).map(|element| (drag, &element.code, &element.text))
        });
        let criteria = found.criteria.iter().filter_map(|drag| {
            version.criteria.get(drag.place).map(|criterion| (drag, &criterion.code, &criterion.text))
        });
        Self {
            head: HeadBody::new(&report.index.head, report.index.watermark),
            at_least: report.at_least.to_f64(),
            target: report.held.as_ref().map(|held| DragTarget {
                target: TargetBody::from(&held.target),
                set_for: AgencyReference::new(std::slice::from_ref(&held.set_for)),
                inherited: held.inherited,
            }),
            whole: ValueBody::new(&report.index.figures.whole, version.kind),
            gap: found.gap.map(|gap| gap.to_f64()),
            state: found.attainment.as_str(),
            criteria_counted: all,
            elements: elements.map(body).collect(),
            elements_remainder: found.elements_remainder.map(|rest| rest.to_f64()),
            criteria: criteria.map(body).collect(),
            criteria_remainder: found.criteria_remainder.map(|rest| rest.to_f64()),
        }
    }
}

impl DragBody {
    fn new(drag: &Drag, (code, text): (&str, &Wording), (kind, all): (Kind, u64)) -> Self {
        let share = drag.criteria.to_f64().zip(all.to_f64()).filter(|(part, _)| *part > 0.0);
        Self {
            code: code.to_owned(),
            text: TextBody::from(text),
            value: ValueBody::new(&drag.value, kind),
            criteria_counted: drag.criteria,
            weight_percent: share.map(|(part, all)| (part / all * 10_000.0).round() / 100.0),
            goal: drag.goal.map(|goal| goal.to_f64()),
            contribution: drag.contribution.map(|part| part.to_f64()),
            state: drag.attainment.as_str(),
        }
    }
}

/// Reads what drags a figure below its target
///
/// What each element and criterion contributes to the gap between the whole and the target: the whole is the mean of the k
/// criteria that count, so each contributes (target - value) / k, and before rounding the contributions add up to the gap
/// exactly. Of desk points, which are a sum, an indicator contributes what it lacks of its share of the target. Made of the
/// index that the same reader gets: what is withheld there is withheld here and is no part of the whole.
#[utoipa::path(tag = "targets", params(("code" = String, Path, example = "H56"), FigureParams, DragParams, TableParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The contributions", content(
        (DragsBody = "application/json"),
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )), NotModified, NotAcceptable, Refused, NotFound))]
#[get("/v1/agencies/{code}/index/drags")]
pub async fn get_drags(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let subject = subject(&code)?;
    let ((asked, target, format), faults) = query.draft(|fields| {
        (asked(subject, fields), fields.optional("target", Amount::parse), format::parameter(fields))
    });
    let wanted = Wanted::new(&request, &actor, format, TABLES)?;
    let body = DragsBody::from(&drags::drags_of(&app, &actor, (&asked, target), faults).await?);
    let file = body.head.file_name("drags");
    match wanted.format {
        Format::Json => wanted.json(&body),
        _ => wanted.sheet(body.sheet(wanted.lang), &file).await,
    }
}
