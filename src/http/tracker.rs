//! Where an agency stands by every measure: `GET /v1/agencies/{code}/measures`.

mod sheet;

use super::extract::{App, Caller, Query};
use super::figures::{AgencyReference, IntervalBody};
use super::format::{self, Format, TABLES, TableParams};
use super::measure_duties::DutyBody;
use super::measure_values::{MeasureChangeBody, MeasureValueBody, holder};
use super::measures::MeasureReference;
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::{Wanted, file_name};
use super::surveys::TextBody;
use crate::auth::Actor;
use crate::domain::amount::Amount;
use crate::domain::measure::Frequency;
use crate::domain::measure_value::Holder;
use crate::domain::period::{Period, day_of};
use crate::domain::questionnaire::Wording;
use crate::error::Error;
use crate::service::Services;
use crate::service::measure_values::may_see_enterer;
use crate::service::targets::TargetItem;
use crate::service::tracker::{self, Computed, Rounded, TrackerRow, TrackerTable};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Where an agency stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrackerBody {
    /// `VN`: the whole country.
    pub(super) agency: AgencyReference,
    /// The period that was asked for; `null`: the newest value of each measure.
    #[schema(example = "2023")]
    pub(super) period: Option<String>,
    /// One for each measure, groups after the measure they are part of.
    pub(super) items: Vec<TrackerItem>,
    /// Figures of this service beside the published ones: not the published index. Of the period asked for, or this year.
    pub(super) computed: Vec<ComputedBody>,
    /// Agencies with whose work it goes on; what is said of them stays theirs.
    pub(super) predecessors: Vec<AgencyReference>,
    /// Agencies that go on with its work.
    pub(super) successors: Vec<AgencyReference>,
}

/// One measure.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrackerItem {
    pub(super) measure: MeasureReference,
    /// The measure this is a group of.
    pub(super) parent: Option<String>,
    /// What counts; `null`: nothing was entered, which is not zero.
    pub(super) entry: Option<MeasureValueBody>,
    /// `null` where nothing is said of the period before.
    pub(super) change: Option<MeasureChangeBody>,
    /// Who is responsible today, or was at the agency's end.
    pub(super) responsible: Option<DutyBody>,
    /// What shall be reached in the period asked for, or in that of the entry; `null` where no target is in force.
    pub(super) target: Option<MeasureTargetBody>,
}

/// What shall be reached of an index that others publish, and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureTargetBody {
    /// The year, quarter or month it was set for.
    #[schema(example = "2023")]
    pub(super) period: String,
    /// Smallest value.
    pub(super) at_least: Option<f64>,
    /// Worst rank.
    pub(super) rank_at_most: Option<u32>,
    /// For whom it was set: the agency itself, or the nearest above it that has one.
    pub(super) set_for: AgencyReference,
    /// The value minus the smallest.
    pub(super) distance: Option<f64>,
    /// Places above the worst rank, below 0 under it.
    pub(super) places: Option<i64>,
    /// `met`, `missed` or `no_value`; what others publish has no interval.
    #[schema(example = "missed")]
    pub(super) state: &'static str,
}

/// A figure of this service for the same agency and period.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComputedBody {
    /// The measure it stands beside.
    #[schema(example = "sipas")]
    pub(super) beside: String,
    /// What it is and what it is not.
    pub(super) label: TextBody,
    /// Code of the survey.
    pub(super) survey: String,
    /// Invented for demonstration: the figure means nothing.
    pub(super) sample: bool,
    /// Formula id, or `not-dissatisfied`.
    #[schema(example = "satisfied-share")]
    pub(super) formula: &'static str,
    /// `percent` or `points`.
    pub(super) unit: &'static str,
    #[schema(example = "2026")]
    pub(super) period: String,
    /// `null` if nobody answered or it is suppressed.
    pub(super) value: Option<f64>,
    /// `null` where the data cannot tell.
    pub(super) interval: Option<IntervalBody>,
    /// People; `null` if suppressed.
    pub(super) n: Option<u64>,
    /// Withheld because too few people answered, or because it would tell what too few answered.
    pub(super) suppressed: bool,
}

impl TrackerBody {
    /// What the API answers; pages show the same.
    pub(super) async fn fetch(
        app: &Services,
        actor: &Actor,
        holder: &Holder,
        period: Option<&Period>,
    ) -> Result<Self, Error> {
        let table = tracker::tracker_table(app, holder, period).await?;
        let this_year = Frequency::Year.holding(day_of(app.clock.now()));
        let computed = match period.or(this_year.as_ref()) {
            Some(period) => tracker::computed(app, actor, holder, period).await?,
            None => Vec::new(),
        };
        Ok(Self::new(&table, &computed, may_see_enterer(actor)))
    }

