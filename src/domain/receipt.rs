//! Receipts: the service's word on what became of each response of a bulk request.

use super::ids::ClientId;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// How long a receipt can be read again.
pub const RECEIPT_LIFE: TimeDelta = TimeDelta::days(90);

/// What became of one response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Stored now.
    Created,
    /// Was stored before with the same content.
    Replayed,
    /// Contradicts what is stored; nothing was changed.
    Conflict,
    /// Breaks a rule; not stored.
    Rejected,
}

impl Verdict {
    /// All of them, in the order of their bytes.
    pub const ALL: [Self; 4] = [Self::Created, Self::Replayed, Self::Conflict, Self::Rejected];

    /// The word of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Replayed => "replayed",
            Self::Conflict => "conflict",
            Self::Rejected => "rejected",
        }
    }

    /// The byte of the database.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Created => 1,
            Self::Replayed => 2,
            Self::Conflict => 3,
            Self::Rejected => 4,
        }
    }

    /// Reads the byte.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.byte() == byte)
    }
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its id.
    pub id: Uuid,
    /// Who sent the responses.
    pub client: ClientId,
    /// When they arrived.
    pub received_at: DateTime<Utc>,
    /// Each response in the order it was sent: its id, if one could be read, and what became of it.
    pub items: Vec<(Option<Uuid>, Verdict)>,
    /// JSON object: the problem of each response that was not stored, by its place from 0, as it was told.
    pub problems: String,
}
