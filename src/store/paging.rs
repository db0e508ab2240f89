//! Keyset pages: every list goes on after the last key it gave, never from an offset, so that rows entered
//! meanwhile neither repeat nor hide others.

use crate::error::{Error, ErrorCode, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Rows of a page where the caller does not say.
pub const DEFAULT_LIMIT: i64 = 100;

/// Most rows of a page.
pub const MAX_LIMIT: i64 = 1000;

const FINGERPRINT: usize = 8;

/// One page to read.
#[derive(Debug, Clone)]
pub struct Page {
    /// Most rows to give.
    pub limit: i64,
    /// Key of the last row given before.
    pub after: Option<String>,
    fingerprint: [u8; FINGERPRINT],
}

impl Page {
    /// A page of the query that `filter` describes; `cursor` is what the page before returned.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCursor`] if the cursor is not ours or belongs to another filter.
    pub fn new(limit: i64, cursor: Option<&str>, filter: &str) -> Result<Self> {
        let mut fingerprint = [0; FINGERPRINT];
        for (slot, byte) in fingerprint.iter_mut().zip(Sha256::digest(filter)) {
            *slot = byte;
        }
        let after = match cursor {
            None => None,
            Some(cursor) => {
                Some(read(cursor, fingerprint).ok_or_else(|| Error::new(ErrorCode::InvalidCursor))?)
            }
        };
        Ok(Self { limit, after, fingerprint })
    }

    /// One more than asked for, to see whether there is a next page.
    pub(super) const fn limit_and_one(&self) -> i64 {
        self.limit + 1
    }

    /// Cuts the rows to the page and makes the cursor of the next one from the last row's key.
    pub fn cut<T>(&self, rows: &mut Vec<T>, key: impl Fn(&T) -> String) -> Option<String> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if rows.len() <= limit {
            return None;
        }
        rows.truncate(limit);
        let mut cursor = self.fingerprint.to_vec();
        cursor.extend(key(rows.last()?).into_bytes());
        Some(URL_SAFE_NO_PAD.encode(cursor))
    }
}

fn read(cursor: &str, fingerprint: [u8; FINGERPRINT]) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (head, key) = bytes.split_at_checked(FINGERPRINT)?;
    let key = std::str::from_utf8(key).ok()?;
    (head == fingerprint && !key.contains('\0')).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_a_cursor_of_this_query_or_none(
            text in prop_oneof![any::<String>(), "[A-Za-z0-9_-]{0,40}"], key in "[^\\x00]{0,30}",
        ) {
            if let Ok(page) = Page::new(2, Some(&text), "level=province") {
                // Only eight bytes of the digest stand between chance and a cursor.
                prop_assert!(page.after.is_some_and(|after| !after.contains('\0')));
            }
            let page = Page::new(1, None, "level=province").unwrap();
            let cursor = page.cut(&mut vec![key.clone(), String::new()], Clone::clone).unwrap();
            prop_assert_eq!(Page::new(1, Some(&cursor), "level=province").unwrap().after, Some(key));
            prop_assert!(Page::new(1, Some(&cursor), "level=commune").is_err());
        }
    }

    #[test]
    fn a_cursor_goes_on_after_the_last_row_of_its_own_query() {
        let page = Page::new(2, None, "level=province").unwrap();
        let mut rows = vec!["H01", "H02", "H03"];
        let cursor = page.cut(&mut rows, |code| (*code).into()).unwrap();
        assert_eq!(rows, ["H01", "H02"]);
        let next = Page::new(2, Some(&cursor), "level=province").unwrap();
        assert_eq!(next.after.as_deref(), Some("H02"));
        assert!(Page::new(2, Some(&cursor), "level=commune").is_err());
        assert!(next.cut(&mut vec!["H03"], |code| (*code).into()).is_none());
    }

    #[test]
    fn other_texts_are_no_cursors() {
        for cursor in ["", "x", "AAAA", "not base64!"] {
            assert!(Page::new(2, Some(cursor), "").is_err(), "{cursor:?}");
        }
    }
}
