//! Numbers that name or reach a person: written with digits, together or in groups, or spelled digit by digit.

use super::{Kind, Span, at, before, blank, skip};
use crate::domain::text::folded;

/// A run of digits as it stands in the text.
#[derive(Debug, Clone)]
struct Group {
    from: usize,
    to: usize,
    digits: String,
}

/// Digits that look like ours; typed on some keyboards.
fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10),
        _ => None,
    }
}

fn is_digit(c: char) -> bool {
    digit(c).is_some()
}

fn group(text: &[char], from: usize) -> Group {
    let to = skip(text, from, is_digit);
    let digits = text.get(from..to).unwrap_or_default().iter().filter_map(|c| digit(*c)).collect();
    Group { from, to, digits }
}

/// What may stand between the groups of one number; at most three of them.
const fn joins(c: char) -> bool {
    blank(c) || matches!(c, '.' | '-' | '‐'..='―' | '_' | '(' | ')' | '+' | '*' | '·')
}

const MOST_JOINS: usize = 3;

/// What joins the groups of a telephone number besides, if both have three digits or more: dates and hours have fewer.
const fn joins_long(c: char) -> bool {
    matches!(c, ',' | ';' | '/' | '\\' | '|' | '=' | '~' | '→' | '[' | ']' | '{' | '}' | '\n' | '\r' | '\t')
}

/// A kind of number and which digits, in how many groups, and whether alone, are one.
type Fits = (Kind, fn(&str, usize, bool) -> bool);

/// Telephone and identity numbers, and whatever else has nine digits or more. A date may be a part of a telephone number
/// ("09-12-34 56 78"), of anything else it is not: a day and a count are no identity number.
pub(super) fn written(text: &[char]) -> Vec<Span> {
    let phones: [Fits; 1] = [(Kind::Phone, is_phone)];
    let others: [Fits; 2] = [(Kind::Identity, is_identity), (Kind::Number, is_long)];
    let mut spans = Vec::new();
    for (dates_apart, kinds) in [(false, phones.as_slice()), (true, others.as_slice())] {
        for run in runs(text, dates_apart) {
            if !is_amount(text, &run) {
                spans.extend(find(text, &run, kinds));
            }
        }
    }
    spans
}

/// Groups that may belong together; dates stand by themselves, if that is wanted, and hours always.
fn runs(text: &[char], dates_apart: bool) -> Vec<Vec<Group>> {
    let (mut runs, mut run, mut place): (Vec<Vec<Group>>, Vec<Group>, usize) = (Vec::new(), Vec::new(), 0);
    while place < text.len() {
        if !at(text, place).is_some_and(is_digit) {
            place += 1;
            continue;
        }
        let next = group(text, place);
        let apart = run.last().is_none_or(|last| {
            let between = text.get(last.to..place).unwrap_or_default();
            let long = !dates_apart && last.digits.len() >= 3 && next.digits.len() >= 3;
            between.len() > MOST_JOINS || !between.iter().all(|c| joins(*c) || long && joins_long(*c))
        });
        let end_of_date = date(text, place).filter(|_| dates_apart);
        if apart || end_of_date.is_some() || is_hour(text, &next) {
            runs.push(std::mem::take(&mut run));
        }
        match end_of_date {
            Some(to) => place = to,
            None => {
                place = next.to;
                run.push(next);
            }
        }
    }
    runs.push(run);
    runs
}

/// The hour of `9h` and `09:30`.
fn is_hour(text: &[char], group: &Group) -> bool {
    let hour = group.digits.len() <= 2 && group.digits.parse::<u8>().is_ok_and(|hour| hour <= 24);
    hour && at(text, group.to).is_some_and(|c| matches!(c, ':' | 'h' | 'H' | 'g'))
}

