//! Whether a response counts, and the words for what is decided about that.
//!
//! Answers never change. A response counts unless it is confirmed void, or has a flag that was not lifted.

use super::ids::{AgencyId, ClientId, ResponseId, SurveyId};
use crate::error::FaultKind;
use chrono::{DateTime, Utc};

/// Whether a response counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// In every figure.
    Counted,
    /// Flagged by a rule and not cleared: only in figures that ask for the flagged.
    Flagged,
    /// Declared void by two people: in no figure.
    Void,
}

impl Standing {
    /// The standing of a response.
    pub const fn of(flagged: bool, void: bool) -> Self {
        match (flagged, void) {
            (_, true) => Self::Void,
            (true, false) => Self::Flagged,
            (false, false) => Self::Counted,
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Flagged => "flagged",
            Self::Void => "void",
        }
    }
}

/// Whether flagged responses count in a figure. They do not unless those in charge ask for it: a figure that somebody
/// games does more harm than one made from fewer people. Who floods a device to get honest answers flagged gets those
/// of the same device and the same minutes out of the figure, until somebody above lifts their flags; the flood itself
/// would otherwise be in it. The public gets no other figure than that: the difference of two would tell of the few who
/// were flagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flagged {
    /// They do not count.
    #[default]
    Excluded,
    /// They count like others.
    Included,
}

impl Flagged {
    /// Every word.
    pub const WORDS: [&'static str; 2] = ["excluded", "included"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "excluded" => Ok(Self::Excluded),
            "included" => Ok(Self::Included),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Excluded => "excluded",
            Self::Included => "included",
        }
    }
}

/// What became of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagState {
    /// Nobody has looked at it; it stands.
    Open,
    /// Somebody above the agency confirmed it.
    Upheld,
    /// Somebody above the agency cleared the response.
    Lifted,
}

impl FlagState {
    /// Every word.
    pub const WORDS: [&'static str; 3] = ["open", "upheld", "lifted"];

    /// What a reviewer may decide.
    pub const DECISIONS: [&'static str; 2] = ["upheld", "lifted"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "open" => Ok(Self::Open),
            "upheld" => Ok(Self::Upheld),
            "lifted" => Ok(Self::Lifted),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// Reads what a reviewer decided.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word, also for `open`.
    pub fn parse_decision(text: &str) -> Result<Self, FaultKind> {
        let decision = Self::parse(text).ok().filter(|state| *state != Self::Open);
        decision.ok_or(FaultKind::NotAllowed { allowed: &Self::DECISIONS })
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Upheld => "upheld",
            Self::Lifted => "lifted",
        }
    }
}

/// What became of the request that a response be void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoidState {
    /// Waits for a second person; the response counts.
    Pending,
    /// The response counts nowhere.
    Confirmed,
    /// The response goes on counting.
    Refused,
    /// Nobody decided in time; the response goes on counting.
    Expired,
}

impl VoidState {
    /// Every word.
    pub const WORDS: [&'static str; 4] = ["pending", "confirmed", "refused", "expired"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "pending" => Ok(Self::Pending),
            "confirmed" => Ok(Self::Confirmed),
            "refused" => Ok(Self::Refused),
            "expired" => Ok(Self::Expired),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }
}

/// Most characters of a reason.
pub const MAX_REASON: usize = 500;

/// A request that a response be void, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidRequest {
    /// Its number, in the order of asking.
    pub seq: i64,
    /// Which response.
    pub response: ResponseId,
    /// What it answers.
    pub survey: SurveyId,
    /// Who is rated.
    pub agency: AgencyId,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub requested_by: ClientId,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// What became of it.
    pub state: VoidState,
    /// Who decided.
    pub decided_by: Option<ClientId>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
}

/// A flag on a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its number, in the order of flagging.
    pub seq: i64,
    /// Which response.
    pub response: ResponseId,
    /// Why; see [`super::flagging::Rule`].
    pub rule: super::flagging::Rule,
    /// What it answers.
    pub survey: SurveyId,
    /// Who is rated.
    pub agency: AgencyId,
    /// The device that sent it.
    pub client: ClientId,
    /// The rule's parameters when it judged.
    pub parameters: String,
    /// What it saw.
    pub evidence: super::flagging::Evidence,
    /// When.
    pub flagged_at: DateTime<Utc>,
    /// What became of it.
    pub state: FlagState,
}
