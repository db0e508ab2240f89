//! How a batch is kept while it waits: what the tallies need of its responses as one value, since arrays are taken apart
//! element by element whenever they are written or read. Migration 38 says the form.

use super::Unfolded;
use crate::domain::facet::Facet;
use crate::domain::ids::{AgencyId, ResponseId, SurveyId};
use crate::domain::response::{AgeBand, Channel, Gender, ProcedureCode, Response};
use chrono::{DateTime, Utc};
use compact_str::{CompactString, ToCompactString};
use std::array::from_fn;
use uuid::Uuid;

/// Adds a response to those that are packed already.
pub fn pack(packed: &mut Vec<u8>, response: &Response) {
    let facets = &response.facets;
    let desk = response.service_point.map(|desk| desk.0.to_compact_string());
    packed.extend_from_slice(response.id.uuid().as_bytes());
    packed.extend_from_slice(&response.survey.id.0.to_be_bytes());
    packed.extend_from_slice(&response.rated_agency.0.to_be_bytes());
    push(packed, response.answers.ordinals());
    for facet in Facet::ALL {
        let word = match facet {
            Facet::Channel => facets.channel.map(Channel::as_str),
            Facet::ServicePoint => desk.as_deref(),
            Facet::Procedure => facets.procedure.as_ref().map(ProcedureCode::as_str),
            Facet::Gender => facets.gender.map(Gender::as_str),
            Facet::AgeBand => facets.age_band.map(AgeBand::as_str),
        };
        push(packed, word.unwrap_or_default().as_bytes());
    }
}

/// Nothing is longer than 255 bytes: there are 200 criteria at most, and the words are short.
fn push(packed: &mut Vec<u8>, value: &[u8]) {
    let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
    packed.push(length);
    packed.extend_from_slice(value.get(..usize::from(length)).unwrap_or_default());
}

/// The responses that are packed, in order; `None` in the place of what cannot be read, and nothing after it.
pub fn unpack(packed: &[u8], received_at: DateTime<Utc>) -> impl Iterator<Item = Option<Unfolded>> {
    let mut rest = packed;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let one = take_one(&mut rest, received_at);
        if one.is_none() {
            rest = &[];
        }
        Some(one)
    })
}

fn take_one(rest: &mut &[u8], received_at: DateTime<Utc>) -> Option<Unfolded> {
    let id = ResponseId::new(Uuid::from_bytes(*rest.split_off(..16)?.first_chunk()?))?;
    let survey = SurveyId(number(rest)?);
    let agency = AgencyId(number(rest)?);
    let answers = bytes(rest)?.to_vec();
    let words: [Option<&str>; Facet::ALL.len()] = from_fn(|_| std::str::from_utf8(bytes(rest)?).ok());
    let mut values: [Option<CompactString>; Facet::ALL.len()] = Default::default();
    for (value, word) in values.iter_mut().zip(words) {
        *value = Some(word?).filter(|word| !word.is_empty()).map(CompactString::from);
    }
    Some(Unfolded { survey, agency, id, answers, values, received_at })
}

fn number(rest: &mut &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(*rest.split_off(..4)?.first_chunk()?))
}

fn bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = *rest.split_off_first()?;
    rest.split_off(..usize::from(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::uuid_v7;

    fn read(packed: &[u8]) -> Vec<Option<Unfolded>> {
        unpack(packed, DateTime::UNIX_EPOCH).collect()
    }

    #[test]
    fn what_is_cut_off_is_not_taken_for_the_end() {
        let id = uuid_v7(DateTime::UNIX_EPOCH);
        let mut packed = [id.as_bytes().as_slice(), &[0, 0, 1, 0, 0, 0, 0, 7]].concat();
        for value in [[4, 0].as_slice(), b"kiosk", b"12", b"", b"female", b""] {
            push(&mut packed, value);
        }
        let word = |word: &str| Some(CompactString::from(word));
        let one = Unfolded {
            survey: SurveyId(256),
            agency: AgencyId(7),
            id: ResponseId::new(id).unwrap(),
            answers: vec![4, 0],
            values: [word("kiosk"), word("12"), None, word("female"), None],
            received_at: DateTime::UNIX_EPOCH,
        };
        let twice = [packed.as_slice(), &packed].concat();
        assert_eq!(read(&twice), [Some(one.clone()), Some(one.clone())]);
        assert_eq!(read(&[]), []);
        for end in packed.len() + 1..twice.len() {
            assert_eq!(read(&twice[..end]), [Some(one.clone()), None], "cut at {end}");
        }
        let wrong = [&[0xff; 16], packed.get(16..).unwrap()].concat();
        assert_eq!(read(&wrong), [None]);
    }
}
