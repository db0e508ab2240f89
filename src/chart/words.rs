//! Numbers and lines of text in the reader's language. Widths of text are estimated: which font the reader
//! has is not known, so places for text are generous.

use crate::error::Lang;
use num_traits::ToPrimitive;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A number with a fixed count of decimals: `1.234,50` in Vietnamese, `1,234.50` in English.
pub fn number(value: f64, decimals: usize, lang: Lang) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (group, point) = match lang {
        Lang::Vi => ('.', ','),
        Lang::En => (',', '.'),
    };
    let mut out = String::new();
    if value < 0.0 && text.contains(|c: char| c.is_ascii_digit() && c != '0') {
        out.push('\u{2212}');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(group);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(point);
        out.push_str(fraction);
    }
    out
}

/// A count.
pub fn count(value: u64, lang: Lang) -> String {
    number(value.to_f64().unwrap_or(0.0), 0, lang)
}

/// A figure with its unit, `83,94 %`; the space does not break.
pub fn with_unit(value: f64, unit: &str, lang: Lang) -> String {
    let number = number(value, 2, lang);
    if unit.is_empty() { number } else { format!("{number}\u{A0}{unit}") }
}

/// The text in NFC, in one line, without characters that XML 1.0 forbids.
pub fn clean(text: &str) -> String {
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    line.filter(|c| !matches!(c, '\u{FFFE}' | '\u{FFFF}')).nfc().collect()
}

/// Estimated width in pixels of a text at a size in pixels.
pub fn width(text: &str, size: i32) -> i32 {
    let hundredths: i32 = text.chars().map(hundredths_of_size).sum();
    (hundredths * size + 99) / 100
}

/// Advance of a character in hundredths of the size, about as in Arial, a little more for bold and wider fonts.
fn hundredths_of_size(c: char) -> i32 {
    match c {
        c if is_combining_mark(c) => 0,
        'i' | 'j' | 'l' | 'ì' | 'í' | 'ỉ' | 'ĩ' | 'ị' | '\'' | '|' => 25,
        ' ' | '\u{A0}' | 'f' | 't' | 'I' | '.' | ',' | ':' | ';' | '!' | '/' | '·' => 30,
        'r' | '(' | ')' | '-' => 36,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 90,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' => 53,
        c if c.is_uppercase() => 70,
        // Full-width letters of other scripts.
        c if u32::from(c) >= 0x2E80 => 100,
        _ => 58,
    }
}

/// Breaks a text into lines of at most `most` pixels; what does not fit into `lines` ends with an ellipsis.
pub fn wrapped(text: &str, size: i32, most: i32, lines: usize) -> Vec<String> {
    let text = clean(text);
    let mut out: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace() {
        match out.last_mut() {
            Some(line) if width(line, size) + width(word, size) + width(" ", size) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => out.push(word.into()),
        }
    }
    let over = out.len() > lines;
    out.truncate(lines);
    let last = out.len().saturating_sub(1);
    for (place, line) in out.iter_mut().enumerate() {
        if over && place == last {
            line.push('…');
        }
        *line = shortened(line, size, most);
    }
    out
}

/// The text cut to a width, with an ellipsis where something was cut off.
pub fn shortened(text: &str, size: i32, most: i32) -> String {
    let text = clean(text);
    if width(&text, size) <= most {
        return text;
    }
    let mut kept = String::new();
    for c in text.trim_end_matches('…').chars() {
        kept.push(c);
        if width(&kept, size) + width("…", size) > most {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_language_does() {
        assert_eq!(with_unit(83.94, "%", Lang::Vi), "83,94\u{A0}%");
        assert_eq!(with_unit(83.94, "%", Lang::En), "83.94\u{A0}%");
        assert_eq!(number(1_234_567.5, 2, Lang::Vi), "1.234.567,50");
        assert_eq!(count(999, Lang::En), "999");
        assert_eq!(count(1000, Lang::En), "1,000");
        assert_eq!(number(-0.001, 2, Lang::En), "0.00");
        assert_eq!(number(-1.5, 1, Lang::Vi), "\u{2212}1,5");
    }

    #[test]
    fn lines_are_broken_between_words_and_cut_with_an_ellipsis() {
        let text = "Trung tâm Phục vụ hành chính công";
        let lines = wrapped(text, 10, 100, 5);
        assert!(lines.len() > 1 && lines.iter().all(|line| width(line, 10) <= 100), "{lines:?}");
        assert_eq!(lines.join(" "), text);
        let cut = wrapped(text, 10, 100, 1);
        assert!(cut.len() == 1 && cut[0].ends_with('…') && width(&cut[0], 10) <= 100, "{cut:?}");
        assert_eq!(wrapped("", 10, 100, 2), Vec::<String>::new());
        assert!(width(&shortened(&"x".repeat(500), 10, 50), 10) <= 50);
    }

    #[test]
    fn decomposed_letters_are_composed_and_control_characters_dropped() {
        assert_eq!(clean("Hue\u{302}\u{301}\u{0}\u{FFFF}"), "Huế ");
    }
}
