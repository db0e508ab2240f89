//! Targets as they are told.

use crate::domain::amount::Amount;
use crate::domain::target::Target;
use crate::http::figures::{AgencyReference, PeriodBody, TreeBody, ValueBody};
use crate::http::surveys::TextBody;
use crate::service::targets::setting::SetTarget;
use crate::service::targets::{self, HeldTarget, Reached, TargetItem, TargetReport};
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
    pub(in crate::http) seq: i64,
    /// What it is about: survey and formula with a colon between, or the code of an index that others publish.
    #[schema(example = "demo-service:satisfied-share")]
    pub(in crate::http) subject: String,
    /// The year, quarter or month it was set for.
    #[schema(example = "2026")]
    pub(in crate::http) period: String,
    /// Smallest value; `null` if only a rank is asked for, or if this ended it.
    pub(in crate::http) at_least: Option<f64>,
    /// Worst rank.
    pub(in crate::http) rank_at_most: Option<u32>,
    /// The plan or decision it stands in.
    pub(in crate::http) basis: Option<String>,
    /// Number of the one it replaces.
    pub(in crate::http) replaces: Option<i64>,
    /// When it was set; `null` if this ended it.
    pub(in crate::http) set_at: Option<String>,
    /// When it was ended.
    pub(in crate::http) ended_at: Option<String>,
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
    pub(in crate::http) items: Vec<TargetBody>,
}

/// The targets that hold for an agency and a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetList {
    pub(in crate::http) agency: AgencyReference,
    pub(in crate::http) tree: TreeBody,
    pub(in crate::http) period: PeriodBody,
    /// Confidence level of every interval, in percent.
    #[schema(example = 95)]
    pub(in crate::http) confidence_percent: u8,
    /// One for each subject that has one.
    pub(in crate::http) items: Vec<TargetStanding>,
}

/// A target in force and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetStanding {
    /// The target. Its period may be a longer one than was asked about, which then holds because the shorter one has none.
    pub(in crate::http) target: TargetBody,
    /// For whom it was set: the agency itself, or the nearest above it that has one.
    pub(in crate::http) set_for: AgencyReference,
    /// Whether that is another agency.
    pub(in crate::http) inherited: bool,
    /// `figure` (computed by this service) or `index` (published by others, entered here).
    #[schema(example = "figure")]
    pub(in crate::http) kind: &'static str,
    /// What it is about, in words.
    pub(in crate::http) name: TextBody,
    /// `percent` or `points`.
    #[schema(example = "percent")]
    pub(in crate::http) unit: &'static str,
    /// Of a figure: what was reached in the period asked about.
    pub(in crate::http) figure: Option<ReachedFigureBody>,
    /// Of an index of others: what was published for the target's period; `null` if nothing was entered.
    pub(in crate::http) index: Option<ReachedIndexBody>,
    /// What was reached minus what shall be, in the unit; of a figure, both as they are published.
    #[schema(example = -1.25)]
    pub(in crate::http) distance: Option<f64>,
    /// Places above the rank that shall be reached, below 0 under it.
    pub(in crate::http) places: Option<i64>,
    /// `met`: of a figure, the whole interval lies at or above the target; `missed`: all of it lies below;
    /// `not_distinguishable`: neither; `no_value`; `suppressed`. What others publish has no interval and is `met` or `missed`.
    #[schema(example = "not_distinguishable")]
    pub(in crate::http) state: &'static str,
}

/// A figure of ours, about the agency with everything below.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReachedFigureBody {
    /// Code of the survey.
    pub(in crate::http) survey: String,
    /// Id of the formula.
    pub(in crate::http) formula: &'static str,
    /// Version of the formula.
    pub(in crate::http) formula_version: u16,
    /// Invented for demonstration: the figure means nothing.
    pub(in crate::http) sample: bool,
    /// The whole.
    pub(in crate::http) whole: ValueBody,
    /// Fewest people a shown value is made from; 0 for those in charge.
    pub(in crate::http) min_n: u64,
    /// When the newest response counted in arrived; `null` without responses or if it is suppressed.
    pub(in crate::http) data_watermark: Option<String>,
}

/// What others published.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReachedIndexBody {
    pub(in crate::http) value: Option<f64>,
    pub(in crate::http) rank: Option<u32>,
    pub(in crate::http) out_of: Option<u32>,
    /// `verified`: it was read in the source that is named where it was entered; `assumed`: it was not.
    pub(in crate::http) mark: &'static str,
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
