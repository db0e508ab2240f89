//! The clock is an argument, so that a test can say what time it is.

use chrono::{DateTime, SubsecRound, Utc};

/// Where the time comes from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The system's clock.
    System,
    /// Always this instant.
    Fixed(DateTime<Utc>),
}

impl Clock {
    /// The time.
    pub fn now(self) -> DateTime<Utc> {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the clock")]
            // As fine as the database keeps it, so that an answer says what a later one will say.
            Self::System => Utc::now().trunc_subsecs(6),
            Self::Fixed(at) => at,
        }
    }
}
