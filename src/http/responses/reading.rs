//! Reads a response straight from JSON into its draft: the one reader of what a response looks like on the wire,
//! whichever way it comes. Every fault is told at once, with its pointer: fields that are there twice first, then each
//! field that a response has, in the order of [`Sent::into_draft`], then the fields that it does not have.
//!
//! Only what a field is in itself is looked at here; what it means is the business of `service::admission`.

use crate::domain::agency::AgencyCode;
use crate::domain::ids::DeviceSeq;
use crate::domain::response::{
    AgeBand, AnswerDraft, Channel, Facets, Form, Gender, MAX_COMMENT, ProcedureCode, ResponseDraft,
};
use crate::domain::text;
use crate::error::{FaultKind, Faults, Place};
use crate::http::fields::Name;
use crate::http::scalar::{Plain, Reads, Scalar, Value, check_count, named};
use foldhash::fast::FixedState;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess};
use std::collections::HashSet;
use std::hash::BuildHasher;
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// Longest visit token that is looked at, in characters.
const MAX_TOKEN: usize = 191;

/// Answers of a questionnaire, to make room for.
const USUAL_ANSWERS: usize = 24;

/// A response as it was sent: what could be read of it, and everything that is wrong with it so far.
#[derive(Debug, Default)]
pub struct SentResponse {
    /// What could be read.
    pub draft: ResponseDraft,
    /// What is wrong.
    pub faults: Faults,
}

impl<'de> Deserialize<'de> for SentResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value(Whole).deserialize(deserializer)
    }
}

/// Reads a whole response.
struct Whole;

impl<'de> Reads<'de> for Whole {
    type Value = SentResponse;

    fn scalar(self, _: Scalar<'de>) -> SentResponse {
        let mut sent = SentResponse::default();
        sent.faults.at("", FaultKind::WrongType { expected: "object" });
        sent
    }

    fn object<A: MapAccess<'de>>(self, map: A) -> Result<SentResponse, A::Error> {
        let (mut sent, mut faults) = (Sent::default(), Faults::default());
        sent.read(map, &mut faults)?;
        Ok(SentResponse { draft: sent.into_draft(&mut faults), faults })
    }
}

/// The value of a field, if it is there.
type Slot<'de> = Option<Scalar<'de>>;

/// The fields of a response as they came; of those that came twice the first.
#[derive(Default)]
struct Sent<'de> {
    id: Slot<'de>,
    survey: Slot<'de>,
    rated_agency: Slot<'de>,
    service_point: Slot<'de>,
    device_seq: Slot<'de>,
    visit: Slot<'de>,
    form: Slot<'de>,
    answers: Option<AnswersSent>,
    channel: Slot<'de>,
    procedure: Slot<'de>,
    gender: Slot<'de>,
    age_band: Slot<'de>,
    assisted_by_staff: Slot<'de>,
    comment: Slot<'de>,
    /// Names of fields that a response does not have, in the order in which they came, each once.
    unknown: Vec<Name>,
}

