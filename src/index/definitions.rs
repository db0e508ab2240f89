//! What is written about each formula: what it is, what of it has been verified, what is assumed.
//!
//! Texts only; the rules themselves are in [`super::formula`]. Also names the third measurement, which this
//! service does not compute, so that nobody takes a computed figure for it.

use super::formula::{DESK_INDICATORS, Formula};
use crate::domain::questionnaire::{Kind, Wording};
use num_traits::ToPrimitive;

/// Whether figures are made by a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// From stored responses.
    Computed,
    /// It needs counts of complaints, which no questionnaire gives.
    NeedsCountsOfComplaints,
}

impl Status {
    /// Word of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Computed => "computed",
            Self::NeedsCountsOfComplaints => "needs_counts_of_complaints",
        }
    }
}

/// Everything written about a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Stable id.
    pub id: &'static str,
    /// Version of the rule behind the id.
    pub version: u16,
    /// The measurement it belongs to.
    pub kind: &'static str,
    /// `percent` or `points`.
    pub unit: &'static str,
    /// Whether figures are made by it.
    pub status: Status,
    /// Smallest and largest value of the whole (of nine desk indicators).
    pub range: (f64, f64),
    /// The rule.
    pub definition: Wording,
    /// What of it was read in a source.
    pub verified: Wording,
    /// What of it is assumed.
    pub assumed: Wording,
    /// How elements and the whole are made of criteria.
    pub combination: Wording,
    /// How intervals are made.
    pub interval: Wording,
    /// The act it comes from.
    pub source: Wording,
}

/// Everything written about every rule.
pub fn definitions() -> Vec<Definition> {
    Formula::ALL.into_iter().map(of_formula).chain([ratio_766()]).collect()
}

fn text(vi: &str, en: &str) -> Wording {
    Wording { vi: vi.into(), en: en.into() }
}

fn of_formula(formula: Formula) -> Definition {
    let indicators = DESK_INDICATORS.to_usize().unwrap_or_default();
    Definition {
        id: formula.id(),
        version: formula.version(),
        kind: formula.kind().as_str(),
        unit: formula.unit(),
        status: Status::Computed,
        range: formula.range(indicators),
        definition: formula.definition(),
        verified: verified(formula),
        assumed: assumed(formula),
        combination: combination(formula),
        interval: interval(formula),
        source: source(formula.kind()),
    }
}

fn verified(formula: Formula) -> Wording {
    match formula {
        Formula::SatisfiedShare | Formula::MeanNormalised => text(
            "Thang đo năm mức và hai chữ số thập phân trong mọi số liệu công bố. Số tổng năm 2024 (83,94) không phải trung bình cộng của hai khối (83,84 và 84,09).",
            "The scale of five levels and the two decimals of every publication. The overall figure of 2024 (83.94) is not the plain mean of the two blocks (83.84 and 84.09).",
        ),
        Formula::MeanRescaled => text("Không có.", "Nothing."),
        Formula::DeskPoints => text(
            "Điểm trung bình từng chỉ số, làm tròn một chữ số thập phân; cộng các chỉ số; bỏ qua chỉ số thiếu dữ liệu; năm mức xếp loại trên 18 điểm với các mốc 6, 9, 12, 15.",
            "Mean per indicator to one decimal; sum over indicators; indicators without enough data left out; five bands out of 18 points with borders at 6, 9, 12 and 15.",
        ),
        Formula::DeskPointsRescaled => {
            text("Như desk-points, trừ việc quy đổi.", "As desk-points, without the scaling up.")
        }
    }
}

