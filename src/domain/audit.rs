//! What the audit log says: who did what to what. Never a secret or an answer.

use super::client::Client;
use super::ids::AgencyId;
use crate::error::FaultKind;
use std::collections::BTreeMap;

/// Who did it.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// A client with a valid token.
    Client(&'a Client),
    /// Whoever runs the program on the machine itself.
    CommandLine,
    /// The service by itself, as its settings tell it to.
    Service,
}

impl By<'_> {
    /// As the log says it: `client:` with the id, `command-line` or `service`.
    pub fn text(self) -> String {
        match self {
            Self::Client(client) => format!("client:{}", client.id.0),
            Self::CommandLine => "command-line".into(),
            Self::Service => "service".into(),
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
    /// What else there is to know, by name: codes, ids, counts, days. Never a secret, a token, an answer or words of a
    /// citizen.
    pub details: Vec<(&'static str, String)>,
}

impl Entry {
    /// Most characters of the object and of each detail; what is longer is cut, with `…` at the end.
    pub const MAX_TEXT: usize = 200;

    /// The object, no longer than it may be.
    pub fn object_text(&self) -> String {
        cut(&self.object)
    }

    /// The details by name, each no longer than it may be.
    pub fn details_by_name(&self) -> BTreeMap<String, String> {
        self.details.iter().map(|(name, text)| ((*name).to_owned(), cut(text))).collect()
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= Entry::MAX_TEXT {
        return text.to_owned();
    }
    text.chars().take(Entry::MAX_TEXT - 1).chain(['…']).collect()
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

            /// Reads a word.
            ///
            /// # Errors
            /// [`FaultKind::NotAllowed`] for another word.
            pub fn parse(text: &str) -> Result<Self, FaultKind> {
                match text {
                    $($word => Ok(Self::$name),)+
                    _ => Err(FaultKind::NotAllowed { allowed: Self::WORDS }),
                }
            }

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
    /// A release was drafted: its figures are fixed.
    ReleaseDrafted = "release_drafted",
    /// A second client approved or rejected a release.
    ReleaseReviewed = "release_reviewed",
    /// A release was signed and published.
    ReleaseSealed = "release_sealed",
    /// An event that changed the tree of agencies.
    AgencyEventRecorded = "agency_event_recorded",
    /// A table of agencies was imported.
    AgenciesImported = "agencies_imported",
    /// A number of dossiers was reported.
    DossierCountReported = "dossier_count_reported",
    /// Reports of an agency are made by themselves from now on.
    ReportScheduled = "report_scheduled",
    /// They are not made any more.
    ReportScheduleEnded = "report_schedule_ended",
    /// Reports of a period were made.
    ReportsMade = "reports_made",
    /// A target was set or changed.
    TargetSet = "target_set",
    /// A target was ended.
    TargetEnded = "target_ended",
    /// A value of a measure was entered or corrected.
    MeasureValueEntered = "measure_value_entered",
    /// A table of values of measures was entered.
    MeasureValuesImported = "measure_values_imported",
    /// Who is responsible for a measure was recorded.
    MeasureDutyRecorded = "measure_duty_recorded",
    /// A page of single responses was read.
    ResponsesRead = "responses_read",
    /// Single responses were exported.
    ResponsesExported = "responses_exported",
    /// An export of single responses came to its end.
    ResponsesExportEnded = "responses_export_ended",
    /// Comments were read.
    CommentsRead = "comments_read",
    /// An undertaking was published.
    UndertakingPublished = "undertaking_published",
    /// A published undertaking was corrected.
    UndertakingCorrected = "undertaking_corrected",
    /// A published undertaking was withdrawn.
    UndertakingWithdrawn = "undertaking_withdrawn",
    /// The audit log was exported.
    AuditExported = "audit_exported",
    /// Catalogue files were entered.
    CatalogueLoaded = "catalogue_loaded",
    /// An import of past responses began, or went on.
    ResponsesImportStarted = "responses_import_started",
    /// An import of past responses came to its end.
    ResponsesImportEnded = "responses_import_ended",
    /// Tallies are counted anew where they differ from the responses; written before it begins.
    TalliesRepairStarted = "tallies_repair_started",
    /// Raw responses from before a day are not kept any more.
    ResponsesRetired = "responses_retired",
    /// Their months were dropped.
    ResponseMonthsDropped = "response_months_dropped",
    /// Comments from before a day were deleted.
    CommentsDropped = "comments_dropped",
    /// Months of the audit log were dropped.
    AuditMonthsDropped = "audit_months_dropped",
    /// A rule of alerts was made.
    AlertRuleCreated = "alert_rule_created",
    /// A rule of alerts was changed.
    AlertRuleChanged = "alert_rule_changed",
    /// A rule of alerts was ended.
    AlertRuleEnded = "alert_rule_ended",
    /// A webhook was made.
    WebhookCreated = "webhook_created",
    /// Where a webhook sends, or what, was changed.
    WebhookChanged = "webhook_changed",
    /// A webhook got another secret.
    WebhookRotated = "webhook_rotated",
    /// A webhook was paused, by an administrator or by the service.
    WebhookPaused = "webhook_paused",
    /// A paused webhook is sent to again.
    WebhookResumed = "webhook_resumed",
    /// A webhook was ended for good.
    WebhookEnded = "webhook_ended",
    /// Events are sent to a webhook again.
    WebhookReplayed = "webhook_replayed",
}
