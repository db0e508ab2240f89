//! Text as people type it: one normal form to store, one folded form to search.

use crate::error::FaultKind;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Cleans a free text: NFC, outer white space removed. `None` if nothing is left.
///
/// # Errors
/// [`FaultKind::ForbiddenCharacter`] for control characters other than line break and tab,
/// [`FaultKind::TooLong`] over `max` characters.
pub fn clean(raw: &str, max: usize) -> Result<Option<String>, FaultKind> {
    if raw.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        // As codes are: a byte a character, NFC as it is.
        let text = raw.trim();
        return if text.len() > max {
            Err(FaultKind::TooLong { max })
        } else {
            Ok((!text.is_empty()).then(|| text.to_owned()))
        };
    }
    if raw.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(FaultKind::ForbiddenCharacter);
    }
    // One form of line ends: a text that went through another system is still the same text.
    let lines = if raw.contains('\r') {
        Cow::from(raw.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        raw.into()
    };
    let raw = lines.as_ref();
    let text: String = raw.trim().nfc().collect();
    if text.chars().count() > max {
        return Err(FaultKind::TooLong { max });
    }
    Ok((!text.is_empty()).then_some(text))
}

/// The same for a name or a source, which stands in one line of a list or a letterhead: no line breaks, tabs or marks that
/// turn the direction of what follows (Unicode Standard Annex 9, 2.1 to 2.4), with which a name could be made to look like
/// another.
///
/// # Errors
/// As [`clean`]; [`FaultKind::ForbiddenCharacter`] for those characters.
pub fn line(raw: &str, max: usize) -> Result<Option<String>, FaultKind> {
    let turns = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let text = clean(raw, max)?;
    match text.as_deref().is_some_and(|text| text.chars().any(|c| c.is_control() || turns(c))) {
        true => Err(FaultKind::ForbiddenCharacter),
        false => Ok(text),
    }
}

/// Folds for search: without diacritics, `đ` as `d`, lower case, single spaces.
pub fn folded(text: &str) -> String {
    let plain: String = text
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vietnamese_is_found_without_diacritics() {
        assert_eq!(folded("Đắk  Lắk"), "dak lak");
        assert_eq!(folded("Thừa Thiên Huế"), "thua thien hue");
        assert_eq!(folded("BÀ RỊA - VŨNG TÀU"), "ba ria - vung tau");
    }

    #[test]
    fn a_name_is_one_line_that_reads_as_it_is_written() {
        assert_eq!(line(" Bộ phận một cửa\n", 20), Ok(Some("Bộ phận một cửa".into())));
        for raw in ["a\nb", "a\tb", "UBND \u{202e}ABC", "\u{2066}a\u{2069}"] {
            assert_eq!(line(raw, 20), Err(FaultKind::ForbiddenCharacter), "{raw:?}");
        }
        assert_eq!((line("  ", 20), line("abc", 2)), (Ok(None), Err(FaultKind::TooLong { max: 2 })));
    }

    #[test]
    fn decomposed_text_is_stored_composed() {
        assert_eq!(clean("  Hue\u{302}\u{301} ", 10), Ok(Some("Huế".into())));
        assert_eq!(clean(" \n ", 10), Ok(None));
        assert_eq!(clean("a\0b", 10), Err(FaultKind::ForbiddenCharacter));
        assert_eq!(clean("ốốốốố", 4), Err(FaultKind::TooLong { max: 4 }));
    }
}