/// Where the value of a field belongs.
enum Field<'s, 'de> {
    /// The answers.
    Answers(&'s mut Option<AnswersSent>),
    /// Another field of a response.
    Known(&'static str, &'s mut Slot<'de>),
    /// None that a response has.
    Unknown(Name),
}

impl<'de> Sent<'de> {
    fn field(&mut self, name: &str) -> Field<'_, 'de> {
        match name {
            "id" => Field::Known("id", &mut self.id),
            "survey" => Field::Known("survey", &mut self.survey),
            "rated_agency" => Field::Known("rated_agency", &mut self.rated_agency),
            "service_point" => Field::Known("service_point", &mut self.service_point),
            "device_seq" => Field::Known("device_seq", &mut self.device_seq),
            "visit" => Field::Known("visit", &mut self.visit),
            "form" => Field::Known("form", &mut self.form),
            "answers" => Field::Answers(&mut self.answers),
            "channel" => Field::Known("channel", &mut self.channel),
            "procedure" => Field::Known("procedure", &mut self.procedure),
            "gender" => Field::Known("gender", &mut self.gender),
            "age_band" => Field::Known("age_band", &mut self.age_band),
            "assisted_by_staff" => Field::Known("assisted_by_staff", &mut self.assisted_by_staff),
            "comment" => Field::Known("comment", &mut self.comment),
            other => Field::Unknown(other.into()),
        }
    }

    /// Takes all fields; those that are there twice are faults.
    fn read<A: MapAccess<'de>>(&mut self, mut map: A, faults: &mut Faults) -> Result<(), A::Error> {
        let (mut unknown, mut seen) = (Vec::new(), HashSet::new());
        let mut count = 0;
        while let Some(field) = map.next_key_seed(named(|name| self.field(name)))? {
            match field {
                Field::Answers(slot @ None) => *slot = Some(map.next_value_seed(Value(AnswersReader))?),
                Field::Answers(Some(_)) => {
                    map.next_value_seed(Value(Plain))?;
                    faults.at("/answers", FaultKind::Duplicate);
                }
                Field::Known(_, slot @ None) => *slot = Some(map.next_value_seed(Value(Plain))?),
                Field::Known(name, Some(_)) => {
                    map.next_value_seed(Value(Plain))?;
                    faults.at(format!("/{name}"), FaultKind::Duplicate);
                }
                Field::Unknown(name) => {
                    map.next_value_seed(Value(Plain))?;
                    if seen.insert(name.clone()) {
                        unknown.push(name);
                    } else {
                        faults.push(whole().member(&name), FaultKind::Duplicate);
                    }
                }
            }
            count += 1;
            check_count(count)?;
        }
        self.unknown = unknown;
        Ok(())
    }

    /// Reads each field. The order is that of the faults that are told.
    fn into_draft(self, faults: &mut Faults) -> ResponseDraft {
        let code = |max: usize| move |raw: &str| text::clean(raw, max).map(Option::unwrap_or_default);
        let uuid = |raw: &str| Uuid::parse_str(raw).map_err(|_| FaultKind::NotUuidV7);
        let draft = ResponseDraft {
            id: optional("id", self.id, uuid, faults),
            survey: required("survey", self.survey, code(60), faults),
            rated_agency: required("rated_agency", self.rated_agency, AgencyCode::parse, faults),
            service_point: optional("service_point", self.service_point, code(40), faults),
            device_seq: device_seq(self.device_seq, faults),
            visit: optional("visit", self.visit, code(MAX_TOKEN), faults),
            form: optional("form", self.form, Form::parse, faults),
            answers: answers(self.answers, faults),
            facets: Facets {
                channel: optional("channel", self.channel, Channel::parse, faults),
                procedure: optional("procedure", self.procedure, ProcedureCode::parse, faults),
                gender: optional("gender", self.gender, Gender::parse, faults),
                age_band: optional("age_band", self.age_band, AgeBand::parse, faults),
                assisted_by_staff: boolean("assisted_by_staff", self.assisted_by_staff, faults),
            },
            comment: optional("comment", self.comment, |raw| text::clean(raw, MAX_COMMENT), faults).flatten(),
        };
        for name in self.unknown {
            faults.push(whole().member(&name), FaultKind::Unknown);
        }
        draft
    }
}

/// The place of the response itself.
fn whole() -> Place {
    Place::Pointer(String::new())
}

/// A text; absent is `None`.
fn optional<T>(
    name: &'static str,
    slot: Slot<'_>,
    parse: impl FnOnce(&str) -> Result<T, FaultKind>,
    faults: &mut Faults,
) -> Option<T> {
    let read = match slot? {
        Scalar::Null => return None,
        Scalar::Text(text) => parse(&text),
        _ => Err(FaultKind::WrongType { expected: "string" }),
    };
    read.map_err(|kind| faults.at(format!("/{name}"), kind)).ok()
}

/// A text; absent is a fault.
fn required<T>(
    name: &'static str,
    slot: Slot<'_>,
    parse: impl FnOnce(&str) -> Result<T, FaultKind>,
    faults: &mut Faults,
) -> Option<T> {
    if matches!(slot, None | Some(Scalar::Null)) {
        faults.at(format!("/{name}"), FaultKind::Missing);
        return None;
    }
    optional(name, slot, parse, faults)
}

fn boolean(name: &'static str, slot: Slot<'_>, faults: &mut Faults) -> Option<bool> {
    match slot? {
        Scalar::Null => None,
        Scalar::Bool(value) => Some(value),
        _ => {
            faults.at(format!("/{name}"), FaultKind::WrongType { expected: "boolean" });
            None
        }
    }
}

fn device_seq(slot: Slot<'_>, faults: &mut Faults) -> Option<DeviceSeq> {
    let kind = match slot? {
        Scalar::Null => return None,
        Scalar::Integer(number) => match DeviceSeq::new(number) {
            Some(seq) => return Some(seq),
            None => FaultKind::OutOfRange { min: 1, max: DeviceSeq::MAX },
        },
        _ => FaultKind::WrongType { expected: "integer" },
    };
    faults.at("/device_seq", kind);
    None
}

/// What came as the answers.
enum AnswersSent {
    /// `null`.
    Null,
    /// An object; positions of answers whose criterion was there before.
    Object(Vec<(Name, AnswerDraft)>, HashSet<usize>),
    /// Something else.
    Other,
}

/// Reads the answers.
struct AnswersReader;

impl<'de> Reads<'de> for AnswersReader {
    type Value = AnswersSent;