    fn new(table: &TrackerTable, computed: &[Computed], shows_enterer: bool) -> Self {
        let one = |agency| AgencyReference::new(std::slice::from_ref(agency));
        Self {
            agency: AgencyReference::new(table.agency.as_slice()),
            period: table.period.as_ref().and_then(Period::code).map(str::to_owned),
            items: table.rows.iter().map(|row| TrackerItem::new(row, shows_enterer)).collect(),
            computed: computed.iter().map(ComputedBody::from).collect(),
            predecessors: table.predecessors.iter().map(one).collect(),
            successors: table.successors.iter().map(one).collect(),
        }
    }
}

impl TrackerItem {
    fn new(row: &TrackerRow, shows_enterer: bool) -> Self {
        let entry = row.value.as_ref();
        Self {
            measure: MeasureReference::from(row.measure),
            parent: row.measure.parent.as_ref().map(ToString::to_string),
            entry: entry.map(|value| MeasureValueBody::new(value, row.measure, shows_enterer)),
            change: row.change.as_ref().map(MeasureChangeBody::from),
            responsible: row.duty.as_ref().map(DutyBody::from),
            target: row.target.as_ref().map(MeasureTargetBody::from),
        }
    }
}

impl From<&TargetItem> for MeasureTargetBody {
    fn from(item: &TargetItem) -> Self {
        let (held, whole) = (&item.held, |ten_thousandths: i32| f64::from(ten_thousandths) / 10_000.0);
        Self {
            period: held.target.period.code().unwrap_or_default().to_owned(),
            at_least: held.aim.at_least.map(Amount::to_f64),
            rank_at_most: held.aim.rank_at_most,
            set_for: AgencyReference::new(std::slice::from_ref(&held.set_for)),
            distance: item.distance.map(whole),
            places: item.places,
            state: item.attainment.as_str(),
        }
    }
}

impl From<&Computed> for ComputedBody {
    fn from(computed: &Computed) -> Self {
        let (head, whole) = (&computed.report.head, &computed.report.figures.whole);
        let is_ratio = computed.measure.as_str() != "sipas";
        Self {
            beside: computed.measure.to_string(),
            label: TextBody::from(&label(is_ratio)),
            survey: head.survey.code.clone(),
            sample: head.survey.sample,
            formula: if is_ratio { "not-dissatisfied" } else { head.formula.id() },
            unit: if is_ratio { "percent" } else { head.formula.unit() },
            period: head.period.code().unwrap_or_default().to_owned(),
            value: if is_ratio { computed.ratio } else { whole.value }.map(Rounded::to_f64),
            interval: whole.interval.as_ref().filter(|_| !is_ratio).map(IntervalBody::from),
            n: whole.n,
            suppressed: whole.suppressed,
        }
    }
}

fn label(is_ratio: bool) -> Wording {
    let (vi, en) = if is_ratio {
        (
            "Do hệ thống này tính, không phải chỉ số đã công bố: tỷ lệ câu trả lời không ở hai mức không hài lòng. Giả định: tỷ lệ thứ ba của nhóm hài lòng (QĐ 766) có dạng này; không quy ra điểm, không có khoảng tin cậy.",
            "Computed by this service, not the published index: the share of answers that are not at the two dissatisfied levels. Assumed: the third ratio of 766's satisfaction group has this form; no points follow from it, and there is no interval.",
        )
    } else {
        (
            "Do hệ thống này tính từ phiếu thu tại bộ phận một cửa, không phải chỉ số đã công bố.",
            "Computed by this service from answers at the one-stop desks, not the published index.",
        )
    };
    Wording { vi: vi.into(), en: en.into() }
}

/// Parameters of the table.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the handler takes; a test compares the two")]
struct TrackerParams {
    /// A year, quarter or month; of a measure with shorter periods the newest within it, of one with longer periods that
    /// it lies in. Without it the newest value of each measure.
    #[param(example = "2023")]
    period: Option<String>,
}

/// Shows where an agency stands
///
/// Each measure's value, rank, change against the period before, source and responsible unit, as they were entered from
/// published documents; beside them, apart, what this service computes itself. Open to everybody. `VN` is the whole
/// country. An agency that ended keeps its values; its successors are named.
#[utoipa::path(tag = "tracker", params(("code" = String, Path, example = "H56"), TrackerParams, TableParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The table", content(
        (TrackerBody = "application/json"),
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )), NotModified, NotAcceptable, Refused, NotFound))]
#[get("/v1/agencies/{code}/measures")]
pub async fn get_tracker(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (period, format) = query
        .read(&app, |fields| (fields.optional("period", Frequency::any_period), format::parameter(fields)))?;
    let wanted = Wanted::new(&request, &actor, format, TABLES)?;
    let body = TrackerBody::fetch(&app, &actor, &holder(&code)?, period.as_ref()).await?;
    if wanted.format == Format::Json {
        return wanted.json(&body);
    }
    let name = file_name(&["measures", &body.agency.code, body.period.as_deref().unwrap_or("newest")]);
    wanted.sheet(body.sheet(wanted.lang), &name).await
}
