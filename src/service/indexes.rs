//! Reading an index: SQL counts, `index` computes, the audience decides what is shown.

use super::Services;
use super::counting::{Counted, CountedBy};
use super::figures::{Asked, Flagged, Head, IndexValue, Setting, evidence};
use super::participation::Participation;
use crate::auth::Actor;
use crate::auth::policy::Audience;
use crate::error::{Faults, Result};
use crate::index::combine::{Question, whole_of};
use crate::index::rounding::Rounded;
use crate::index::{Figures, Formula};
use chrono::{DateTime, Utc};

/// An index with everything needed to judge it.
#[derive(Debug, Clone)]
pub struct IndexReport {
    /// What was asked.
    pub head: Head,
    /// The figures, small cells hidden where the audience requires it.
    pub figures: Figures,
    /// The whole by every formula of the kind: which one is official is not verified, so all are shown.
    pub by_formula: Vec<(Formula, Option<Rounded>)>,
    /// How many of those who could have answered did; `None` where nobody knows how many there were.
    pub participation: Option<Participation>,
    /// The whole with and without flagged responses; `None` for the public.
    pub both: Option<BothWholes>,
    /// When the newest response in it arrived; `None` without responses or if the whole is hidden.
    pub watermark: Option<DateTime<Utc>>,
}

/// The whole with and without flagged responses, of one moment.
#[derive(Debug, Clone)]
pub struct BothWholes {
    /// People whose responses are flagged.
    pub flagged: u64,
    /// Without them.
    pub excluded: IndexValue,
    /// With them.
    pub included: IndexValue,
}

/// Reads an index. `faults` are those the reader of the request found already.
///
/// # Errors
/// As [`Setting::new`].
pub async fn read(services: &Services, actor: &Actor, asked: &Asked, faults: Faults) -> Result<IndexReport> {
    let setting = Setting::new(services, actor, asked, faults).await?;
    let survey = &setting.head.survey;
    let days = (setting.head.period.from(), setting.head.period.to());
    let cell = setting.cell(days);
    let counts = setting.count_beside(survey, &cell).await?;
    let first = |by: &[CountedBy]| by.first().and_then(|by| by.values().next()).cloned();
    let (without, flagged) = (first(&counts.counted), first(&counts.flagged));
    let with = first(&counts.together());
    let counted = match setting.head.flagged {
        Flagged::Excluded => without.as_ref(),
        Flagged::Included => with.as_ref(),
    };
    let withheld = setting.withheld(&setting.sight(survey, &[days]).await?, days, &cell);
    let dossiers = setting.dossiers(std::slice::from_ref(&cell)).await?.pop().flatten();
    let whole = |counted: Option<&Counted>| {
        whole_of(&survey.questionnaire, &evidence(survey, counted), &setting.question(None))
    };
    let both = (setting.audience() == Audience::InCharge).then(|| BothWholes {
        flagged: flagged.as_ref().map_or(0, Counted::people),
        excluded: whole(without.as_ref()),
        included: whole(with.as_ref()),
    });
    let mut evidence = evidence(survey, counted);
    evidence.withhold(withheld);
    let participation = Participation::of(&evidence, dossiers);
    let dossiers = participation.map(|participation| participation.dossiers);
    let (figures, watermark) = setting.figures_of(&evidence, dossiers);
    let participation = participation.and_then(|found| found.beside(&figures.whole, &evidence));
    let by = |formula| {
        let question = Question { formula, ..setting.question(dossiers) };
        (formula, whole_of(&survey.questionnaire, &evidence, &question).value)
    };
    let by_formula = Formula::of_kind(survey.questionnaire.kind).map(by).collect();
    Ok(IndexReport { figures, by_formula, participation, both, watermark, head: setting.head })
}
