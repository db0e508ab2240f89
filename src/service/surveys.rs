//! Looking up surveys: what a kiosk downloads; open to everybody.

use super::Services;
use super::catalogue::current;
use crate::domain::agency::AgencyCode;
use crate::domain::period::day_of;
use crate::domain::survey::{Survey, SurveyState};
use crate::error::{Error, ErrorCode, Result};
use std::sync::Arc;

/// A survey with what only the catalogue around it knows.
#[derive(Debug, Clone)]
pub struct SurveyView {
    /// The survey.
    pub survey: Arc<Survey>,
    /// Its state today.
    pub state: SurveyState,
    /// Codes of the roots it is fielded at.
    pub agencies: Vec<AgencyCode>,
}

/// Every survey, by code. They are few: one questionnaire version in the field each.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn list(services: &Services) -> Result<Vec<SurveyView>> {
    let catalogue = current(services).await?;
    let mut codes: Vec<&String> = catalogue.surveys.keys().collect();
    codes.sort();
    let mut views = Vec::with_capacity(codes.len());
    for code in codes {
        views.push(fetch(services, code).await?);
    }
    Ok(views)
}

/// One survey.
///
/// # Errors
/// [`ErrorCode::SurveyNotFound`].
pub async fn fetch(services: &Services, code: &str) -> Result<SurveyView> {
    let catalogue = current(services).await?;
    let survey = catalogue.surveys.get(code).cloned().ok_or_else(|| Error::new(ErrorCode::SurveyNotFound))?;
    let agencies = survey.agencies.iter().filter_map(|id| catalogue.tree.get(*id));
    Ok(SurveyView {
        state: survey.state_on(day_of(services.clock.now())),
        agencies: agencies.map(|agency| agency.code.clone()).collect(),
        survey,
    })
}
