//! What can go wrong, once for the whole service.
//!
//! [`Error`] is the only error type that crosses a layer; [`ErrorCode`] is the one table of codes,
//! statuses and titles, [`Fault`] one broken rule of one input. `http::problem` turns them into RFC 9457
//! bodies, `openapi/errors.md` is printed from them. This module knows neither actix nor diesel.

mod code;
mod fault;

pub use code::ErrorCode;
pub use fault::{
    ClientFault, Fault, FaultKind, Faults, FigureFault, MeasureFault, Place, TreeFault, UndertakingFault,
    VisitFault,
};

use chrono::{DateTime, Utc};

/// Languages of texts for people; machines use the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Vietnamese, the default.
    Vi,
    /// English.
    En,
}

/// A limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Which one.
    pub policy: &'static str,
    /// How many it lets through at once.
    pub at_once: u32,
    /// Seconds in which that many become free again.
    pub window_seconds: u64,
    /// Seconds until it is worth trying again, at least 1.
    pub wait_seconds: u64,
}

/// A refusal or a failure, with what the caller needs to know and what only the log may see.
#[derive(Debug, thiserror::Error)]
#[error("{}{}", code.name(), detail.as_deref().map(|d| format!(": {d}")).unwrap_or_default())]
pub struct Error {
    /// Which row of the table this is.
    pub code: ErrorCode,
    /// A sentence for this occurrence in English, where the title is not enough. Never a cause.
    pub detail: Option<String>,
    /// Every broken rule of the input, not only the first.
    pub faults: Vec<Fault>,
    /// The server's clock, sent where a client's clock may be the problem.
    pub server_time: Option<DateTime<Utc>>,
    /// The limit that was reached; with [`ErrorCode::RateLimited`] only.
    pub reached: Option<Box<Reached>>,
    /// Why it happened; goes to the log, never to the body.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Result with the service's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this code with nothing more to say.
    pub fn new(code: ErrorCode) -> Self {
        Self { code, detail: None, faults: Vec::new(), server_time: None, reached: None, cause: None }
    }

    /// Adds a sentence about this occurrence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The refusal of whoever asks too often.
    pub fn too_often(reached: Reached) -> Self {
        let mut error = Self::new(ErrorCode::RateLimited);
        error.reached = Some(Box::new(reached));
        error
    }

    /// An unexpected failure: the caller sees a fixed sentence and the request id, the log the cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(ErrorCode::Internal).because(cause)
    }

    /// The refusal of an input with all its faults. Where the time of answering is wrong, that is the
    /// code: the device has to mend its clock before anything else can go well.
    pub fn invalid(faults: Vec<Fault>, server_time: DateTime<Utc>) -> Self {
        let wrong_time = faults.iter().find_map(|fault| match fault.kind {
            FaultKind::AnsweredInFuture { .. } => Some(ErrorCode::AnsweredInFuture),
            FaultKind::AnsweredTooLongAgo { .. } => Some(ErrorCode::AnsweredTooLongAgo),
            _ => None,
        });
        let mut error = Self::new(wrong_time.unwrap_or(ErrorCode::ValidationFailed));
        error.faults = faults;
        error.server_time = wrong_time.is_some().then_some(server_time);
        error
    }

    /// The whole chain of causes in one line, for the log.
    pub fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            line.push_str(" <- ");
            line.push_str(&cause.to_string());
            next = cause.source();
        }
        line
    }
}
