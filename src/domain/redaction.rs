//! Taking out of a comment what could name or reach a person, before it is stored anywhere.
//!
//! What is taken out is replaced by a marker that says what was there; the markers are the count. Rules: dossier
//! codes as TT 01/2018/TT-VPCP art. 19 writes them, with both forms of agency code
//! (QĐ 20/2020/QĐ-TTg; QCVN 102:2016); identity numbers of 12 digits (CCCD) and 9 (CMND), telephone numbers of Viet Nam, as
//! commonly written (assumed: no text was at hand). Where it is not clear, it is taken out: a comment without a number says
//! what it has to say, a stored number does not go away.
//!
//! Left alone: dates, hours, amounts of money with thousands apart or a currency behind, numbers of fewer than nine digits.
//! Not seen: names of people, addresses of houses, numbers written as quantities ("chín trăm mười hai"), letters that
//! stand for digits.
//!
//! Deterministic, and nothing is left to do for a second time: a repeated response is the same content.

mod numbers;

use std::collections::BTreeMap;

/// Version of the rules; grows with every change of what is taken out, together with the default of `comments.rules`.
pub const RULES: i16 = 1;

/// What was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A dossier code (mã hồ sơ).
    Dossier,
    /// An electronic mail address.
    Email,
    /// A link, or an address at a social network.
    Link,
    /// A name with `@` before it.
    Account,
    /// A telephone number.
    Phone,
    /// An identity number (CCCD or CMND).
    Identity,
    /// Another number of nine digits or more.
    Number,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Dossier, Self::Email, Self::Link, Self::Account, Self::Phone, Self::Identity, Self::Number];

    /// The word of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dossier => "dossier",
            Self::Email => "email",
            Self::Link => "link",
            Self::Account => "account",
            Self::Phone => "phone",
            Self::Identity => "identity",
            Self::Number => "number",
        }
    }

    /// What stands in its place.
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Dossier => "[mã hồ sơ]",
            Self::Email => "[thư điện tử]",
            Self::Link => "[liên kết]",
            Self::Account => "[tài khoản]",
            Self::Phone => "[điện thoại]",
            Self::Identity => "[số định danh]",
            Self::Number => "[dãy số]",
        }
    }
}

/// Characters `from..to` and what they are.
type Span = (usize, usize, Kind);

/// Finds what is of one sort.
type Finder = fn(&[char]) -> Vec<Span>;

/// The text with everything replaced that could name or reach a person.
pub fn redact(text: &str) -> String {
    let mut text: Vec<char> = text.chars().filter(|c| !invisible(*c)).collect();
    // What is taken out may let its surroundings be seen for what they are. Each round takes something out for good.
    while let Some(next) = round(&text) {
        text = next;
    }
    text.into_iter().collect()
}

/// How often each marker stands in a text.
pub fn count(text: &str) -> BTreeMap<Kind, usize> {
    let counts = Kind::ALL.into_iter().map(|kind| (kind, text.matches(kind.marker()).count()));
    counts.filter(|(_, count)| *count > 0).collect()
}

/// Characters without width, which would hide a number from us and not from a reader.
const fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

fn round(text: &[char]) -> Option<Vec<char>> {
    let finders: [Finder; 6] = [links, emails, dossiers, numbers::written, numbers::spelled, accounts];
    let mut spans: Vec<Span> = Vec::new();
    for find in finders {
        for span in find(text) {
            if spans.iter().all(|(from, to, _)| span.1 <= *from || *to <= span.0) {
                spans.push(span);
            }
        }
    }
    if spans.is_empty() {
        return None;
    }
    spans.sort_unstable();
    let (mut out, mut done) = (Vec::with_capacity(text.len()), 0);
    for (from, to, kind) in spans {
        out.extend(text.get(done..from).unwrap_or_default());
        out.extend(kind.marker().chars());
        done = to;
    }
    out.extend(text.get(done..).unwrap_or_default());
    Some(out)
}

fn at(text: &[char], place: usize) -> Option<char> {
    text.get(place).copied()
}

fn before(text: &[char], place: usize) -> Option<char> {
    place.checked_sub(1).and_then(|place| at(text, place))
}

/// The place after the characters from `place` on that are of a kind.
fn skip(text: &[char], mut place: usize, of: impl Fn(char) -> bool) -> usize {
    while at(text, place).is_some_and(&of) {
        place += 1;
    }
    place
}

