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
}
