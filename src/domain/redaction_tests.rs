//! What has to go, what has to stay, and that nothing is left to do for a second time.

use super::*;
use proptest::prelude::*;

fn assert_redacted(text: &str, kind: Kind) {
    let redacted = redact(text);
    assert_eq!(redacted, kind.marker(), "{text}");
    let inside = redact(&format!("Xin gọi {text} giúp tôi"));
    assert_eq!(inside, format!("Xin gọi {} giúp tôi", kind.marker()), "{text}");
}

#[test]
fn telephone_numbers_go_in_every_form() {
    for text in [
        "0912345678",
        "0912 345 678",
        "0912.345.678",
        "0912-345-678",
        "091 234 5678",
        "09 12 34 56 78",
        "0 9 1 2 3 4 5 6 7 8",
        "09.12.34.56.78",
        "030000 1-3-83",
        "0912,345,678",
        "0912/345/678",
        "0912\n345\n678",
        "0912|345=678",
        "03-10-2000 83",
        "+84912345678",
        "+84 912 345 678",
        "+84 (0) 912 345 678",
        "(+84) 912.345.678",
        "84.912.345.678",
        "0084 912 345 678",
        "01234567890",
        "024 3825 1234",
        "(024) 3825.1234",
        "0203 3825 123",
        "０９１２３４５６７８",
        "không chín một hai ba bốn năm sáu bảy tám",
        "khong chin mot hai ba bon nam sau bay tam",
        "không chín 1 2 ba bốn 5 sáu bảy tám",
        "Không-chín-một-hai-ba-bốn-năm-sáu-bẩy-tám",
    ] {
        assert_redacted(text, Kind::Phone);
    }
    assert_eq!(redact("091\u{200b}2345678"), "[điện thoại]");
    assert_eq!(redact("quầy 12 0912 345 678"), "quầy 12 [điện thoại]");
    assert_eq!(redact("ngày 02.09.2026 0912345678"), "ngày 02.09.2026 [điện thoại]");
    assert_eq!(redact("0912345678 0987654321"), "[điện thoại] [điện thoại]");
}

#[test]
fn other_identifiers_go() {
    for text in
        ["001093012345", "001 093 012 345", "001.093.012.345", "123456789", "123 456 789", "012-345-678"]
    {
        assert_redacted(text, Kind::Identity);
    }
    for text in ["a.b@gmail.com", "nguyễn_van+x@mail.gov.vn", "ten @ gmail.com"] {
        assert_eq!(redact(text), "[thư điện tử]", "{text}");
    }
    for text in [
        "H56.01.02-240715-0001",
        "000.00.01.H56-240715-0001",
        "000.17.22.H56-210531-0001",
        "H56.14-240823-0001",
        "h56.14 – 240823 – 0001",
        "H56 240823 12",
    ] {
        assert_redacted(text, Kind::Dossier);
    }
    assert_redacted("https://example.com/a?b=1", Kind::Link);
    assert_redacted("facebook.com/nguyen.van.a", Kind::Link);
    assert_redacted("@nguyenvana", Kind::Account);
    assert_redacted("19001234567890", Kind::Number);
}

