//! Visits: one errand at a desk, which may rate once. What belongs here: what a visit is bound to and when it may be
//! used. How it is written on a receipt is `auth::visit`'s business. Nothing here tells who the visitor was.

use super::ids::{AgencyId, ClientId, ServicePointId, SurveyId, uuid_v7};
use super::response::ProcedureCode;
use crate::error::FaultKind;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// Longest validity that may be set, in hours: 30 days.
pub const MAX_VALID_HOURS: u16 = 720;

/// Validity where nothing else is asked for, in hours: three days to answer at home.
pub const DEFAULT_VALID_HOURS: u16 = 72;

/// Most tokens of one request, for receipts that are printed ahead.
pub const MAX_COUNT: u16 = 100;

/// How far the clock of who answers may be from that of who issued.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// A UUIDv7 (RFC 9562) of the time of issue; the rest is random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisitId(Uuid);

impl VisitId {
    /// A new one, issued at `at`.
    pub fn make(at: DateTime<Utc>) -> Self {
        Self(uuid_v7(at))
    }

    /// Accepts version 7 only.
    pub fn new(uuid: Uuid) -> Option<Self> {
        (uuid.get_version_num() == 7).then_some(Self(uuid))
    }

    /// The UUID itself.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// When it was issued, to the millisecond.
    pub fn issued_at(self) -> DateTime<Utc> {
        let millis = i64::try_from(self.0.as_u128() >> 80).unwrap_or(i64::MAX);
        DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// What a visit token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Its id; random but for the time of issue.
    pub id: VisitId,
    /// Who issued it; if that client is revoked, so is the visit.
    pub issuer: ClientId,
    /// Which survey is answered.
    pub survey: SurveyId,
    /// The desk of the visit.
    pub desk: ServicePointId,
    /// Who is rated.
    pub agency: AgencyId,
    /// Which procedure it was about, if that is said.
    pub procedure: Option<ProcedureCode>,
    /// Validity in hours, at most [`MAX_VALID_HOURS`].
    pub valid_hours: u16,
}

impl Visit {
    /// From when on answering counts.
    pub fn issued_at(&self) -> DateTime<Utc> {
        self.id.issued_at()
    }

    /// From when on it no longer does.
    pub fn expires_at(&self) -> DateTime<Utc> {
        let valid = TimeDelta::hours(self.valid_hours.into());
        self.issued_at().checked_add_signed(valid).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Whether answering at this time counts, give or take [`TOLERANCE`] at the beginning.
    pub fn covers(&self, answered_at: DateTime<Utc>) -> bool {
        answered_at >= self.issued_at() - TOLERANCE && answered_at < self.expires_at()
    }
}

/// Whether a survey demands that a visit is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitRule {
    /// Who shows one rates once; who does not rates all the same.
    Optional,
    /// Only who shows one rates.
    Required,
}

impl VisitRule {
    /// The words of the catalogue, the wire and the database.
    pub const WORDS: [&'static str; 2] = ["optional", "required"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "optional" => Ok(Self::Optional),
            "required" => Ok(Self::Required),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}
