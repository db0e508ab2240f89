//! Responses: one filled questionnaire, complete and within its rules.

use super::agency::AgencyCode;
use super::ids::{AgencyId, ClientId, DeviceSeq, ResponseId, ServicePointId};
use super::questionnaire::QuestionnaireVersion;
use super::survey::Survey;
use super::visit::VisitId;
use crate::error::{FaultKind, Faults, Place};
use compact_str::CompactString;
use std::sync::Arc;
use uuid::Uuid;

/// Longest comment, in characters after NFC.
pub const MAX_COMMENT: usize = 2000;

/// Most criteria a questionnaire may have, and so most answers in a response.
pub const MAX_CRITERIA: usize = 200;

/// A list of words, one of which a facet may take.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// The words of the wire and the database.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// Reads a word.
            ///
            /// # Errors
            /// [`FaultKind::NotAllowed`] for another word.
            pub fn parse(text: &str) -> Result<Self, FaultKind> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(FaultKind::NotAllowed { allowed: Self::WORDS }),
                }
            }

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

words! {
    /// How the citizen answered; after the channels of NĐ 61/2018/NĐ-CP art. 29.
    Channel {
        /// Electronic device fixed at the desk.
        Kiosk = "kiosk",
        /// Tablet handed over at the desk.
        Tablet = "tablet",
        /// The citizen's own phone, for example by QR code.
        OwnPhone = "own_phone",
        /// Form on a portal.
        Web = "web",
        /// Paper form, typed in later.
        Paper = "paper",
        /// Interview by phone or face to face.
        Interview = "interview",
    }
}

words! {
    /// How much of the questionnaire was put to the citizen.
    Form {
        /// All of it.
        Full = "full",
        /// What the survey's short form asks.
        Short = "short",
    }
}

words! {
    /// As on the official form (Nam / Nữ); absent if not told.
    Gender {
        /// Nam.
        Male = "male",
        /// Nữ.
        Female = "female",
    }
}

words! {
    /// Age in completed years, in the bands of the official form; never a birth date. The form's copy
    /// shows 18-25 next to 25-34; read here as 18-24.
    AgeBand {
        /// 18 to 24.
        From18To24 = "18-24",
        /// 25 to 34.
        From25To34 = "25-34",
        /// 35 to 49.
        From35To49 = "35-49",
        /// 50 to 60.
        From50To60 = "50-60",
        /// Over 60.
        Over60 = "over-60",
    }
}

/// Procedure code (mã TTHC): a digit, a dot, six digits, for example `2.000815`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureCode(String);

impl ProcedureCode {
    /// Reads a code.
    ///
    /// # Errors
    /// [`FaultKind::BadFormat`] for another form.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let well_formed = text.len() == 8
            && text.bytes().enumerate().all(|(i, b)| if i == 1 { b == b'.' } else { b.is_ascii_digit() });
        well_formed.then(|| Self(text.to_owned())).ok_or(FaultKind::BadFormat { expected: "2.000815" })
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is told beside the answers; all of it optional, none of it names a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// How the citizen answered.
    pub channel: Option<Channel>,
    /// Which administrative procedure it was about.
    pub procedure: Option<ProcedureCode>,
    /// Gender, if told.
    pub gender: Option<Gender>,
    /// Age band, if told.
    pub age_band: Option<AgeBand>,
    /// Whether staff helped to fill the form.
    pub assisted_by_staff: Option<bool>,
}

/// One answer as it was sent, before it is held against the questionnaire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerDraft {
    /// A level's value.
    Level(i64),
    /// `null`.
    NotApplicable,
    /// Of the wrong type; already reported.
    Faulty,
}