/// Where a date that begins here ends: 15.7.2026, 15/07/26, 2026-07-15. Two pairs of digits after a pair are a date only
/// if nothing goes on behind with the same sign.
fn date(text: &[char], from: usize) -> Option<usize> {
    let one = group(text, from);
    let sign = at(text, one.to).filter(|c| matches!(c, '.' | '-' | '/'))?;
    let two = group(text, one.to + 1);
    let three = at(text, two.to).filter(|c| *c == sign).map(|_| group(text, two.to + 1))?;
    let goes_on = at(text, three.to) == Some(sign) && at(text, three.to + 1).is_some_and(is_digit);
    let number = |group: &Group, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&group.digits.len()).then(|| group.digits.parse::<u32>().ok())?
    };
    let day = |group: &Group| number(group, 1..=2).is_some_and(|day| (1..=31).contains(&day));
    let month = |group: &Group| number(group, 1..=2).is_some_and(|month| (1..=12).contains(&month));
    let year = |group: &Group| number(group, 4..=4).is_some_and(|year| (1900..2100).contains(&year));
    let short = |group: &Group| number(group, 2..=2).is_some();
    let forward = day(&one) && month(&two) && (year(&three) || short(&three));
    let backward = year(&one) && month(&two) && day(&three);
    (!goes_on && (forward || backward)).then_some(three.to)
}

/// Words that follow amounts of money.
const CURRENCIES: [&str; 7] = ["dong", "d", "vnd", "trieu", "ty", "nghin", "usd"];

/// Money: thousands apart and a first digit that is not 0, or a currency behind it. A telephone number begins with 0.
fn is_amount(text: &[char], run: &[Group]) -> bool {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return true };
    let whole: usize = run.iter().map(|group| group.digits.len()).sum();
    if first.digits.starts_with('0') || before(text, first.from) == Some('+') {
        return false;
    }
    let thousands = first.digits.len() <= 3
        && run.iter().skip(1).all(|group| group.digits.len() == 3)
        && run.windows(2).all(|pair| {
            matches!(pair, [one, two] if text.get(one.to..two.from).is_some_and(|sign| matches!(sign, ['.' | ' ' | '\u{a0}'])))
        });
    let start = skip(text, last.to, blank);
    let word: String =
        text.get(start..skip(text, start, char::is_alphabetic)).unwrap_or_default().iter().collect();
    let currency = at(text, start) == Some('₫') || CURRENCIES.contains(&folded(&word).as_str());
    let together = run.len() == 1;
    // Nine digits in threes are an identity number as often as an amount: without a currency they go.
    currency && (thousands || together)
        || thousands && run.len() > 1 && whole != 9 && whole != 12 && whole != 11
}

/// Numbers among the groups of a run, wherever they begin: what stands before them may be the number of a desk.
fn find(text: &[char], run: &[Group], kinds: &[Fits]) -> Vec<Span> {
    let mut free: Vec<&[Group]> = vec![run];
    let mut spans = Vec::new();
    for (kind, fits) in kinds {
        let mut left = Vec::new();
        while let Some(groups) = free.pop() {
            let Some((from, to)) = window(groups, *fits) else {
                left.push(groups);
                continue;
            };
            if let Some((first, last)) = groups.get(from).zip(to.checked_sub(1).and_then(|to| groups.get(to)))
            {
                spans.push((opening(text, first.from), last.to, *kind));
            }
            free.extend([groups.get(..from), groups.get(to..)].into_iter().flatten());
        }
        free = left;
    }
    spans
}

/// The first groups that fit together, as many as do.
fn window(groups: &[Group], fits: fn(&str, usize, bool) -> bool) -> Option<(usize, usize)> {
    for from in 0..groups.len() {
        let mut best = None;
        let mut digits = String::new();
        for (to, group) in groups.iter().enumerate().skip(from) {
            digits.push_str(&group.digits);
            if digits.len() > 40 && to > from {
                break;
            }
            let whole = from == 0 && to + 1 == groups.len();
            if fits(&digits, to + 1 - from, whole) {
                best = Some((from, to + 1));
            }
        }
        if best.is_some() {
            return best;
        }
    }
    None
}

