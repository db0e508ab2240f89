//! Visit tokens: what stands on a receipt, so that one visit rates once. Pure: which keys are trusted is looked up by
//! `service::visits`.
//!
//! A token is `V1` and the Base32 (RFC 4648) of 118 bytes: id 16, issuer 16, survey 4, desk 4, agency 4, procedure 4,
//! hours of validity 2, key 4, and an Ed25519 signature (RFC 8032) 64; 191 characters. Base32 has the letters that a QR
//! code packs two in 11 bits; with a link of 40 characters before it and error correction M the code is of version 9,
//! 53 modules a side, or 30.5 mm with its margin at half a millimetre a module: it fits the 48 mm that a thermal
//! printer of 58 mm prints. A JWT with the same claims has over 300 characters: version 14 at least, 73
//! modules, 40.5 mm.
//!
//! Signed, not authenticated with a shared secret: that would make 16 bytes of the 64 (version 7, 26.5 mm), but every
//! instance would have to hold the secret, and whoever reads a file or a dump of the database could print tokens. An
//! instance makes its private key itself, keeps it in memory alone, and takes another after [`SIGNING_LIFE`]; the public
//! half is in the database under a number that the token names. A key that is lost is withdrawn there.

use crate::domain::ids::{AgencyId, ClientId, ServicePointId, SurveyId};
use crate::domain::response::ProcedureCode;
use crate::domain::visit::{MAX_VALID_HOURS, Visit, VisitId};
use crate::error::{Error, Result};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use chrono::TimeDelta;
use uuid::Uuid;

/// How long a key signs.
pub const SIGNING_LIFE: TimeDelta = TimeDelta::hours(24);

/// How a visit token begins. No JWT does, since those begin with a brace in Base64.
const PREFIX: &str = "V1";

/// Bytes of what is signed.
const BODY: usize = 54;

/// Bytes of the signature.
const SIGNATURE: usize = 64;

