//! What a steering committee asks beside the figures: targets, what to change first, and what others publish.

use crate::auth::Actor;
use crate::domain::agency::AgencyCode;
use crate::domain::measure_value::Holder;
use crate::domain::period::Period;
use crate::domain::report::Cadence;
use crate::domain::subject::SubjectCode;
use crate::error::{ErrorCode, Faults, Result};
use crate::service::Services;
use crate::service::drags::{DragReport, drags_of};
use crate::service::figures::Asked;
use crate::service::targets::{TargetReport, TargetsAsked, targets_of};
use crate::service::tracker::{TrackerRow, TrackerTable, tracker_table};

/// What each criterion contributes to the gap; `None` where no target is in force.
pub(super) async fn drags(services: &Services, actor: &Actor, asked: &Asked) -> Result<Option<DragReport>> {
    match drags_of(services, actor, (asked, None), Faults::default()).await {
        Ok(report) => Ok(Some(report)),
        // The question was answered before; only the target can be wrong with it.
        Err(error) if error.code == ErrorCode::ValidationFailed => Ok(None),
        Err(error) => Err(error),
    }
}

/// The targets of the agency and period; `None` where it is no one agency.
pub(super) async fn targets(
    services: &Services,
    actor: &Actor,
    asked: &Asked,
) -> Result<Option<TargetReport>> {
    let Some(agency) = only(asked) else { return Ok(None) };
    let asked = TargetsAsked {
        agency: agency.clone(),
        period: asked.period.clone(),
        as_of: asked.as_of,
        confidence: asked.confidence,
    };
    targets_of(services, actor, &asked, Faults::default()).await.map(Some)
}

/// Where the agency, or the country, stands by what others publish: the newest statement about no later period than the
/// report's.
pub(super) async fn tracker(services: &Services, asked: &Asked) -> Result<Option<TrackerTable>> {
    let holder = match (&asked.subject, only(asked)) {
        (SubjectCode::Country, _) => Holder::Country,
        (_, Some(agency)) => Holder::Agency(agency.clone()),
        (_, None) => return Ok(None),
    };
    let Some(period) = &asked.period else { return Ok(None) };
    let year = Cadence::Year.holding(period.from());
    let mut table = tracker_table(services, &holder, None).await?;
    let of_year = tracker_table(services, &holder, year.as_ref()).await?;
    for (row, of_year) in table.rows.iter_mut().zip(of_year.rows) {
        if row.value.as_ref().is_some_and(|value| !began(&value.period, period)) {
            *row = if of_year.value.as_ref().is_some_and(|value| began(&value.period, period)) {
                of_year
            } else {
                TrackerRow { value: None, change: None, ..of_year }
            };
        }
    }
    table.period = year;
    Ok(Some(table))
}

/// Whether a period begins before another one ends.
fn began(period: &Period, other: &Period) -> bool {
    period.from() < other.to()
}

fn only(asked: &Asked) -> Option<&AgencyCode> {
    match &asked.subject {
        SubjectCode::Agencies(codes) => match codes.as_slice() {
            [code] => Some(code),
            _ => None,
        },
        SubjectCode::Country => None,
    }
}