/// `+` and `(` that belong to the number.
fn opening(text: &[char], mut from: usize) -> usize {
    while before(text, from).is_some_and(|c| matches!(c, '+' | '(')) {
        from -= 1;
    }
    from
}

/// Mobile: 0 and nine digits from 3, 5, 7, 8 or 9 on, until 2018 01 and nine digits. Fixed: 02 and eight or nine digits.
/// With +84 or 0084 instead of the 0, or before it.
fn is_phone(digits: &str, _: usize, _: bool) -> bool {
    let home = |digits: &str| match digits.as_bytes() {
        [b'3' | b'5' | b'7' | b'8' | b'9', rest @ ..] => rest.len() == 8,
        [b'1', rest @ ..] => rest.len() == 9,
        [b'2', rest @ ..] => (8..=9).contains(&rest.len()),
        _ => false,
    };
    let abroad = digits.strip_prefix("0084").or_else(|| digits.strip_prefix("84"));
    abroad.is_some_and(|rest| home(rest.strip_prefix('0').unwrap_or(rest)))
        || digits.strip_prefix('0').is_some_and(home)
}

/// Twelve digits, of which the first of a CCCD is 0, or nine; in many small groups only if nothing else is there.
fn is_identity(digits: &str, groups: usize, whole: bool) -> bool {
    match digits.len() {
        12 => groups == 1 || digits.starts_with('0') || whole,
        9 => groups <= 4 || whole,
        _ => false,
    }
}

fn is_long(digits: &str, groups: usize, _: bool) -> bool {
    groups == 1 && digits.len() >= 9
}

/// Digits as they are spoken; one more way to say 1, 4, 5 and 7 is used inside of numbers.
const WORDS: [&str; 13] =
    ["khong", "mot", "hai", "ba", "bon", "tu", "nam", "lam", "sau", "bay", "tam", "chin", "linh"];

/// Fewest digits of a number that is spelled.
const FEWEST: usize = 8;

/// Eight digits or more of which most are spelled: "không chín một hai …". Three words in a row may be speech; eight are not.
pub(super) fn spelled(text: &[char]) -> Vec<Span> {
    let (mut spans, mut run): (Vec<Span>, Vec<(usize, usize, usize)>) = (Vec::new(), Vec::new());
    let mut words = 0;
    let mut place = 0;
    let mut finish = |run: &mut Vec<(usize, usize, usize)>, words: &mut usize| {
        let digits: usize = run.iter().map(|(_, _, digits)| digits).sum();
        if let (Some((from, ..)), Some((_, to, _)), true) =
            (run.first(), run.last(), digits >= FEWEST && *words >= FEWEST / 2)
        {
            spans.push((*from, *to, Kind::Phone));
        }
        run.clear();
        *words = 0;
    };
    while place < text.len() {
        let from = place;
        if !at(text, place).is_some_and(char::is_alphanumeric) {
            place += 1;
            continue;
        }
        place = skip(text, place, char::is_alphanumeric);
        let token = text.get(from..place).unwrap_or_default();
        let between = run.last().and_then(|(_, to, _)| text.get(*to..from)).unwrap_or_default();
        let near = between.len() <= MOST_JOINS && between.iter().all(|c| joins(*c) || *c == ',');
        let digits = match token.iter().all(|c| is_digit(*c)) {
            true if token.len() <= 3 => token.len(),
            true => 0,
            false => {
                let word: String = token.iter().collect();
                usize::from(token.len() <= 6 && WORDS.contains(&folded(&word).as_str()))
            }
        };
        if !near || digits == 0 {
            finish(&mut run, &mut words);
        }
        if digits > 0 {
            run.push((from, place, digits));
            words += usize::from(!token.iter().all(|c| is_digit(*c)));
        }
    }
    finish(&mut run, &mut words);
    spans
}
