//! Clients: machines and administrators' programs that hold a credential.

use super::device::{Place, Posting};
use super::ids::{AgencyId, ClientId, ServicePointId};
use crate::error::FaultKind;
use chrono::{DateTime, Utc};

/// What a client is; decides what it may do (see `auth::policy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientKind {
    /// An administrator's program.
    Admin,
    /// Another information system.
    System,
    /// A kiosk or tablet.
    Device,
    /// Somebody who only looks at figures.
    Viewer,
}

impl ClientKind {
    /// The words of the command line, the token and the database.
    pub const WORDS: [&'static str; 4] = ["admin", "system", "device", "viewer"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "admin" => Ok(Self::Admin),
            "system" => Ok(Self::System),
            "device" => Ok(Self::Device),
            "viewer" => Ok(Self::Viewer),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::System => "system",
            Self::Device => "device",
            Self::Viewer => "viewer",
        }
    }
}

/// A client as the service knows it; its secret is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client {
    /// Its id, which is the `client_id` in OAuth.
    pub id: ClientId,
    /// What it is.
    pub kind: ClientKind,
    /// What people call it.
    pub name: String,
    /// Root of the subtree it belongs to; `None` is the whole country.
    pub agency: Option<AgencyId>,
    /// The desk a device stands at.
    pub service_point: Option<ServicePointId>,
    /// When it was ended, if it was.
    pub revoked_at: Option<DateTime<Utc>>,
    /// What narrows a device.
    pub posting: Posting,
}

impl Client {
    /// What it could answer for at an instant: a device that was moved stood elsewhere before.
    pub fn place_at(&self, at: DateTime<Utc>) -> Place {
        let earlier = self.posting.earlier.iter().find(|past| at < past.until);
        earlier.map_or_else(|| self.place(), |past| past.place)
    }

    /// What it may answer for now.
    pub const fn place(&self) -> Place {
        Place { agency: self.agency, service_point: self.service_point, survey: self.posting.survey }
    }
}
