//! Whether a text repeats somebody's words, so that a published text can be kept from quoting a comment.
//!
//! Words are compared without case, diacritics and punctuation. Vietnamese writes each syllable as a word, so [`WORDS`]
//! are a clause. Not seen: fewer words in a row than that (also a whole comment that is shorter), other words for the same,
//! another language, and a name: whoever publishes has to look for those.

use super::text::folded;
use std::collections::HashSet;

/// So many words in a row that stand in both texts are a quotation (an assumption, no rule of law says a number).
pub const WORDS: usize = 8;

/// The words of a text as they are compared.
pub fn words(text: &str) -> Vec<String> {
    let plain = folded(text);
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Whether `text` repeats [`WORDS`] words in a row of one of `others`.
pub fn quotes<'t>(text: &str, others: impl IntoIterator<Item = &'t str>) -> bool {
    let own = words(text);
    let runs: HashSet<&[String]> = own.windows(WORDS).collect();
    if runs.is_empty() {
        return false;
    }
    others.into_iter().any(|other| words(other).windows(WORDS).any(|run| runs.contains(run)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn eight_words_in_a_row_are_a_quotation_and_seven_are_not() {
        let comment = "Tôi phải chờ hơn ba tiếng mà không ai gọi số của tôi.";
        let eight = "Người dân nói: «PHẢI chờ hơn ba, tiếng mà khong ai…» và còn nữa";
        let seven = "Người dân nói phải chờ hơn ba tiếng mà không được gọi";
        assert!(quotes(eight, [comment]));
        assert!(!quotes(seven, [comment]));
        assert!(!quotes("phải chờ hơn ba", [comment]) && !quotes("", [comment]) && !quotes(eight, []));
    }

    proptest! {
        #[test]
        fn whatever_is_cut_out_of_a_comment_is_found_however_it_is_written(
            comment in prop::collection::vec("[a-zđêôơư]{1,6}", WORDS..40), at in 0_usize..40, upper in any::<bool>(),
            join in "[ ,.;:\n]{1,3}",
        ) {
            let at = at % (comment.len() - WORDS + 1);
            let cut = comment[at..at + WORDS].join(&join);
            let cut = if upper { cut.to_uppercase() } else { cut };
            let whole = comment.join(" ");
            let text = format!("Có người nói: \"{cut}\"!");
            prop_assert!(quotes(&text, [whole.as_str()]));
            // One word less is none, unless the words around it happen to be the same.
            let short = comment[at..at + WORDS - 1].join(" ");
            prop_assert!(!quotes(&short, [whole.as_str()]));
        }
    }
}
