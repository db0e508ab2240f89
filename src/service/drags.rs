//! What drags a figure below its target most. Made of the index as the same reader gets it, and of nothing else.

use super::Services;
use super::catalogue::current;
use super::figures::Asked;
use super::indexes::{self, IndexReport};
use super::targets::setting::off_scale;
use super::targets::{HeldTarget, hundredths, in_force};
use crate::auth::Actor;
use crate::domain::amount::Amount;
use crate::domain::target::{Target, TargetSubject};
use crate::error::{Error, FaultKind, Faults, FigureFault, Place, Result};
use crate::index::drags::drags;
pub use crate::index::drags::{Drag, Drags};
use crate::index::rounding::Rounded;

/// What contributes how much to the gap.
#[derive(Debug, Clone)]
pub struct DragReport {
    /// The index it is made of.
    pub index: IndexReport,
    /// What the whole shall reach, in the formula's unit.
    pub at_least: Rounded,
    /// The target in force; `None` if the reader named another value.
    pub held: Option<HeldTarget>,
    /// The contributions.
    pub drags: Drags,
}

/// Reads what contributes how much to the gap between an index and `at_least`, by default the target in force for that
/// very figure, agency and period. `faults` are those the reader of the request found already.
///
/// # Errors
/// As [`indexes::read`]; [`ErrorCode::ValidationFailed`](crate::error::ErrorCode::ValidationFailed) where no target is in
/// force and none is named, and for one off the formula's range.
pub async fn drags_of(
    services: &Services,
    actor: &Actor,
    (asked, at_least): (&Asked, Option<Amount>),
    faults: Faults,
) -> Result<DragReport> {
    let index = indexes::read(services, actor, asked, faults).await?;
    let refuse = |kind: FaultKind| {
        let mut faults = Faults::default();
        faults.push(Place::Parameter("target".into()), kind);
        Error::invalid(faults.into_vec(), services.clock.now())
    };
    let head = &index.head;
    let held = match at_least {
        Some(_) => None,
        None => target_of(services, &index).await?,
    };
    let aim = at_least.or_else(|| held.as_ref().and_then(|held| held.aim.at_least));
    let aim = aim.ok_or_else(|| refuse(FaultKind::Figure(FigureFault::NoTarget)))?;
    let criteria = head.survey.questionnaire.criteria.len();
    if let Some(kind) = off_scale(head.formula, criteria, aim).filter(|_| held.is_none()) {
        return Err(refuse(kind));
    }
    let at_least = Rounded::of_hundredths(aim.ten_thousandths() / 100);
    Ok(DragReport { drags: drags(&index.figures, at_least), at_least, held, index })
}

/// The target in force for the very figure: there is one for single agencies and for years, quarters and months alone.
async fn target_of(services: &Services, index: &IndexReport) -> Result<Option<HeldTarget>> {
    let head = &index.head;
    let period = head.period.code().and_then(|code| Target::parse_period(code).ok());
    let (Some(period), [agency]) = (period, head.agencies.as_slice()) else { return Ok(None) };
    let subject =
        TargetSubject::Figure { survey: head.survey.code.clone(), formula: head.formula.id().to_owned() };
    let catalogue = current(services).await?;
    let held = in_force(services, &catalogue, (agency.id, head.tree_day()), &period).await?;
    Ok(held.into_iter().find(|held| held.target.subject == subject && hundredths(&held.aim).is_some()))
}
