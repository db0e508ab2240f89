//! Events that change the tree of agencies: what is asked for. Whether it may be done, and what facts it adds, is
//! worked out in [`super::agency_plan`].

use super::agency::{AgencyCode, AgencyLevel};
use super::ids::ClientId;
use super::tree::Share;
use crate::error::FaultKind;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// Longest legal basis, in characters.
pub const MAX_BASIS: usize = 1000;

/// Longest name of an agency, in characters.
pub const MAX_NAME: usize = 300;

/// Longest note to an agency, in characters.
pub const MAX_NOTE: usize = 1000;

/// Most agencies that one event may merge, or split one into.
pub const MOST_PARTIES: usize = 100;

/// Largest denominator of a share. Exact shares of chained splits are products; this keeps them within 64 bits.
pub const MAX_DENOMINATOR: u64 = 1000;

/// A new agency. `None` where the request gave nothing that could be read; the fault is noted already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening {
    /// E-identifier; never one that was in use before.
    pub code: Option<AgencyCode>,
    /// Administrative unit code, if it has one.
    pub unit_code: Option<String>,
    /// Level of government.
    pub level: Option<AgencyLevel>,
    /// Vietnamese name.
    pub name: Option<String>,
    /// The agency above; `None` at the top.
    pub parent: Option<AgencyCode>,
    /// What a user of the row has to know.
    pub note: Option<String>,
}

/// Who goes on with what a predecessor did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heir {
    /// An agency that is there; `None` where none could be read.
    Existing(Option<AgencyCode>),
    /// One that the event opens.
    Opened(Opening),
}

/// What changes. `None` where the request gave nothing that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A new agency.
    Open(Opening),
    /// Another name.
    Rename(Option<AgencyCode>, Option<String>),
    /// Another parent; `None` is the top.
    Move(Option<AgencyCode>, Option<AgencyCode>),
    /// It ends, and nobody goes on with its work.
    Close(Option<AgencyCode>),
    /// Another administrative unit code.
    Recode(Option<AgencyCode>, Option<String>),
    /// Agencies end and count as one successor; what is below them moves below it.
    Merge(Vec<Option<AgencyCode>>, Heir),
    /// What an agency did goes on in several, with their shares; it ends unless it is one of them.
    Split(Option<AgencyCode>, Vec<(Heir, Option<Share>)>),
}

impl Change {
    /// Words for the kinds, on the wire and in the database.
    pub const WORDS: [&'static str; 7] = ["open", "rename", "move", "close", "merge", "split", "recode"];

    /// The word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Rename(..) => "rename",
            Self::Move(..) => "move",
            Self::Close(_) => "close",
            Self::Recode(..) => "recode",
            Self::Merge(..) => "merge",
            Self::Split(..) => "split",
        }
    }
}

impl Change {
    /// Codes of the agencies that change or end.
    pub fn subjects(&self) -> Vec<&str> {
        let codes: Vec<&Option<AgencyCode>> = match self {
            Self::Open(opening) => vec![&opening.code],
            Self::Rename(code, _)
            | Self::Move(code, _)
            | Self::Close(code)
            | Self::Recode(code, _)
            | Self::Split(code, _) => vec![code],
            Self::Merge(codes, _) => codes.iter().collect(),
        };
        codes.into_iter().flatten().map(AgencyCode::as_str).collect()
    }
}

/// A change with its day and legal basis, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDraft {
    /// The sender's id of it.
    pub id: Option<Uuid>,
    /// First day on which it is so.
    pub effective_on: Option<NaiveDate>,
    /// The legal text it rests on.
    pub basis: Option<String>,
    /// What changes.
    pub change: Change,
}

