//! Codes of the API in the reader's words: periods, levels, channels and what else a facet can be. A code that has
//! no words here is shown as it is.

use super::layout::say;
use super::periods::name;
use crate::domain::period::Period;
use crate::error::Lang;
use chrono::{Datelike, NaiveDate};

/// A period's code in words; a code that is none as it is.
pub fn period(code: &str, lang: Lang) -> String {
    Period::parse(code).map_or_else(|_| code.to_owned(), |period| name(&period, lang))
}

/// The period before one of these codes and the same a year earlier, as people compare; nothing for others.
pub fn earlier(code: &str) -> Vec<String> {
    let (year, part) = code.split_once('-').map_or((code, None), |(year, part)| (year, Some(part)));
    let Ok(year) = year.parse::<i32>() else { return Vec::new() };
    let same = |part: &str| format!("{}-{part}", year - 1);
    match part {
        None => vec![(year - 1).to_string()],
        Some("Q1") => vec![same("Q4"), same("Q1")],
        Some("01") => vec![same("12"), same("01")],
        Some(part) => match (part.strip_prefix('Q'), part.parse::<u32>()) {
            (Some(quarter), _) => match quarter.parse::<u32>() {
                Ok(quarter) => vec![format!("{year}-Q{}", quarter - 1), same(part)],
                Err(_) => Vec::new(),
            },
            (None, Ok(month)) => vec![format!("{year}-{:02}", month - 1), same(part)],
            (None, Err(_)) => Vec::new(),
        },
    }
}

/// The least that names a step on an axis below which the year stands: `T7`, `Jul`, `Q3`; nothing for a year.
pub fn tick(step: &str, from: NaiveDate, lang: Lang) -> String {
    match (step, lang) {
        ("month", Lang::Vi) => format!("T{}", from.month()),
        ("month", Lang::En) => from.format("%b").to_string(),
        ("quarter", _) => format!("Q{}", from.month0() / 3 + 1),
        _ => from.year().to_string(),
    }
}

/// A value of a facet.
pub fn facet_value<'t>(by: &str, code: &'t str, lang: Lang) -> &'t str {
    match (by, code) {
        ("channel", "kiosk") => say(lang, "Máy đặt tại quầy", "Kiosk at the desk"),
        ("channel", "tablet") => say(lang, "Máy tính bảng tại quầy", "Tablet at the desk"),
        ("channel", "own_phone") => say(lang, "Điện thoại của người dân", "Own phone"),
        ("channel", "web") => say(lang, "Cổng thông tin", "Web portal"),
        ("channel", "paper") => say(lang, "Phiếu giấy", "Paper form"),
        ("channel", "interview") => say(lang, "Phỏng vấn", "Interview"),
        ("gender", "male") => say(lang, "Nam", "Men"),
        ("gender", "female") => say(lang, "Nữ", "Women"),
        ("age_band", "18-24") => say(lang, "18–24 tuổi", "Aged 18–24"),
        ("age_band", "25-34") => say(lang, "25–34 tuổi", "Aged 25–34"),
        ("age_band", "35-49") => say(lang, "35–49 tuổi", "Aged 35–49"),
        ("age_band", "50-60") => say(lang, "50–60 tuổi", "Aged 50–60"),
        ("age_band", "over-60") => say(lang, "Trên 60 tuổi", "Over 60"),
        _ => code,
    }
}

/// By what a figure is broken down.
pub fn facet(by: &str, lang: Lang) -> &'static str {
    match by {
        "channel" => say(lang, "Kênh trả lời", "Channel"),
        "gender" => say(lang, "Giới tính", "Gender"),
        "age_band" => say(lang, "Nhóm tuổi", "Age"),
        "service_point" => say(lang, "Bộ phận một cửa", "Service point"),
        _ => say(lang, "Thủ tục", "Procedure"),
    }
}

/// The agencies of a level.
pub fn level(level: &str, lang: Lang) -> &'static str {
    match level {
        "ministry" => say(lang, "Bộ, ngành", "Ministries"),
        "province" => say(lang, "Tỉnh, thành phố", "Provinces"),
        "department" => say(lang, "Sở", "Departments"),
        "district" => say(lang, "Huyện (đến 30/6/2025)", "Districts (until 30/06/2025)"),
        _ => say(lang, "Xã, phường, đặc khu", "Communes"),
    }
}

/// What a difference of two values is counted in: percent differ by percentage points.
pub fn difference_unit(unit: &str, lang: Lang) -> &'static str {
    match unit {
        "percent" => say(lang, "điểm phần trăm", "percentage points"),
        _ => say(lang, "điểm", "points"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facet::Facet;
    use crate::domain::response::{AgeBand, Channel, Gender};

    #[test]
    fn the_periods_before_are_named() {
        for (code, before) in [
            ("2026", vec!["2025"]),
            ("2026-Q1", vec!["2025-Q4", "2025-Q1"]),
            ("2026-Q3", vec!["2026-Q2", "2025-Q3"]),
            ("2026-01", vec!["2025-12", "2025-01"]),
            ("2026-10", vec!["2026-09", "2025-10"]),
            ("2026-W31", vec![]),
            ("2026-07-15", vec![]),
        ] {
            assert_eq!(earlier(code), before, "{code}");
        }
    }

    #[test]
    fn every_code_has_words_in_both_languages() {
        let values = [("channel", Channel::WORDS), ("gender", Gender::WORDS), ("age_band", AgeBand::WORDS)];
        for (by, word) in values.iter().flat_map(|(by, words)| words.iter().map(move |word| (by, word))) {
            let texts = [Lang::Vi, Lang::En].map(|lang| facet_value(by, word, lang));
            assert!(texts[0] != texts[1] && !texts.contains(word), "{by} {word}");
        }
        for by in Facet::WORDS {
            assert_ne!(facet(by, Lang::Vi), facet(by, Lang::En));
        }
    }
}
