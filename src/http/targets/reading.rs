//! Targets as they are asked for and sent.

use crate::domain::agency::AgencyCode;
use crate::domain::target::{Aim, Target, TargetSubject};
use crate::domain::text;
use crate::error::{Faults, Place};
use crate::http::fields::{Fields, Node};
use crate::http::figures;
use crate::service::figures::Confidence;
use crate::service::targets::TargetsAsked;
use crate::service::targets::setting::{TargetDraft, TargetPlace};
use utoipa::IntoParams;

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `asked` takes; a test compares the two")]
pub struct ListTargetsParams {
    /// A year, quarter or month: `2026`, `2026-Q3`, `2026-07`.
    #[param(example = "2026")]
    period: String,
    /// By which tree of agencies: `now` (default), `then` (the period's last day), or a day.
    #[param(example = "now")]
    as_of: Option<String>,
    /// Confidence level of the intervals in percent: 90, 95 (default) or 99.
    #[param(example = "95")]
    confidence: Option<String>,
}

/// Reads what is asked of the list.
pub fn asked(agency: AgencyCode, fields: &mut Fields<'_>) -> TargetsAsked {
    TargetsAsked {
        agency,
        period: fields.required("period", Target::parse_period),
        as_of: figures::as_of(fields),
        confidence: fields.optional("confidence", Confidence::parse).unwrap_or_default(),
    }
}

/// Which target the path names; what it names wrongly there is not.
pub fn place((code, subject, period): &(String, String, String)) -> TargetPlace {
    TargetPlace {
        agency: AgencyCode::parse(code).ok(),
        subject: TargetSubject::parse(subject).ok(),
        period: Target::parse_period(period).ok(),
    }
}

/// Reads path and body of a target to be set.
pub fn draft(path: &(String, String, String), body: Node) -> (TargetPlace, TargetDraft, Faults) {
    let mut faults = Faults::default();
    let mut refuse = |name: &str, kind| faults.push(Place::Parameter(name.into()), kind);
    let subject = TargetSubject::parse(&path.1).map_err(|kind| refuse("subject", kind)).ok();
    let period = Target::parse_period(&path.2).map_err(|kind| refuse("period", kind)).ok();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let rank = fields.integer("rank_at_most", (1, Aim::MAX_RANK));
    let rank_at_most = rank.and_then(|rank| u32::try_from(rank).ok());
    let aim = Aim { at_least: fields.amount("at_least"), rank_at_most };
    let basis = fields.optional("basis", |raw| text::clean(raw, Target::MAX_BASIS)).flatten();
    fields.finish();
    let agency = AgencyCode::parse(&path.0).ok();
    (TargetPlace { agency, subject, period }, TargetDraft { aim, basis }, faults)
}