impl EventDraft {
    /// What was asked for, in one line: equal for equal requests, whatever their layout. Its digest is kept with the
    /// event, so its form must not change.
    pub fn canonical(&self) -> String {
        let day = self.effective_on.map(|day| day.to_string()).unwrap_or_default();
        let mut words = vec![self.change.kind().to_owned(), day, self.basis.clone().unwrap_or_default()];
        match &self.change {
            Change::Open(opening) => words.extend(opening.words()),
            Change::Close(agency) => words.push(code_word(agency)),
            Change::Rename(agency, word) | Change::Recode(agency, word) => {
                words.extend([code_word(agency), word.clone().unwrap_or_default()]);
            }
            Change::Move(agency, parent) => words.extend([code_word(agency), code_word(parent)]),
            Change::Merge(predecessors, successor) => {
                words.extend(predecessors.iter().map(code_word));
                words.extend(successor.words());
            }
            Change::Split(predecessor, successors) => {
                words.push(code_word(predecessor));
                for (heir, share) in successors {
                    words.push(share.map(|share| share.to_string()).unwrap_or_default());
                    words.extend(heir.words());
                }
            }
        }
        // No text holds the unit separator: control characters are refused.
        words.join("\u{1f}")
    }
}

fn code_word(code: &Option<AgencyCode>) -> String {
    code.as_ref().map(ToString::to_string).unwrap_or_default()
}

impl Opening {
    fn words(&self) -> [String; 7] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let level = self.level.map(|level| level.as_str().to_owned()).unwrap_or_default();
        [
            "open".to_owned(),
            code_word(&self.code),
            text(&self.unit_code),
            level,
            text(&self.name),
            code_word(&self.parent),
            text(&self.note),
        ]
    }
}

impl Heir {
    fn words(&self) -> Vec<String> {
        match self {
            Self::Existing(code) => vec!["into".to_owned(), code_word(code)],
            Self::Opened(opening) => opening.words().into(),
        }
    }
}

/// What an event did to an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It begins.
    Opened,
    /// Its name, parent or unit code is another one.
    Changed,
    /// It ends.
    Ended,
    /// Others go on with its work.
    Predecessor,
    /// It goes on with others' work.
    Successor,
}

impl Role {
    /// Every role with its word.
    pub const WORDS: [(Self, &'static str); 5] = [
        (Self::Opened, "opened"),
        (Self::Changed, "changed"),
        (Self::Ended, "ended"),
        (Self::Predecessor, "predecessor"),
        (Self::Successor, "successor"),
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Changed => "changed",
            Self::Ended => "ended",
            Self::Predecessor => "predecessor",
            Self::Successor => "successor",
        }
    }

    /// Reads a word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(_, word)| *word == text).map(|(role, _)| role)
    }
}

/// An event that is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyEvent {
    /// Its id.
    pub id: Uuid,
    /// Place in the order of recording.
    pub seq: i64,
    /// One of [`Change::WORDS`], or `import`.
    pub kind: String,
    /// First day on which it is so.
    pub effective_on: NaiveDate,
    /// The legal text it rests on.
    pub basis: String,
    /// Who recorded it; `None`: the catalogue files.
    pub recorded_by: Option<ClientId>,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// What it did, by the agencies' codes.
    pub parties: Vec<(AgencyCode, Role)>,
}

/// Reads a share: `1`, or a fraction like `3/5`, above 0 and at most 1.
///
/// # Errors
/// [`FaultKind::BadFormat`] for anything else, also for a denominator over [`MAX_DENOMINATOR`].
pub fn parse_share(text: &str) -> Result<Share, FaultKind> {
    let number = |part: &str| {
        let digits = !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<u64>().ok())?
    };
    let (numerator, denominator) = match text.split_once('/') {
        Some((numerator, denominator)) => (number(numerator), number(denominator)),
        None => (number(text), Some(1)),
    };
    match (numerator, denominator) {
        (Some(numerator), Some(denominator @ 1..=MAX_DENOMINATOR))
            if (1..=denominator).contains(&numerator) =>
        {
            Ok(Share::new(numerator, denominator))
        }
        _ => Err(FaultKind::BadFormat { expected: "3/5" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_fractions_up_to_one() {
        assert_eq!(parse_share("3/5"), Ok(Share::new(3, 5)));
        assert_eq!(parse_share("1"), Ok(Share::from_integer(1)));
        assert_eq!(parse_share("10/10"), Ok(Share::from_integer(1)));
        for text in
            ["", "0", "0/5", "6/5", "2", "1/0", "0.5", "-1/2", "1/1001", "1/", "/2", "1/2/3", " 1/2", "00001"]
        {
            assert!(parse_share(text).is_err(), "{text:?}");
        }
    }
}
