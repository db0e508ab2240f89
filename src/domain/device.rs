//! Devices: where they stand, what they tell about themselves, and the words for how they are.

use super::ids::{AgencyId, ClientId, ServicePointId, SurveyId};
use crate::error::FaultKind;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// Longest name of a device, in characters after NFC.
pub const MAX_NAME: usize = 200;

/// Longest word a device says about itself (model, version), in characters after NFC.
pub const MAX_FACT: usize = 100;

/// Whether a device may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceState {
    /// It may.
    Active,
    /// Not for the time being.
    Suspended,
    /// Never again.
    Revoked,
}

impl DeviceState {
    /// The words of the wire.
    pub const WORDS: [&'static str; 3] = ["active", "suspended", "revoked"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "active" => Ok(Self::Active),
            "suspended" => Ok(Self::Suspended),
            "revoked" => Ok(Self::Revoked),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }
}

/// What a client may answer for at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// Root of its subtree; `None` is the whole country.
    pub agency: Option<AgencyId>,
    /// The desk it stands at; `None`: any of its agencies.
    pub service_point: Option<ServicePointId>,
    /// The survey it asks; `None`: any.
    pub survey: Option<SurveyId>,
}

/// Where a device stood before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PastPlace {
    /// From when on; `None`: from the start.
    pub since: Option<DateTime<Utc>>,
    /// The instant it stood elsewhere.
    pub until: DateTime<Utc>,
    /// What it could answer for.
    pub place: Place,
}

/// What narrows a device beside its agency and its desk; nothing does for other clients.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Posting {
    /// The survey it asks; `None`: any.
    pub survey: Option<SurveyId>,
    /// Since when it may do nothing, if so.
    pub suspended_at: Option<DateTime<Utc>>,
    /// Where it stood before, the oldest first.
    pub earlier: Vec<PastPlace>,
}

/// What a device tells about itself when it enrols: facts that are on its box, nothing of its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Maker and model.
    pub model: String,
    /// Version of the program on it.
    pub app_version: String,
    /// Operating system.
    pub os: Option<String>,
    /// Version of the operating system.
    pub os_version: Option<String>,
    /// Width and height of the screen, in pixels.
    pub screen: Option<(i32, i32)>,
}

/// What a device says of itself about once a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Its clock less the server's, in milliseconds; positive: it is ahead. Includes the time under way.
    pub clock_offset_ms: i64,
    /// Responses it holds that are not acknowledged.
    pub backlog: i32,
    /// When the oldest of them was answered.
    pub oldest_answered_at: Option<DateTime<Utc>>,
    /// Version of the program on it.
    pub app_version: String,
    /// Code of the survey it has loaded.
    pub survey: Option<String>,
    /// Questionnaire version of that survey it has loaded.
    pub questionnaire_version: Option<i16>,
    /// Charge of the battery, 0 to 100 per cent.
    pub battery_percent: Option<i16>,
    /// Free storage in MiB.
    pub storage_free_mb: Option<i32>,
}

/// The newest signs of life.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signs {
    /// The newest heartbeat and when it came.
    pub heartbeat: Option<(DateTime<Utc>, Heartbeat)>,
    /// When a response was last taken from it.
    pub last_response_at: Option<DateTime<Utc>>,
    /// The day (Viet Nam) of that, and how many were received on it.
    pub received: Option<(NaiveDate, i64)>,
}

impl Signs {
    /// When anything was last heard.
    pub fn last_seen(&self) -> Option<DateTime<Utc>> {
        self.heartbeat.as_ref().map(|(at, _)| *at).max(self.last_response_at)
    }

    /// Responses received on a day.
    pub fn received_on(&self, day: NaiveDate) -> i64 {
        self.received.filter(|(on, _)| *on == day).map_or(0, |(_, count)| count)
    }
}

/// An invitation to enrol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// The agency of the desk.
    pub agency: AgencyId,
    /// Where the device will stand.
    pub service_point: ServicePointId,
    /// What it will ask; `None`: any.
    pub survey: Option<SurveyId>,
    /// What it will be called; `None`: as its model.
    pub name: Option<String>,
    /// Who invited it.
    pub invited_by: ClientId,
    /// When.
    pub invited_at: DateTime<Utc>,
    /// From when on it cannot be used.
    pub expires_at: DateTime<Utc>,
    /// When it was taken back, if it was.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The device that enrolled with it, if one did.
    pub used: Option<Used>,
}

/// How an invitation was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// The device.
    pub client: ClientId,
    /// When it enrolled.
    pub at: DateTime<Utc>,
    /// What the device called its attempt.
    pub attempt: Uuid,
}

/// What an invitation is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationState {
    /// A device may enrol.
    Open,
    /// One did.
    Used,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
}

impl InvitationState {
    /// The word of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

/// Longest time after which a device that lost the answer may ask for it again, in minutes.
pub const RETRY_MINUTES: i64 = 10;

impl Invitation {
    /// Its state at an instant.
    pub fn state_at(&self, now: DateTime<Utc>) -> InvitationState {
        match (self.used, self.revoked_at) {
            (Some(_), _) => InvitationState::Used,
            (None, Some(_)) => InvitationState::Revoked,
            (None, None) if now < self.expires_at => InvitationState::Open,
            (None, None) => InvitationState::Expired,
        }
    }

    /// Whether this attempt may enrol now, or may do so again because its answer was lost.
    pub fn admits(&self, attempt: Uuid, now: DateTime<Utc>) -> bool {
        match self.used {
            Some(used) => {
                used.attempt == attempt && now < used.at + chrono::TimeDelta::minutes(RETRY_MINUTES)
            }
            None => self.state_at(now) == InvitationState::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn an_invitation_admits_one_attempt_and_its_repetition() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let open = Invitation {
            id: Uuid::nil(),
            agency: AgencyId(1),
            service_point: ServicePointId(1),
            survey: None,
            name: None,
            invited_by: ClientId(Uuid::nil()),
            invited_at: now,
            expires_at: now + TimeDelta::hours(1),
            revoked_at: None,
            used: None,
        };
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(open.admits(one, now) && open.admits(one, now + TimeDelta::minutes(59)));
        assert!(!open.admits(one, open.expires_at));
        assert!(!Invitation { revoked_at: Some(now), ..open.clone() }.admits(one, now));
        let used = Used { client: ClientId(Uuid::nil()), at: now, attempt: one };
        let used = Invitation { used: Some(used), ..open };
        assert!(used.admits(one, now + TimeDelta::minutes(9)) && !used.admits(other, now));
        assert!(!used.admits(one, now + TimeDelta::minutes(10)));
    }
}