/// A response as it was sent: each field well-formed in itself, not yet held against survey and
/// questionnaire. A field that is absent or was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseDraft {
    /// Id made by the device; without one the service makes it.
    pub id: Option<Uuid>,
    /// Code of the survey.
    pub survey: Option<String>,
    /// Code of the agency that is rated.
    pub rated_agency: Option<AgencyCode>,
    /// Code of the desk that received the file.
    pub service_point: Option<String>,
    /// Number the device gave it.
    pub device_seq: Option<DeviceSeq>,
    /// The visit token that was shown, as it was sent.
    pub visit: Option<String>,
    /// Which form was filled in; none is the full one.
    pub form: Option<Form>,
    /// Answers by criterion code.
    pub answers: Option<Vec<(CompactString, AnswerDraft)>>,
    /// The facets.
    pub facets: Facets,
    /// The comment, NFC.
    pub comment: Option<String>,
}

/// The answers in the questionnaire's order, one ordinal each, 0 for not applicable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers(Vec<u8>);

impl Answers {
    /// Holds what was sent against the questionnaire, or against the criteria at `asked` if a short form was filled in. An
    /// optional criterion that was left out counts as not applicable, and so does one that was not asked, but something
    /// has to be answered. Every fault goes to `faults` under `/answers`; `None` if there was any.
    pub fn complete(
        version: &QuestionnaireVersion,
        asked: Option<&[usize]>,
        drafts: &[(CompactString, AnswerDraft)],
        faults: &mut Faults,
    ) -> Option<Self> {
        let mut ordinals = vec![0_u8; version.criteria.len()];
        let mut given = [false; MAX_CRITERIA];
        let is_asked = |place: &usize| asked.is_none_or(|asked| asked.contains(place));
        let mut next = 0;
        let before = faults.len();
        for (code, draft) in drafts {
            let pointer = || Place::Pointer("/answers".into()).member(code);
            let Some(place) = version.place_of(code, next) else {
                faults.push(pointer(), FaultKind::UnknownCriterion);
                continue;
            };
            next = place + 1;
            if !is_asked(&place) {
                faults.push(pointer(), FaultKind::NotInShortForm);
                continue;
            }
            if let Some(given) = given.get_mut(place) {
                *given = true;
            }
            let Some(criterion) = version.criteria.get(place) else { continue };
            let Some(scale) = version.scale_of(criterion) else { continue };
            match draft {
                AnswerDraft::Faulty => {}
                AnswerDraft::NotApplicable if criterion.may_be_not_applicable => {}
                AnswerDraft::NotApplicable => faults.push(pointer(), FaultKind::NotApplicableRefused),
                AnswerDraft::Level(value) => match (scale.ordinal(*value), ordinals.get_mut(place)) {
                    (Some(ordinal), Some(slot)) => *slot = ordinal,
                    _ => faults.push(pointer(), FaultKind::LevelOffScale { allowed: scale.values() }),
                },
            }
        }
        for (place, (criterion, given)) in version.criteria.iter().zip(given).enumerate() {
            if !given && is_asked(&place) && !criterion.may_be_not_applicable {
                faults.push(
                    Place::Pointer("/answers".into()).member(&criterion.code),
                    FaultKind::MissingAnswer,
                );
            }
        }
        if faults.len() == before && ordinals.iter().all(|ordinal| *ordinal == 0) {
            faults.at("/answers", FaultKind::NothingAnswered);
        }
        (faults.len() == before).then_some(Self(ordinals))
    }

    /// The ordinals, one byte for each criterion.
    pub fn ordinals(&self) -> &[u8] {
        &self.0
    }
}

/// A response ready to be stored.
#[derive(Debug, Clone)]
pub struct Response {
    /// Its id, which tells the time of answering.
    pub id: ResponseId,
    /// What it answers.
    pub survey: Arc<Survey>,
    /// Who is rated.
    pub rated_agency: AgencyId,
    /// Where the file was received.
    pub service_point: Option<ServicePointId>,
    /// Who sent it.
    pub client: ClientId,
    /// Number the device gave it.
    pub device_seq: Option<DeviceSeq>,
    /// The visit that rates with it.
    pub visit: Option<VisitId>,
    /// The answers.
    pub answers: Answers,
    /// The facets.
    pub facets: Facets,
    /// The comment, NFC, stored apart, without what could name or reach a person (see [`super::redaction`]).
    pub comment: Option<String>,
}
