//! What the audit log says: who did what to what. Never a secret or an answer.

use super::client::Client;
use super::ids::AgencyId;

/// Who did it.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// A client with a valid token.
    Client(&'a Client),
    /// Whoever runs the program on the machine itself.
    CommandLine,
}

impl By<'_> {
    /// As the log says it: `client:` with the id, or `command-line`.
    pub fn text(self) -> String {
        match self {
            Self::Client(client) => format!("client:{}", client.id.0),
            Self::CommandLine => "command-line".into(),
        }
    }
}

/// One thing that was done.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was done.
    pub action: Action,
    /// Whose affair it is, and so who may read of it; `None`: the whole country's.
    pub agency: Option<AgencyId>,
    /// What it was done to: an id or a code.
    pub object: String,
    /// What else there is to know, by name; in the order written.
    pub details: Vec<(&'static str, String)>,
}

/// Names what was done in the words of the log.
macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal,)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Action {
            /// Every word.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

actions! {
    /// A client was made.
    ClientCreated = "client_created",
    /// What a client may do, from where or until when was changed.
    ClientChanged = "client_changed",
    /// A client got another secret.
    ClientRotated = "client_rotated",
    /// A client was ended for good.
    ClientRevoked = "client_revoked",
    /// Another key signs tokens.
    KeyRotated = "key_rotated",
    /// A key is trusted no more.
    KeyWithdrawn = "key_withdrawn",
    /// A code was made with which a device enrols.
    DeviceInvited = "device_invited",
    /// A device enrolled.
    DeviceEnrolled = "device_enrolled",
    /// What a device is called was changed.
    DeviceRenamed = "device_renamed",
    /// A device stands elsewhere.
    DeviceMoved = "device_moved",
    /// A device may do nothing for the time being.
    DeviceSuspended = "device_suspended",
    /// A suspended device may work again.
    DeviceResumed = "device_resumed",
    /// A flag on a response was confirmed or lifted.
    FlagReviewed = "flag_reviewed",
    /// Somebody asked that a response be void.
    VoidRequested = "void_requested",
    /// A second person confirmed it.
    VoidConfirmed = "void_confirmed",
    /// A second person refused it.
    VoidRefused = "void_refused",
    /// An event that changed the tree of agencies.
    AgencyEventRecorded = "agency_event_recorded",
    /// A table of agencies was imported.
    AgenciesImported = "agencies_imported",
    /// A number of dossiers was reported.
    DossierCountReported = "dossier_count_reported",
    /// A page of single responses was read.
    ResponsesRead = "responses_read",
    /// Single responses were exported.
    ResponsesExported = "responses_exported",
    /// Comments were read.
    CommentsRead = "comments_read",
}