fn assumed(formula: Formula) -> Wording {
    match formula {
        Formula::SatisfiedShare => text(
            "Đây là công thức chính thức: cách hiểu thông dụng của giai đoạn 2015-2021, chưa đối chiếu với phần công thức của QĐ 1001/QĐ-BNV. Trọng số các tiêu chí bằng nhau; cách làm tròn (nửa lên).",
            "That this is the official formula: the usual reading of 2015-2021, not held against the formula section of QĐ 1001/QĐ-BNV. Equal weights of criteria; rounding half up.",
        ),
        Formula::MeanNormalised => text(
            "Đây là công thức chính thức từ 2022: chỉ suy ra từ số liệu công bố (87,16 xuống 80,08 khi đổi phương pháp). Trọng số các tiêu chí bằng nhau; cách làm tròn (nửa lên).",
            "That this is the official formula since 2022: inferred from published figures alone (80.08 when the method changed). Equal weights of criteria; rounding half up.",
        ),
        Formula::MeanRescaled => text(
            "Không có căn cứ nào cho thấy SIPAS dùng công thức này; chỉ để so sánh với nước ngoài.",
            "Nothing suggests that SIPAS uses it; given for comparison with figures from abroad.",
        ),
        Formula::DeskPoints => text(
            "Làm tròn nửa lên (thông tư không nêu). Chưa xác minh bảng điểm 0/1/2 còn hiệu lực sau NĐ 118/2025/NĐ-CP và TT 03/2025/TT-VPCP.",
            "Rounding half up (the circular does not say). Whether the table of 0/1/2 points is still in force after NĐ 118/2025/NĐ-CP and TT 03/2025/TT-VPCP has not been verified.",
        ),
        Formula::DeskPointsRescaled => text(
            "Cách quy đổi khi thiếu chỉ số (thông tư không quy định), và mọi giả định của desk-points.",
            "The scaling up where indicators are missing (the circular has no rule), and everything assumed in desk-points.",
        ),
    }
}

fn combination(formula: Formula) -> Wording {
    match formula {
        Formula::SatisfiedShare | Formula::MeanNormalised | Formula::MeanRescaled => text(
            "Yếu tố: trung bình cộng các tiêu chí của nó. Toàn phiếu: trung bình cộng mọi tiêu chí, không qua yếu tố hay khối (giả định: với 32 và 19 tiêu chí, 83,84 và 84,09 cho 83,93-83,94). Tiêu chí không ai trả lời được bỏ qua và liệt kê.",
            "Element: the mean of its criteria. Whole: the mean of all criteria, not of elements or blocks (assumed: with 32 and 19 criteria 83.84 and 84.09 give 83.93 to 83.94). Criteria nobody answered are left out and listed.",
        ),
        Formula::DeskPoints => text(
            "Tổng điểm các chỉ số có dữ liệu; chỉ xếp loại khi đủ chín chỉ số.",
            "The sum over indicators with data; banded only with all nine.",
        ),
        Formula::DeskPointsRescaled => text(
            "Tổng điểm các chỉ số có dữ liệu, nhân 9, chia cho số chỉ số đó.",
            "The sum over indicators with data, times 9, over their number.",
        ),
    }
}

fn interval(formula: Formula) -> Wording {
    match formula {
        Formula::SatisfiedShare => text(
            "Khoảng Wilson (1927). Nhiều tiêu chí: cỡ mẫu hiệu dụng từ tổng theo từng người trả lời, hiệu chỉnh cho mẫu nhỏ (Korn & Graubard 1998); phần ít người trả lời mà ai cũng như nhau tính theo Clopper & Pearson (1934). Biết số hồ sơ N: phương sai nhân (N-n)/(N-1) (Cochran), n là số người trả lời ít nhất của các phần, như thể cả N đều trả lời được: không bao giờ hẹp quá.",
            "Wilson score interval (1927). Several criteria: effective sample size from sums over respondents, corrected for small samples (Korn & Graubard 1998); a part answered by other people who all agree by Clopper & Pearson (1934). Where the number N of dossiers is known, the variance is multiplied by (N-n)/(N-1) (Cochran), n being the fewest people who answered any part, as though all N could have: never too narrow.",
        ),
        _ => text(
            "Phân phối t của Student, sai số chuẩn từ tổng theo từng người trả lời; không có khoảng khi mọi người trả lời như nhau; phần riêng như vậy tính theo Clopper & Pearson (1934). Biết số hồ sơ N: phương sai nhân (N-n)/(N-1) (Cochran), n là số người trả lời ít nhất của các phần, như thể cả N đều trả lời được: không bao giờ hẹp quá.",
            "Student's t with the standard error from sums over respondents; none where nobody differs; a single part like that by Clopper & Pearson (1934). Where the number N of dossiers is known, the variance is multiplied by (N-n)/(N-1) (Cochran), n being the fewest people who answered any part, as though all N could have: never too narrow.",
        ),
    }
}

