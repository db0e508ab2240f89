//! What strangers write where a period, a day, a code, a share or a text is expected: arbitrary and nearly right. A
//! reader never panics, takes nothing but the documented form, and what it took is written back as it was.

use super::agency::{AgencyCode, AgencyLevel, parse_unit_code};
use super::agency_event::parse_share;
use super::ids::{DeviceSeq, ResponseId};
use super::period::{Period, parse_day};
use super::response::{AgeBand, Channel, Gender, ProcedureCode};
use super::subject::SubjectCode;
use super::text::clean;
use proptest::prelude::*;
use uuid::Uuid;

/// Any text, texts of the characters that codes and periods are made of, and right ones with one character changed.
fn text() -> impl Strategy<Value = String> {
    let right = [
        "2026",
        "2026-Q3",
        "2026-07",
        "2026-W31",
        "2026-07-15",
        "H56",
        "H56.C1.X1",
        "H56,H21",
        "VN",
        "38",
        "14797",
        "3/5",
        "2.000815",
        "kiosk",
        "own_phone",
        "male",
        "18-24",
        "over-60",
        "commune",
    ];
    let changed = (prop::sample::select(right.to_vec()), 0..12_usize, any::<char>(), 0..3_u8).prop_map(
        |(right, place, other, how)| {
            let mut characters: Vec<char> = right.chars().collect();
            let place = place % characters.len();
            match how {
                0 => drop(characters.remove(place)),
                1 => characters.insert(place, other),
                _ => characters.iter_mut().skip(place).take(1).for_each(|character| *character = other),
            }
            characters.into_iter().collect()
        },
    );
    prop_oneof![
        any::<String>(),
        "[0-9QWHCVNX./,-]{0,20}",
        "[ +-]?2026[ -]{1,2}[ +]?7-[ 0]?1",
        changed,
        prop::sample::select(right.to_vec()).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_text_is_a_period_that_says_so_or_none(text in text()) {
        if let Ok(period) = Period::parse(&text) {
            prop_assert_eq!(period.code(), Some(text.as_str()));
            prop_assert!(period.from() < period.to());
            prop_assert!(Period::between(period.from(), period.to()).is_ok());
            prop_assert!(text.is_ascii() && text.len() <= 10);
        }
        if let Ok(day) = parse_day(&text) {
            prop_assert_eq!(day.to_string(), text.clone());
            prop_assert!(Period::parse(&text).is_ok());
        }
    }

    #[test]
    fn any_text_is_a_code_as_it_stands_or_none(text in text()) {
        if let Ok(code) = AgencyCode::parse(&text) {
            prop_assert_eq!(code.as_str(), &text);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'.'));
            prop_assert_eq!(SubjectCode::parse(&text), Some(SubjectCode::Agencies(vec![code])));
        }
        if let Some(SubjectCode::Agencies(codes)) = SubjectCode::parse(&text) {
            let codes: Vec<&str> = codes.iter().map(AgencyCode::as_str).collect();
            prop_assert_eq!(codes.join(","), text.clone());
        }
        if let Ok(code) = ProcedureCode::parse(&text) {
            prop_assert_eq!(code.as_str(), &text);
        }
        if let Ok(code) = parse_unit_code(&text) {
            prop_assert_eq!(&code, &text);
        }
        let words = [
            Channel::parse(&text).ok().map(|word| word.as_str()),
            Gender::parse(&text).ok().map(|word| word.as_str()),
            AgeBand::parse(&text).ok().map(|word| word.as_str()),
            AgencyLevel::parse(&text).ok().map(|word| word.as_str()),
        ];
        for word in words.into_iter().flatten() {
            prop_assert_eq!(word, &text);
        }
    }

    #[test]
    fn a_share_is_above_nothing_and_at_most_all(text in prop_oneof![text(), "[0-9]{0,5}/?[0-9]{0,5}"]) {
        if let Ok(share) = parse_share(&text) {
            prop_assert!(share > 0.into() && share <= 1.into());
            prop_assert_eq!(parse_share(&share.to_string()), Ok(share));
        }
    }

    #[test]
    fn a_cleaned_text_stays_as_it_is(text in any::<String>(), max in 0..40_usize) {
        if let Ok(Some(cleaned)) = clean(&text, max) {
            prop_assert!(!cleaned.is_empty() && cleaned.chars().count() <= max);
            prop_assert!(!cleaned.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
            prop_assert_eq!(clean(&cleaned, max), Ok(Some(cleaned)));
        }
    }

    #[test]
    fn any_number_is_an_id_or_none(number: u128, seq: i64) {
        let uuid = Uuid::from_u128(number);
        if let Some(id) = ResponseId::new(uuid) {
            prop_assert_eq!(uuid.get_version_num(), 7);
            prop_assert_eq!(u128::try_from(id.answered_at().timestamp_millis()).unwrap(), number >> 80);
        }
        // The same number as version 7, variant 10 (RFC 9562), where its time can be told at all.
        let (version, variant) = (0xf << 76, 0b11 << 62);
        let seven = Uuid::from_u128(number & !version & !variant | 0x7 << 76 | 0b10 << 62);
        if let Some(id) = ResponseId::new(seven) {
            prop_assert_eq!(u128::try_from(id.answered_at().timestamp_millis()).unwrap(), number >> 80);
        }
        prop_assert_eq!(DeviceSeq::new(seq).map(DeviceSeq::get), Some(seq).filter(|seq| (1..=DeviceSeq::MAX).contains(seq)));
    }
}

#[test]
fn a_day_has_neither_spaces_nor_signs() {
    for text in [" 2026-7-01", "+2026-7-01", "2026- 7-01", "2026-7- 01", "2026-+7-01", "2026-7-01 "] {
        assert!(parse_day(text).is_err(), "{text:?}");
    }
}
