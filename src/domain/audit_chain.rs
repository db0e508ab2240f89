//! The chain of the audit log: each entry is sealed with the hash of the one before it.
//!
//! The hash of an entry is SHA-256 over the 32 bytes of the previous hash and the entry's canonical text: a JSON object of all
//! its fields but the hash, written as RFC 8785 (JCS) says, in UTF-8. The first entry follows number 0 with a hash of zeros.
//!
//! What it proves: whoever knows the hash of an entry sees every later change of that entry and of all before it, and every
//! one that was taken out, put in or moved. What it does not prove: that everything that was done was written down; and
//! whoever holds the database can make the chain anew from any entry on, or cut its end off. So the newest hash has to be
//! given away: it is in `GET /v1/audit` and, every hour, in the service's own log. Whoever keeps one outside pins
//! everything up to it.
//!
//! Pure; the files that hold a chain are read in `crate::audit`.

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Name of this way of sealing, written into exported files.
pub const FORM: &str = "sipas-audit-1";

/// A SHA-256, written as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return None;
        }
        for (position, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(position * 2..position * 2 + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The hash of these bytes; `None` if they are not 32.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A place in the chain: an entry's number and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Its number; 0 before the first entry.
    pub seq: i64,
    /// Its hash; zeros before the first entry.
    pub hash: Hash,
}

/// What an entry says, in the words that are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number, from 1 without gaps.
    pub seq: i64,
    /// When it was done; see [`instant`].
    pub at: String,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// Code of the agency whose affair it is.
    pub agency: Option<String>,
    /// What it was done to.
    pub object: String,
    /// What else there is to know.
    pub details: BTreeMap<String, String>,
}

/// An instant as the chain writes it: UTC to the microsecond, which is what the database keeps.
pub fn instant(at: DateTime<Utc>) -> String {
    at.trunc_subsecs(6).to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl Record {
    /// The text that is hashed.
    pub fn canonical(&self) -> String {
        let mut text = String::from("{\"action\":");
        quote(&mut text, &self.action);
        text.push_str(",\"actor\":");
        quote(&mut text, &self.actor);
        text.push_str(",\"agency\":");
        match &self.agency {
            Some(code) => quote(&mut text, code),
            None => text.push_str("null"),
        }
        text.push_str(",\"at\":");
        quote(&mut text, &self.at);
        text.push_str(",\"details\":{");
        for (position, (name, value)) in self.details.iter().enumerate() {
            if position > 0 {
                text.push(',');
            }
            quote(&mut text, name);
            text.push(':');
            quote(&mut text, value);
        }
        text.push_str("},\"object\":");
        quote(&mut text, &self.object);
        // Writing into a string cannot fail.
        let _ = write!(text, ",\"seq\":{}}}", self.seq);
        text
    }

    /// Its hash after an entry of the hash `previous`.
    pub fn hash(&self, previous: Hash) -> Hash {
        let mut hash = Sha256::new();
        hash.update(previous.0);
        hash.update(self.canonical());
        Hash(hash.finalize().into())
    }
}

/// A string as RFC 8785 section 3.2.2.2 writes it.
fn quote(text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            c if c < ' ' => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

/// Why an entry does not follow the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Another number was to come: entries are missing, doubled or in another order.
    Order {
        /// The number that was to come.
        expected: i64,
        /// The one that came.
        found: i64,
    },
    /// Its words, or the hash itself, are not what was sealed.
    Seal {
        /// Its number.
        seq: i64,
    },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order { expected, found } => write!(f, "entry {expected} was to come, found {found}"),
            Self::Seal { seq } => write!(f, "entry {seq} is not what was sealed, or follows another entry"),
        }
    }
}

impl Place {
    /// The place of the entry that follows this one, if it does.
    ///
    /// # Errors
    /// Why it does not.
    pub fn follow(self, record: &Record, hash: Hash) -> Result<Self, Broken> {
        let expected = self.seq.saturating_add(1);
        if record.seq != expected {
            return Err(Broken::Order { expected, found: record.seq });
        }
        if record.hash(self.hash) != hash {
            return Err(Broken::Seal { seq: record.seq });
        }
        Ok(Self { seq: record.seq, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            seq: 1,
            at: instant(DateTime::UNIX_EPOCH),
            actor: "service".into(),
            action: "client_created".into(),
            agency: None,
            object: "a \"b\" \\ \n\u{1} Huế".into(),
            details: [("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())].into(),
        }
    }

    #[test]
    fn the_text_is_canonical_json() {
        let expected = r#"{"action":"client_created","actor":"service","agency":null,"at":"1970-01-01T00:00:00.000000Z","details":{"a":"1","b":"2"},"object":"a \"b\" \\ \n\u0001 Huế","seq":1}"#;
        assert_eq!(record().canonical(), expected);
        let agency = Record { agency: Some("H56".into()), ..record() };
        assert!(agency.canonical().contains(r#","agency":"H56","#));
    }

    #[test]
    fn the_hash_is_that_of_any_sha256() {
        // printf: 32 zero bytes and the text above, through sha256sum.
        let mut input = vec![0; 32];
        input.extend(record().canonical().into_bytes());
        let expected = Hash(Sha256::digest(input).into());
        assert_eq!(record().hash(Hash::default()), expected);
        assert_eq!(Hash::parse(&expected.to_string()), Some(expected));
        assert_eq!(Hash::parse(&expected.to_string().to_uppercase()), None);
    }

    #[test]
    fn an_entry_follows_one_place_only() {
        let start = Place::default();
        let hash = record().hash(start.hash);
        let place = start.follow(&record(), hash).unwrap();
        assert_eq!(place, Place { seq: 1, hash });
        assert_eq!(place.follow(&record(), hash), Err(Broken::Order { expected: 2, found: 1 }));
        let second = Record { seq: 2, ..record() };
        assert_eq!(place.follow(&second, second.hash(Hash::default())), Err(Broken::Seal { seq: 2 }));
        place.follow(&second, second.hash(hash)).unwrap();
    }
}