/// The place of the first of the characters before `place` that are of a kind.
fn skip_back(text: &[char], mut place: usize, of: impl Fn(char) -> bool) -> usize {
    while before(text, place).is_some_and(&of) {
        place -= 1;
    }
    place
}

const fn blank(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\t')
}

/// `name@host.tld`, also with blanks around the sign.
fn emails(text: &[char]) -> Vec<Span> {
    let local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    let host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let mut spans = Vec::new();
    for (sign, _) in text.iter().enumerate().filter(|(_, c)| matches!(c, '@' | '＠')) {
        let end_of_name = skip_back(text, sign, blank);
        let from = skip_back(text, end_of_name, local);
        let start_of_host = skip(text, sign + 1, blank);
        let mut to = skip(text, start_of_host, host);
        while before(text, to).is_some_and(|c| matches!(c, '.' | '-')) {
            to -= 1;
        }
        let dotted = text.get(start_of_host..to).is_some_and(|host| host.contains(&'.'));
        if from < end_of_name && dotted {
            spans.push((from, to, Kind::Email));
        }
    }
    spans
}

/// Where links begin. Sites of public bodies name nobody and stay, unless written as a link.
const LINKS: [&str; 11] = [
    "http://",
    "https://",
    "www.",
    "facebook.com",
    "fb.com",
    "fb.me",
    "m.me",
    "zalo.me",
    "t.me/",
    "tiktok.com",
    "instagram.com",
];

fn links(text: &[char]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for from in 0..text.len() {
        let covered = spans.last().is_some_and(|(_, to, _)| from < *to);
        if covered || before(text, from).is_some_and(char::is_alphanumeric) {
            continue;
        }
        let begins = |start: &&&str| {
            let mut place = from;
            start.chars().all(|c| {
                place += 1;
                before(text, place).is_some_and(|found| found.eq_ignore_ascii_case(&c))
            })
        };
        let Some(start) = LINKS.iter().find(begins) else { continue };
        let to = skip(text, from + start.len(), |c| !c.is_whitespace() && !matches!(c, '[' | ']'));
        spans.push((from, to, Kind::Link));
    }
    spans
}

/// `@name`.
fn accounts(text: &[char]) -> Vec<Span> {
    let mut spans = Vec::new();
    for (from, _) in text.iter().enumerate().filter(|(_, c)| matches!(c, '@' | '＠')) {
        let to = skip(text, from + 1, |c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if to >= from + 4 {
            spans.push((from, to, Kind::Account));
        }
    }
    spans
}

/// `<agency code>-YYMMDD-NNNN`; the parts may be apart by any dash, dot, slash or blank.
fn dossiers(text: &[char]) -> Vec<Span> {
    let code = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let apart = |c: char| blank(c) || matches!(c, '-' | '‐'..='―' | '_' | '/' | '.');
    let mut spans: Vec<Span> = Vec::new();
    for from in 0..text.len() {
        let inside = before(text, from).is_some_and(|c| code(c) || c.is_alphanumeric());
        if inside || !at(text, from).is_some_and(code) || spans.last().is_some_and(|(_, to, _)| from < *to) {
            continue;
        }
        let end = skip(text, from, code);
        if !is_agency_code(text.get(from..end).unwrap_or_default()) {
            continue;
        }
        let day = skip(text, end, apart);
        let end_of_day = skip(text, day, |c| c.is_ascii_digit());
        let number = skip(text, end_of_day, apart);
        let to = skip(text, number, |c| c.is_ascii_digit());
        let distances = (1..=3).contains(&(day - end)) && (1..=3).contains(&(number - end_of_day));
        if distances && end_of_day - day == 6 && to > number {
            spans.push((from, to, Kind::Dossier));
        }
    }
    spans
}

/// Groups apart by dots, one of which is a letter and two digits: the level-1 group, first or (old form) last.
fn is_agency_code(code: &[char]) -> bool {
    let level_1 = |group: &[char]| {
        matches!(group, [letter, one, two]
            if letter.is_ascii_alphabetic() && one.is_ascii_digit() && two.is_ascii_digit())
    };
    code.len() <= 35 && code.split(|c| *c == '.').any(level_1)
}

#[cfg(test)]
#[path = "redaction_tests.rs"]
mod tests;
