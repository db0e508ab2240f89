//! Responses as they are handed on: in the order in which they became known, each under its number.

use super::ids::{AgencyId, ClientId, ResponseId, ServicePointId, SurveyId};
use super::response::Facets;
use chrono::{DateTime, Utc};

/// What the log tells of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1; without gaps over all responses.
    pub seq: i64,
    /// Its id, which tells the time of answering.
    pub id: ResponseId,
    /// What it answers.
    pub survey: SurveyId,
    /// Who is rated.
    pub agency: AgencyId,
}

/// A stored response without its comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its id, which tells the time of answering.
    pub id: ResponseId,
    /// What it answers.
    pub survey: SurveyId,
    /// Who is rated.
    pub rated_agency: AgencyId,
    /// Where the file was received.
    pub service_point: Option<ServicePointId>,
    /// Who sent it.
    pub client: ClientId,
    /// An ordinal for each criterion in the questionnaire's order, 0 for not applicable.
    pub answers: Vec<u8>,
    /// The facets.
    pub facets: Facets,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
}