    fn scalar(self, value: Scalar<'de>) -> AnswersSent {
        if value == Scalar::Null { AnswersSent::Null } else { AnswersSent::Other }
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<AnswersSent, A::Error> {
        let (mut answers, mut sums) = (Vec::new(), Vec::new());
        let key = |code: &str| (Name::from(code), FixedState::default().hash_one(code.as_bytes()));
        while let Some((code, sum)) = map.next_key_seed(named(key))? {
            let answer = map.next_value_seed(Value(AnswerReader))?;
            if answers.is_empty() {
                // Not before: an object with nothing in it must not take a kilobyte.
                answers.reserve(USUAL_ANSWERS);
                sums.reserve(USUAL_ANSWERS);
            }
            answers.push((code, answer));
            sums.push(sum);
            check_count(answers.len())?;
        }
        let doubled = doubled(&answers, sums);
        Ok(AnswersSent::Object(answers, doubled))
    }
}

/// Reads an answer.
struct AnswerReader;

impl<'de> Reads<'de> for AnswerReader {
    type Value = AnswerDraft;

    fn scalar(self, value: Scalar<'de>) -> AnswerDraft {
        match value {
            Scalar::Integer(level) => AnswerDraft::Level(level),
            Scalar::Null => AnswerDraft::NotApplicable,
            _ => AnswerDraft::Faulty,
        }
    }

    fn object<A: MapAccess<'de>>(self, map: A) -> Result<AnswerDraft, A::Error> {
        Plain.object(map).map(|_| AnswerDraft::Faulty)
    }
}

/// Positions of answers whose criterion was there before, told its `sums`: equal codes have equal ones. Most responses
/// have no two equal sums, and then the codes themselves need not be compared.
fn doubled(answers: &[(Name, AnswerDraft)], mut sums: Vec<u64>) -> HashSet<usize> {
    sums.sort_unstable();
    if !sums.windows(2).any(|pair| matches!(pair, [before, sum] if before == sum)) {
        return HashSet::new();
    }
    let mut seen = HashSet::new();
    let codes = answers.iter().map(|(code, _)| code).enumerate();
    codes.filter(|(_, code)| !seen.insert(*code)).map(|(position, _)| position).collect()
}

fn answers(sent: Option<AnswersSent>, faults: &mut Faults) -> Option<Vec<(Name, AnswerDraft)>> {
    let (mut answers, doubled) = match sent {
        None | Some(AnswersSent::Null) => {
            faults.at("/answers", FaultKind::Missing);
            return None;
        }
        Some(AnswersSent::Other) => {
            faults.at("/answers", FaultKind::WrongType { expected: "object" });
            return Some(Vec::new());
        }
        Some(AnswersSent::Object(answers, doubled)) => (answers, doubled),
    };
    let place = || Place::Pointer("/answers".into());
    if !doubled.is_empty() {
        let mut position = 0;
        answers.retain(|(code, _)| {
            let again = doubled.contains(&position);
            if again {
                faults.push(place().member(code), FaultKind::Duplicate);
            }
            position += 1;
            !again
        });
    }
    for (code, _) in answers.iter().filter(|(_, answer)| *answer == AnswerDraft::Faulty) {
        faults.push(place().member(code), FaultKind::WrongType { expected: "integer | null" });
    }
    Some(answers)
}