#[test]
fn what_names_nobody_stays() {
    for text in [
        "Cán bộ nhiệt tình, hướng dẫn dễ hiểu.",
        "Chờ từ 7h30 đến 11h15 ngày 15/07/2026 tại quầy số 12, số thứ tự 1045.",
        "Ngày 05.07.2026 lúc 09:30 tôi nộp hồ sơ, hẹn 2026-07-22.",
        "Lệ phí 1.500.000 đồng, không phải 15.000 đ.",
        "Nộp 1.500.000.000 đồng tiền đất; 150 000 000 đồng; 1500000000 VNĐ.",
        "Thủ tục 2.000815 theo Nghị định 61/2018/NĐ-CP, Quyết định 1001/QĐ-BNV.",
        "Tổng đài 1900 1234 không ai nghe.",
        "Tôi đi 3 lần, mất 2 buổi, từ năm 2025 đến năm 2026.",
        "Một, hai, ba lần đều như nhau, không ai làm.",
        "Trang motcua.gov.vn chạy chậm",
        "Điểm 9/10",
        "Ngày 15.07.2026 3 lần, 05.07.2026 09:30, 05.07.2026 9h",
        "",
    ] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn markers_are_the_count() {
    let redacted = redact("Gọi 0912345678 hoặc 0987654321, hoặc a@b.vn");
    assert_eq!(redacted, "Gọi [điện thoại] hoặc [điện thoại], hoặc [thư điện tử]");
    assert_eq!(count(&redacted), [(Kind::Email, 1), (Kind::Phone, 2)].into());
    for kind in Kind::ALL {
        assert_eq!(redact(kind.marker()), kind.marker());
    }
}

/// A number written with something between its digits, now and then.
fn grouped(digits: String) -> impl Strategy<Value = String> {
    let joins = prop::sample::select(vec!["", "", "", " ", ".", "-", " - "]);
    prop::collection::vec(joins, digits.len()).prop_map(move |joins| {
        digits.chars().zip(joins).fold(String::new(), |text, (digit, join)| text + join + &digit.to_string())
    })
}

fn words() -> impl Strategy<Value = String> {
    let words = ["tôi", "chờ", "lâu", "quá", "cán bộ", "ở đây", "nhiệt tình", "hồ sơ", "được"];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..5).prop_map(|words| words.join(" "))
}

fn phone() -> impl Strategy<Value = String> {
    ("(0|84|0084)[35789][0-9]{8}").prop_flat_map(|digits: String| grouped(digits))
}

proptest! {
    #[test]
    fn no_telephone_number_survives(number in phone(), before in words(), after in words()) {
        let redacted = redact(&format!("{before} {number} {after}"));
        prop_assert!(!redacted.contains(|c: char| c.is_ascii_digit()), "{number} -> {redacted}");
        prop_assert!(redacted.contains('['), "{number} -> {redacted}");
    }

    #[test]
    fn no_number_of_nine_digits_survives_in_one_piece(number in "[0-9]{9,20}", before in words(), after in words()) {
        let redacted = redact(&format!("{before} {number} {after}"));
        prop_assert!(!redacted.contains(|c: char| c.is_ascii_digit()), "{number} -> {redacted}");
    }

    #[test]
    fn no_identity_number_survives(number in "0[0-9]{2} ?[0-9]{3} ?[0-9]{6}", before in words(), after in words()) {
        let redacted = redact(&format!("{before} {number} {after}"));
        prop_assert!(!redacted.contains(|c: char| c.is_ascii_digit()), "{number} -> {redacted}");
    }

    #[test]
    fn no_dossier_code_survives(
        code in "([A-Y][0-9]{2}(\\.[0-9]{2}){0,2}|[0-9]{3}\\.[0-9]{2}\\.[0-9]{2}\\.[A-Y][0-9]{2})-[0-9]{6}-[0-9]{4}",
        before in words(), after in words(),
    ) {
        let redacted = redact(&format!("{before} {code} {after}"));
        prop_assert!(!redacted.contains(|c: char| c.is_ascii_digit()), "{code} -> {redacted}");
    }

    #[test]
    fn no_address_survives(address in "[a-z][a-z0-9._]{0,10}@[a-z]{2,8}\\.(com|vn|gov\\.vn)", before in words()) {
        let redacted = redact(&format!("{before} {address}"));
        prop_assert!(!redacted.contains('@'), "{address} -> {redacted}");
    }

    #[test]
    fn nothing_is_left_to_do(text in "[0-9 .@a-zđ\\-+()]{0,60}|\\PC{0,60}") {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once.clone());
        prop_assert!(once.chars().count() <= 4 * text.chars().count(), "{} -> {}", text, once);
    }
}
