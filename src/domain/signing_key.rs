//! Signing keys as others may know them: which key, from when to when, trusted or not. No private half.

use chrono::{DateTime, TimeDelta, Utc};

/// Longest a key goes on signing after it should have stopped, and clocks of instances may differ: an instance
/// learns of a rotation within a second.
const SLACK: TimeDelta = TimeDelta::seconds(60);

/// A key that tokens were or are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name in tokens: the thumbprint of RFC 7638.
    pub kid: String,
    /// x and y of its point on P-256, 32 bytes each.
    pub public_key: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops signing.
    pub signs_until: DateTime<Utc>,
    /// Life of the longest token it signs, in seconds.
    pub token_seconds: i32,
    /// When it was withdrawn, if it was.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It signs, and what it signed is trusted.
    Signing,
    /// It signs no more; what it signed is trusted until it is over.
    Trusted,
    /// Everything it signed is over.
    Retired,
    /// Nothing it signed is trusted, at once and for good.
    Withdrawn,
}

impl KeyState {
    /// The words of the contract and the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Trusted => "trusted",
            Self::Retired => "retired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl SigningKey {
    /// When the last token it can have signed is over.
    pub fn trusted_until(&self) -> DateTime<Utc> {
        self.signs_until + TimeDelta::seconds(self.token_seconds.into()) + SLACK
    }

    /// What it is good for at an instant.
    pub fn state(&self, now: DateTime<Utc>) -> KeyState {
        match self.withdrawn_at {
            Some(_) => KeyState::Withdrawn,
            None if now < self.signs_until => KeyState::Signing,
            None if now < self.trusted_until() => KeyState::Trusted,
            None => KeyState::Retired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_trusted_until_its_last_token_is_over() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let key = SigningKey {
            kid: String::new(),
            public_key: Vec::new(),
            created_at: at(0),
            signs_until: at(100),
            token_seconds: 3600,
            withdrawn_at: None,
        };
        assert_eq!(key.state(at(99)), KeyState::Signing);
        assert_eq!(key.state(at(100)), KeyState::Trusted);
        assert_eq!(key.state(at(100 + 3600)), KeyState::Trusted);
        assert_eq!(key.state(at(100 + 3600 + 60)), KeyState::Retired);
        let withdrawn = SigningKey { withdrawn_at: Some(at(50)), ..key };
        assert_eq!(withdrawn.state(at(51)), KeyState::Withdrawn);
        assert_eq!(withdrawn.state(at(10_000)), KeyState::Withdrawn);
    }
}
