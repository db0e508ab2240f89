//! Two figures beside each other: two subjects in one period, or one subject in two periods.

use super::Services;
use super::figures::{Asked, Head, IndexValue, Setting, evidence};
use super::participation::Participation;
use crate::auth::Actor;
use crate::domain::agency::Agency;
use crate::domain::ids::AgencyId;
use crate::domain::period::Period;
use crate::domain::subject::SubjectCode;
use crate::domain::tree::Span;
use crate::error::{FaultKind, Faults, FigureFault, Result};
use crate::index::comparison::{Comparison, compare};
use crate::index::evidence::withhold_alike;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// What a figure is compared with: exactly one of the two.
#[derive(Debug, Clone)]
pub struct Other {
    /// Another subject.
    pub subject: Option<SubjectCode>,
    /// Another period.
    pub period: Option<Period>,
}

/// Two figures and how they differ.
#[derive(Debug, Clone)]
pub struct ComparisonReport {
    /// What was asked about the first.
    pub head: Head,
    /// Agencies and period of the second.
    pub other: (Vec<Agency>, Period),
    /// The whole of the first.
    pub first: IndexValue,
    /// The whole of the second.
    pub second: IndexValue,
    /// How many of those who could have answered did, of the first and of the second.
    pub participation: [Option<Participation>; 2],
    /// First minus second.
    pub comparison: Comparison,
    /// When the newest response in either arrived.
    pub watermark: Option<DateTime<Utc>>,
}

/// Compares two figures. They must be about different people: agencies or periods that overlap are refused.
///
/// # Errors
/// As [`Setting::new`] for both; [`ErrorCode::ValidationFailed`](crate::error::ErrorCode::ValidationFailed) if they
/// overlap.
pub async fn read(
    services: &Services,
    actor: &Actor,
    (asked, other): (&Asked, &Other),
    faults: Faults,
) -> Result<ComparisonReport> {
    let setting = Setting::new(services, actor, asked, faults).await?;
    let second = Asked {
        subject: other.subject.clone().unwrap_or_else(|| asked.subject.clone()),
        period: other.period.clone().or_else(|| asked.period.clone()),
        ..asked.clone()
    };
    let second = Setting::new(services, actor, &second, Faults::default()).await?;
    let days = |setting: &Setting<'_>| (setting.head.period.from(), setting.head.period.to());
    let (here, there) = (setting.cell(days(&setting)), second.cell(days(&second)));
    let people = |spans: &[Span]| -> BTreeSet<AgencyId> {
        spans.iter().flat_map(|span| &span.members).map(|(agency, _)| *agency).collect()
    };
    let same_days = setting.head.period.overlaps(&second.head.period);
    if same_days && !people(&here.spans).is_disjoint(&people(&there.spans)) {
        let parameter = if other.period.is_some() { "with_period" } else { "with" };
        return Err(setting.refuse(parameter, FaultKind::Figure(FigureFault::Overlapping)));
    }
    // Counted together, so that both are of one moment; whoever may read both may read each.
    let survey = setting.head.survey.clone();
    let together = Setting::together(&setting, &second);
    let cells = [here, there];
    let counted = together.count(&survey, None, &cells).await?;
    let sight = together.sight(&survey, &[days(&setting), days(&second)]).await?;
    let evidence = |place: usize, setting: &Setting<'_>| {
        let mut evidence = evidence(&survey, counted.get(place).and_then(|by| by.values().next()));
        if let Some(cell) = cells.get(place) {
            evidence.withhold(setting.withheld(&sight, days(setting), cell));
        }
        evidence
    };
    let mut evidences = [evidence(0, &setting), evidence(1, &second)];
    withhold_alike(&mut evidences, together.head.min_n);
    let dossiers = together.dossiers(&cells).await?;
    let mut dossiers = dossiers.into_iter();
    let [(first, at, took_part), (other, later, took_part_then)] = evidences.map(|evidence| {
        let found = Participation::of(&evidence, dossiers.next().flatten());
        let (figures, watermark) = together.figures_of(&evidence, found.map(|found| found.dossiers));
        let told = found.and_then(|found| found.beside(&figures.whole, &evidence));
        (figures, watermark, told)
    });
    Ok(ComparisonReport {
        comparison: compare(&first.whole, &other.whole),
        participation: [took_part, took_part_then],
        first: first.whole,
        second: other.whole,
        watermark: at.max(later),
        other: (second.head.agencies.clone(), second.head.period.clone()),
        head: setting.head,
    })
}