/// Letters of Base32.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Whether this is a visit token by its look, before anything is checked.
pub fn looks_like_visit(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// A key that signs visits.
pub struct VisitSigner(Ed25519KeyPair);

impl VisitSigner {
    /// A new key that nobody else has.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`](crate::error::ErrorCode::Internal) if the system has no randomness.
    pub fn generate() -> Result<Self> {
        Ok(Self(Ed25519KeyPair::generate().map_err(Error::internal)?))
    }

    /// What others may know of it: 32 bytes.
    pub fn public(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    /// Writes a visit as a token; `key` is the number that the public half has.
    pub fn seal(&self, key: i32, visit: &Visit) -> String {
        let mut bytes = Vec::with_capacity(BODY + SIGNATURE);
        bytes.extend(visit.id.uuid().as_bytes());
        bytes.extend(visit.issuer.0.as_bytes());
        bytes.extend(visit.survey.0.to_be_bytes());
        bytes.extend(visit.desk.0.to_be_bytes());
        bytes.extend(visit.agency.0.to_be_bytes());
        bytes.extend(visit.procedure.as_ref().map_or(0, number).to_be_bytes());
        bytes.extend(visit.valid_hours.to_be_bytes());
        bytes.extend(key.to_be_bytes());
        let signature = self.0.sign(&signed(&bytes));
        bytes.extend(signature.as_ref());
        format!("{PREFIX}{}", encode(&bytes))
    }
}

/// A visit token that was read and not checked yet.
pub struct SealedVisit {
    bytes: Vec<u8>,
    visit: Visit,
    /// Number of the key that it says it is signed with.
    pub key: i32,
}

impl SealedVisit {
    /// Reads a token; `None` if it is none.
    pub fn parse(token: &str) -> Option<Self> {
        let bytes = decode(token.strip_prefix(PREFIX)?).filter(|bytes| bytes.len() == BODY + SIGNATURE)?;
        let (id, rest) = bytes.split_first_chunk()?;
        let (issuer, rest) = rest.split_first_chunk()?;
        let (survey, rest) = rest.split_first_chunk()?;
        let (desk, rest) = rest.split_first_chunk()?;
        let (agency, rest) = rest.split_first_chunk()?;
        let (procedure, rest) = rest.split_first_chunk()?;
        let (hours, rest) = rest.split_first_chunk()?;
        let (key, _) = rest.split_first_chunk()?;
        let visit = Visit {
            id: VisitId::new(Uuid::from_bytes(*id))?,
            issuer: ClientId(Uuid::from_bytes(*issuer)),
            survey: SurveyId(i32::from_be_bytes(*survey)),
            desk: ServicePointId(i32::from_be_bytes(*desk)),
            agency: AgencyId(i32::from_be_bytes(*agency)),
            procedure: match u32::from_be_bytes(*procedure) {
                0 => None,
                number => Some(procedure_of(number)?),
            },
            valid_hours: Some(u16::from_be_bytes(*hours)).filter(|hours| *hours <= MAX_VALID_HOURS)?,
        };
        let key = i32::from_be_bytes(*key);
        Some(Self { visit, key, bytes })
    }

    /// The visit, if the public key of number [`Self::key`] signed it.
    pub fn open(self, public: &[u8]) -> Option<Visit> {
        let (body, signature) = self.bytes.split_at_checked(BODY)?;
        UnparsedPublicKey::new(&ED25519, public).verify(&signed(body), signature).ok()?;
        Some(self.visit)
    }
}

/// What the signature is over: with the version before it, no other kind of message passes for a visit.
fn signed(body: &[u8]) -> Vec<u8> {
    [b"sipas visit ".as_slice(), PREFIX.as_bytes(), body].concat()
}

/// A procedure as a number above 0: its digits, plus one.
fn number(procedure: &ProcedureCode) -> u32 {
    procedure
        .as_str()
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
        + 1
}

fn procedure_of(number: u32) -> Option<ProcedureCode> {
    let digits = number.checked_sub(1)?;
    ProcedureCode::parse(&format!("{}.{:06}", digits / 1_000_000, digits % 1_000_000)).ok()
}

/// Base32 without padding.
fn encode(bytes: &[u8]) -> String {
    let letter = |chunk: &[u8]| {
        let place = chunk
            .iter()
            .zip([16_usize, 8, 4, 2, 1])
            .map(|(bit, weight)| usize::from(*bit) * weight)
            .sum::<usize>();
        LETTERS.get(place).copied().map_or('A', char::from)
    };
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks(5).map(letter).collect()
}

/// The bytes of a Base32 text; `None` if it is none, or not the one way to write them.
fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(text.len() * 5 / 8), 0_u32, 0_u32);
    for byte in text.bytes() {
        let letter = LETTERS.iter().position(|letter| *letter == byte)?;
        held = held << 5 | u32::try_from(letter).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    (bits < 5 && held == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn visit(procedure: Option<&str>) -> Visit {
        Visit {
            id: VisitId::make(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)),
            issuer: ClientId(Uuid::from_u128(7)),
            survey: SurveyId(1),
            desk: ServicePointId(2),
            agency: AgencyId(3),
            procedure: procedure.map(|code| ProcedureCode::parse(code).unwrap()),
            valid_hours: 72,
        }
    }

    #[test]
    fn a_visit_comes_back_as_it_was_and_for_its_key_alone() {
        let (one, other) = (VisitSigner::generate().unwrap(), VisitSigner::generate().unwrap());
        for procedure in [None, Some("2.000815"), Some("0.000000"), Some("9.999999")] {
            let visit = visit(procedure);
            let token = one.seal(5, &visit);
            assert_eq!(token.len(), 191);
            assert!(looks_like_visit(&token));
            let read = || SealedVisit::parse(&token).unwrap();
            assert_eq!(read().key, 5);
            assert_eq!(read().open(&one.public()), Some(visit));
            assert_eq!(read().open(&other.public()), None);
            assert_eq!(read().open(b""), None);
        }
    }

    #[test]
    fn no_letter_of_a_token_can_be_changed() {
        let signer = VisitSigner::generate().unwrap();
        let token = signer.seal(1, &visit(Some("2.000815")));
        for place in 0..token.len() {
            for letter in ["A", "7", "a", "0", "="] {
                let mut forged = token.clone();
                forged.replace_range(place..=place, letter);
                let opened = SealedVisit::parse(&forged).and_then(|sealed| sealed.open(&signer.public()));
                assert!(opened.is_none() || forged == token, "{forged}");
            }
        }
        for text in
            ["", "V1", "V1A", &token[..token.len() - 1], &format!("{token}A"), &token.replace("V1", "V2")]
        {
            assert!(SealedVisit::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        // RFC 4648 section 10, without the padding.
        for (bytes, text) in
            [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn no_text_stops_the_reader(text in "(V1)?\\PC{0,250}") {
            if let Some(sealed) = SealedVisit::parse(&text) {
                prop_assert!(sealed.open(&[1; 32]).is_none());
            }
        }
    }
}
