//! What a client can be permitted to do, with the words for it. Who is permitted what is said in `auth::policy` alone.

use crate::error::FaultKind;

/// Names permissions in the words of the API, of tokens (`scope`) and of the database.
macro_rules! permissions {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal,)+) => {
        /// What can be asked for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

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

permissions! {
    /// Store a response.
    SubmitResponse = "submit_response",
    /// Read figures of agencies.
    ReadFigures = "read_figures",
    /// Read what became of the responses a client sent.
    ReadReceipts = "read_receipts",
    /// Read single responses.
    ReadResponses = "read_responses",
    /// Change the tree of agencies.
    ChangeTree = "change_tree",
    /// Say how many dossiers an agency handled.
    ReportDossiers = "report_dossiers",
    /// Set, change and end targets.
    SetTargets = "set_targets",
    /// Enter values of indices that others publish, and who is responsible for them.
    EnterMeasures = "enter_measures",
    /// Publish what an agency undertakes about what citizens wrote.
    PublishUndertakings = "publish_undertakings",
    /// Read what citizens wrote.
    ReadComments = "read_comments",
    /// Read who did what.
    ReadAudit = "read_audit",
    /// Uphold or lift flags.
    ReviewFlags = "review_flags",
    /// Ask that a response be void, and decide about it.
    VoidResponses = "void_responses",
    /// Draft, review and seal releases.
    PublishReleases = "publish_releases",
    /// Issue visit tokens.
    IssueVisits = "issue_visits",
    /// See, rotate and withdraw the keys that tokens are signed with.
    KeepKeys = "keep_keys",
    /// Make, see, change and end clients.
    ManageClients = "manage_clients",
    /// Invite, see, change and end devices.
    ManageDevices = "manage_devices",
    /// Say which reports are made by themselves.
    KeepReports = "keep_reports",
    /// Tell how oneself is doing.
    SendHeartbeat = "send_heartbeat",
    /// Make, see, change and end rules of alerts, and see alerts.
    ManageAlerts = "manage_alerts",
    /// Make, see, change and end webhooks.
    ManageWebhooks = "manage_webhooks",
}

impl Permission {
    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let known = Self::ALL.iter().copied().find(|permission| permission.as_str() == text);
        known.ok_or(FaultKind::NotAllowed { allowed: Self::WORDS })
    }
}