fn source(kind: Kind) -> Wording {
    match kind {
        Kind::Sipas => text(
            "QĐ 1001/QĐ-BNV ngày 11/12/2023 (phương pháp 2023-2026); chưa đọc được phần công thức.",
            "QĐ 1001/QĐ-BNV of 2023-12-11 (method of 2023-2026); its formula section could not be read.",
        ),
        Kind::Desk => text("TT 01/2018/TT-VPCP, Điều 12-15.", "TT 01/2018/TT-VPCP, art. 12-15."),
    }
}

fn ratio_766() -> Definition {
    Definition {
        id: "ratio-766",
        version: 1,
        kind: "index-set-766",
        unit: "points",
        status: Status::NeedsCountsOfComplaints,
        range: (0.0, 18.0),
        definition: text(
            "Ba tỷ lệ của nhóm \"Mức độ hài lòng\": (1) phản ánh, kiến nghị xử lý đúng hoặc trước hạn trên tổng số thuộc thẩm quyền; (2) hài lòng trong xử lý phản ánh, kiến nghị: (tổng số trừ số bị đánh giá không hài lòng hoặc bị khiếu nại quá hạn) trên tổng số; (3) hài lòng trong tiếp nhận, giải quyết thủ tục hành chính.",
            "Three ratios of the group \"satisfaction\": (1) complaints handled on time or early over complaints within competence; (2) satisfaction with their handling: (complaints minus those answered \"not satisfied\" or complained of as overdue) over complaints; (3) satisfaction with receiving and processing procedures.",
        ),
        verified: text(
            "Tỷ lệ (1) và (2); nhóm này tối đa 18 trên 100 điểm.",
            "Ratios (1) and (2); the group has at most 18 of 100 points.",
        ),
        assumed: text(
            "Tỷ lệ (3) có dạng như (2). Chưa tìm được cách chia 18 điểm cho ba tỷ lệ và bảng điểm, nên không tính.",
            "That ratio (3) has the form of (2). How the 18 points are split over the ratios, and the table of points, were not recovered; so nothing is computed.",
        ),
        combination: text(
            "Chưa biết. Không lập từ phiếu khảo sát; không trộn với SIPAS hoặc điểm một cửa.",
            "Not known. Not made from questionnaires; not to be mixed with SIPAS or desk points.",
        ),
        interval: text("Không có: đếm toàn bộ.", "None: a count of everything."),
        source: text("QĐ 766/QĐ-TTg ngày 23/6/2022.", "QĐ 766/QĐ-TTg of 2022-06-23."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_formula_is_written_about_in_both_languages() {
        let all = definitions();
        let ids: Vec<_> = all.iter().map(|definition| definition.id).collect();
        assert_eq!(ids[..5], Formula::ALL.map(Formula::id));
        assert_eq!(ids[5], "ratio-766");
        for definition in &all {
            let d = definition;
            for text in [&d.definition, &d.verified, &d.assumed, &d.combination, &d.interval, &d.source] {
                assert!(!text.vi.is_empty() && !text.en.is_empty() && text.vi != text.en, "{}", d.id);
            }
            assert!(d.range.0 < d.range.1);
        }
        assert_eq!(all[3].range, (0.0, 18.0), "nine indicators of two points");
    }
}
