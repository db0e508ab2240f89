//! How a batch is kept while it waits: what the tallies need of its responses as one value, since arrays are taken apart
//! element by element whenever they are written or read. Migration 38 says the form.

use super::Unfolded;
use crate::domain::facet::Facet;
use crate::domain::ids::{AgencyId, ResponseId, SurveyId};
use crate::domain::response::{AgeBand, Channel, Gender, ProcedureCode, Response};
use bytes::{Buf, Bytes};
use chrono::{DateTime, Utc};
use compact_str::{CompactString, ToCompactString};
use std::sync::Arc;
use uuid::Uuid;

/// Bytes of a usual response, to make room for.
const USUAL: usize = 48;

/// Bit of the survey and the agency; that of a facet is to the left of it, in the order of [`Facet::ALL`].
const RATED: u8 = 1;

/// What says the same as the response before is left out; what waited at a kiosk does so nearly everywhere.
pub fn pack(batch: &[&Response]) -> Vec<u8> {
    let (mut packed, mut before) = (Vec::with_capacity(batch.len() * USUAL), None);
    for response in batch {
        let same = before.map_or(0, |before| same(before, response));
        packed.extend_from_slice(response.id.uuid().as_bytes());
        packed.push(same);
        push(&mut packed, response.answers.ordinals());
        if same & RATED == 0 {
            packed.extend_from_slice(&response.survey.id.0.to_be_bytes());
            packed.extend_from_slice(&response.rated_agency.0.to_be_bytes());
        }
        for (bit, facet) in bits() {
            if same & bit == 0 {
                push_value(&mut packed, response, facet);
            }
        }
        before = Some(response);
    }
    packed
}

fn bits() -> impl Iterator<Item = (u8, Facet)> {
    Facet::ALL.into_iter().enumerate().map(|(place, facet)| (RATED << (place + 1), facet))
}

fn same(before: &Response, now: &Response) -> u8 {
    let (was, is) = (&before.facets, &now.facets);
    let rated = (before.survey.id, before.rated_agency) == (now.survey.id, now.rated_agency);
    let facets = bits().filter(|(_, facet)| match facet {
        Facet::Channel => was.channel == is.channel,
        Facet::ServicePoint => before.service_point == now.service_point,
        Facet::Procedure => was.procedure == is.procedure,
        Facet::Gender => was.gender == is.gender,
        Facet::AgeBand => was.age_band == is.age_band,
    });
    facets.fold(if rated { RATED } else { 0 }, |same, (bit, _)| same | bit)
}

fn push_value(packed: &mut Vec<u8>, response: &Response, facet: Facet) {
    let facets = &response.facets;
    let desk = response.service_point.map(|desk| desk.0.to_compact_string());
    let word = match facet {
        Facet::Channel => facets.channel.map(Channel::as_str),
        Facet::ServicePoint => desk.as_deref(),
        Facet::Procedure => facets.procedure.as_ref().map(ProcedureCode::as_str),
        Facet::Gender => facets.gender.map(Gender::as_str),
        Facet::AgeBand => facets.age_band.map(AgeBand::as_str),
    };
    push(packed, word.unwrap_or_default().as_bytes());
}

/// Nothing is longer than 255 bytes: there are 200 criteria at most, and the words are short.
fn push(packed: &mut Vec<u8>, value: &[u8]) {
    let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
    packed.push(length);
    packed.extend_from_slice(value.get(..usize::from(length)).unwrap_or_default());
}

/// The responses that are packed, in order; `None` in the place of what cannot be read, and nothing after it.
pub fn unpack(packed: Bytes, received_at: DateTime<Utc>) -> impl Iterator<Item = Option<Unfolded>> {
    let (mut rest, mut before) = (packed, None);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let one = take_one(&mut rest, &mut before);
        if one.is_none() {
            rest = Bytes::new();
        }
        Some(one.map(|(id, answers, Before { survey, agency, values })| Unfolded {
            survey,
            agency,
            id,
            answers,
            values,
            received_at,
        }))
    })
}

/// What a response may say the same as the one before.
#[derive(Clone)]
struct Before {
    survey: SurveyId,
    agency: AgencyId,
    values: Arc<[Option<CompactString>; Facet::ALL.len()]>,
}

fn take_one(rest: &mut Bytes, before: &mut Option<Before>) -> Option<(ResponseId, Bytes, Before)> {
    let id = ResponseId::new(Uuid::from_bytes(rest.try_get_u128().ok()?.to_be_bytes()))?;
    let same = rest.try_get_u8().ok()?;
    let answers = bytes(rest)?;
    if same & RATED == 0 {
        let (survey, agency) = (SurveyId(rest.try_get_i32().ok()?), AgencyId(rest.try_get_i32().ok()?));
        let values = before.take().map(|before| before.values).unwrap_or_default();
        *before = Some(Before { survey, agency, values });
    }
    let now = before.as_mut()?;
    for (place, (bit, _)) in bits().enumerate() {
        if same & bit == 0 {
            let word = bytes(rest)?;
            let word = std::str::from_utf8(&word).ok()?;
            *Arc::make_mut(&mut now.values).get_mut(place)? =
                Some(word).filter(|word| !word.is_empty()).map(CompactString::from);
        }
    }
    Some((id, answers, now.clone()))
}

fn bytes(rest: &mut Bytes) -> Option<Bytes> {
    let length = usize::from(rest.try_get_u8().ok()?);
    (length <= rest.len()).then(|| rest.split_to(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::uuid_v7;

    fn read(packed: &[u8]) -> Vec<Option<Unfolded>> {
        unpack(Bytes::copy_from_slice(packed), DateTime::UNIX_EPOCH).collect()
    }

    #[test]
    fn what_is_cut_off_is_not_taken_for_the_end() {
        let id = uuid_v7(DateTime::UNIX_EPOCH);
        let mut packed = [id.as_bytes().as_slice(), &[0, 2, 4, 0, 0, 0, 1, 0, 0, 0, 0, 7]].concat();
        for value in [b"kiosk".as_slice(), b"12", b"", b"female", b""] {
            push(&mut packed, value);
        }
        let word = |word: &str| Some(CompactString::from(word));
        let one = Unfolded {
            survey: SurveyId(256),
            agency: AgencyId(7),
            id: ResponseId::new(id).unwrap(),
            answers: Bytes::from_static(&[4, 0]),
            values: [word("kiosk"), word("12"), None, word("female"), None].into(),
            received_at: DateTime::UNIX_EPOCH,
        };
        let twice = [packed.as_slice(), &packed].concat();
        assert_eq!(read(&twice), [Some(one.clone()), Some(one.clone())]);
        // The same but for the gender: five of six bits.
        let like_it = [id.as_bytes().as_slice(), &[0b10_1111, 1, 3, 4], b"male"].concat();
        let next = Unfolded {
            answers: Bytes::from_static(&[3]),
            values: [word("kiosk"), word("12"), None, word("male"), None].into(),
            ..one.clone()
        };
        assert_eq!(read(&[packed.as_slice(), &like_it].concat()), [Some(one.clone()), Some(next)]);
        assert_eq!(read(&like_it), [None], "like the one before the first");
        assert_eq!(read(&[]), []);
        for end in packed.len() + 1..twice.len() {
            assert_eq!(read(&twice[..end]), [Some(one.clone()), None], "cut at {end}");
        }
        let wrong = [&[0xff; 16], packed.get(16..).unwrap()].concat();
        assert_eq!(read(&wrong), [None]);
    }
}
