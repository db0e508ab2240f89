//! Comments as they are read: of one agency and month, in an order that says nothing of when they came.

use super::ids::ResponseId;
use sha2::{Digest, Sha256};

/// Key of the order, secret against readers.
#[derive(Clone)]
pub struct CommentKey(pub Vec<u8>);

/// Where a comment stands among the others of its agency and month; tells nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing([u8; 32]);

impl CommentKey {
    /// Where the comment of a response stands. An id tells the moment of answering, and orders would follow it.
    pub fn standing(&self, id: ResponseId) -> Standing {
        let mut hash = Sha256::new();
        // The key has a fixed length, and so has what follows: nothing can be appended to either.
        hash.update(&self.0);
        hash.update(id.uuid().as_bytes());
        Standing(hash.finalize().into())
    }
}

impl Standing {
    /// As text that sorts the same.
    pub fn text(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads that text.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().map(|byte| char::from(byte).to_digit(16));
        let digits: Vec<u8> =
            digits.map(|digit| digit.and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
        let is_ours = text.len() == 64 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let bytes: Vec<u8> =
            digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        is_ours.then(|| Self::from_bytes(&bytes)).flatten()
    }

    /// As it is stored.
    pub const fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What was stored; `None` for another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_read_as_it_is_written_and_in_no_other_way() {
        let standing = CommentKey(vec![7; 32]).standing(ResponseId::make(chrono::DateTime::UNIX_EPOCH));
        let text = standing.text();
        assert_eq!(Standing::parse(&text), Some(standing));
        assert_eq!(Standing::from_bytes(standing.bytes()), Some(standing));
        for other in ["", "00", &text.to_uppercase(), &format!("{text}0"), &"g".repeat(64), &"é".repeat(32)]
        {
            assert!(Standing::parse(other).is_none() || *other == text, "{other}");
        }
    }
}
