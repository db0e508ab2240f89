//! What things are called on pages, for people who know neither statistics nor this program.

use super::layout::say;
use crate::error::Lang;

/// A formula by its id.
pub fn formula_name(id: &str, lang: Lang) -> &str {
    match id {
        "satisfied-share" => say(lang, "Tỷ lệ hài lòng", "Share of satisfied answers"),
        "mean-normalised" => {
            say(lang, "Điểm trung bình so với mức cao nhất", "Mean level against the highest")
        }
        "mean-rescaled" => {
            say(lang, "Điểm trung bình trên thang từ 0 đến 100", "Mean level on a scale from 0 to 100")
        }
        "desk-points" => say(lang, "Tổng điểm các chỉ số", "Points of all indicators"),
        "desk-points-rescaled" => say(lang, "Tổng điểm quy về 18 điểm", "Points scaled up to 18"),
        other => other,
    }
}

/// A formula by its id, in one sentence.
pub fn formula_sentence(id: &str, lang: Lang) -> &'static str {
    match id {
        "satisfied-share" => say(
            lang,
            "Với từng tiêu chí: trong 100 câu trả lời có bao nhiêu câu ở hai mức cao nhất; rồi lấy trung bình của các tiêu chí.",
            "For each criterion, how many of 100 answers are at the two highest levels; then the mean of the criteria.",
        ),
        "mean-normalised" => say(
            lang,
            "Với từng tiêu chí: mức trung bình (từ 1 đến 5) chia cho 5; rồi lấy trung bình của các tiêu chí. Thấp nhất là 20 %.",
            "For each criterion, the mean level (1 to 5) divided by 5; then the mean of the criteria. The lowest possible value is 20%.",
        ),
        "mean-rescaled" => say(
            lang,
            "Với từng tiêu chí: mức trung bình, đặt trên thang từ 0 (mọi người chọn mức 1) đến 100 (mọi người chọn mức 5); rồi lấy trung bình của các tiêu chí.",
            "For each criterion, the mean level on a scale from 0 (everybody chose level 1) to 100 (everybody chose level 5); then the mean of the criteria.",
        ),
        "desk-points" => say(
            lang,
            "Mỗi chỉ số được 0, 1 hoặc 2 điểm; lấy điểm trung bình của từng chỉ số rồi cộng lại.",
            "Each indicator gets 0, 1 or 2 points; the mean points of the indicators are added up.",
        ),
        "desk-points-rescaled" => say(
            lang,
            "Như tổng điểm các chỉ số, quy ra đủ chín chỉ số (18 điểm) khi có chỉ số chưa được hỏi.",
            "As the points of all indicators, scaled up to nine indicators (18 points) where some were not asked.",
        ),
        _ => "",
    }
}

/// A level of government.
pub fn level_name(level: &str, lang: Lang) -> &str {
    match level {
        "ministry" => say(lang, "bộ, ngành", "ministry"),
        "province" => say(lang, "tỉnh, thành phố", "province"),
        "department" => say(lang, "sở, ngành", "department"),
        "district" => say(lang, "cấp huyện", "district"),
        "commune" => say(lang, "xã, phường, đặc khu", "commune"),
        other => other,
    }
}
