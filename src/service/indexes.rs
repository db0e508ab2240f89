//! Reading an index: SQL counts, `index` computes, the audience decides what is shown.

use super::Services;
use super::figures::{Asked, Head, Setting, evidence};
use crate::auth::Actor;
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
    /// When the newest response in it arrived; `None` without responses or if the whole is hidden.
    pub watermark: Option<DateTime<Utc>>,
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
    let counted = setting.count(survey, None, std::slice::from_ref(&cell)).await?;
    let counted = counted.first().and_then(|by| by.values().next());
    let withheld = setting.withheld(&setting.sight(survey, &[days]).await?, days, &cell);
    let (figures, watermark) = setting.figures(counted, withheld.clone());
    let mut evidence = evidence(survey, counted);
    evidence.withhold(withheld);
    let by = |formula| {
        let question = Question { formula, ..setting.question(None) };
        (formula, whole_of(&survey.questionnaire, &evidence, &question).value)
    };
    let by_formula = Formula::of_kind(survey.questionnaire.kind).map(by).collect();
    Ok(IndexReport { figures, by_formula, watermark, head: setting.head })
}
