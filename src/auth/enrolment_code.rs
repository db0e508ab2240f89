//! Codes of invitations: short enough to type, long enough not to be guessed.
//!
//! Twelve of 31 characters are 59.4 bits. The reckoning: with 10,000 invitations open and 1,000 guesses a second for
//! the seven days that one lives at most, somebody gets in with a chance of 1 in 130,000; so a code needs no slow
//! hash and no brake that could be turned against those who have one.

use rand::Rng;
use sha2::{Digest, Sha256};

/// Characters that are not taken for each other: without I, L, O, 0 and 1.
const ALPHABET: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// Characters of a code.
const LENGTH: usize = 12;

/// Characters between two hyphens.
const GROUP: usize = 4;

/// A new code, for example `K7QM-2RTX-9HWB`.
pub fn generate() -> String {
    let mut code = String::with_capacity(LENGTH + 2);
    let mut drawn = 0;
    while drawn < LENGTH {
        let mut byte = [0_u8; 1];
        rand::rng().fill_bytes(&mut byte);
        // 248 is eight times 31: each character as likely as any other.
        let place =
            byte.into_iter().map(usize::from).find(|byte| *byte < 248).map(|byte| byte % ALPHABET.len());
        let Some(character) = place.and_then(|place| ALPHABET.get(place)) else { continue };
        if drawn > 0 && drawn % GROUP == 0 {
            code.push('-');
        }
        code.push(char::from(*character));
        drawn += 1;
    }
    code
}

/// What is kept of a code: its SHA-256, whatever case, hyphens and spaces it was typed with.
pub fn hash(typed: &str) -> Vec<u8> {
    let plain = typed.chars().filter(|c| *c != '-' && !c.is_whitespace()).map(|c| c.to_ascii_uppercase());
    Sha256::digest(plain.collect::<String>()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_three_groups_of_plain_characters_and_all_different() {
        let codes: HashSet<String> = (0..1000).map(|_| generate()).collect();
        assert_eq!(codes.len(), 1000);
        for code in &codes {
            let groups: Vec<&str> = code.split('-').collect();
            assert!(groups.len() == 3 && groups.iter().all(|group| group.len() == 4), "{code}");
            assert!(!code.contains(['0', '1', 'I', 'L', 'O']), "{code}");
        }
        let used: HashSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(used.len(), 32);
    }

    #[test]
    fn a_code_may_be_typed_as_one_likes() {
        assert_eq!(hash("k7qm 2rtx-9hwb"), hash("K7QM-2RTX-9HWB"));
        assert_ne!(hash("K7QM-2RTX-9HWC"), hash("K7QM-2RTX-9HWB"));
    }
}
