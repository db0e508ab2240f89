//! What a release says about how its figures were made, in Vietnamese and English, as Markdown.

use super::manifest::{Content, FormulaMark};
use crate::error::Lang;
use crate::index::definitions::definitions;
use std::fmt::Write;

/// The file.
pub fn text(contents: &[Content], formulas: &[FormulaMark], min_n: u64) -> String {
    [Lang::Vi, Lang::En].map(|lang| part(lang, contents, formulas, min_n)).join("\n")
}

fn part(lang: Lang, contents: &[Content], formulas: &[FormulaMark], min_n: u64) -> String {
    let say = |vi: &str, en: &str| match lang {
        Lang::Vi => vi.to_owned(),
        Lang::En => en.to_owned(),
    };
    let mut text = format!("# {}\n\n", say("Phương pháp", "Method"));
    let mut paragraph = |vi: &str, en: &str| {
        text.push_str(&say(vi, en));
        text.push_str("\n\n");
    };
    paragraph(
        "Số liệu được tính một lần, từ các phiếu trả lời đã nhận đến mốc dữ liệu ghi trong manifest.json, và không bao giờ tính lại. \
         Phiếu đến sau không làm thay đổi bản công bố này; bản đính chính là một bản công bố mới, nêu rõ bản cũ.",
        "The figures were made once, from the responses received up to the watermark in manifest.json, and are never made again. \
         What arrives later does not change this release; a correction is a new release that names the old one.",
    );
    paragraph(
        "`n` là số người có ít nhất một câu trả lời. Phiếu bị đánh dấu bất thường mà chưa được cấp trên gỡ và phiếu bị hủy không được tính. \
         `interval` là khoảng tin cậy ở mức ghi trong từng nội dung: Wilson cho tỷ lệ của một tiêu chí; với trung bình của các tiêu chí, \
         tính từ tổng theo từng người trả lời. Khi biết số hồ sơ, có hiệu chỉnh tổng thể hữu hạn.",
        "`n` is the number of people with at least one answer. Responses that are flagged as doubtful and were not cleared from above, \
         and void ones, do not count. `interval` is the confidence interval of the level that each content names: Wilson's for the \
         share of a single criterion; for means of criteria, from sums per respondent. Where numbers of dossiers are known, with \
         the finite-population correction.",
    );
    let (vi, en) = (
        format!(
            "Giá trị từ ít hơn {min_n} người, và giá trị làm lộ một giá trị như thế, không được công bố (`suppressed`); yếu tố và toàn \
             phiếu được tính không có các tiêu chí đó (`left_out`). Không có người trả lời thì giá trị là `null`, không phải 0."
        ),
        format!(
            "Values from fewer than {min_n} people, and those that would tell one, are withheld (`suppressed`); elements and the whole \
             are made without such criteria (`left_out`). Where nobody answered the value is `null`, not 0."
        ),
    );
    paragraph(&vi, &en);
    paragraph(
        "Trong bảng xếp hạng, mọi cơ quan được tính từ cùng những tiêu chí, nên có thể khác với chỉ số riêng của cơ quan. Hạng theo \
         giá trị đã làm tròn, đồng hạng khi bằng nhau (1, 2, 2, 4); `best_rank` và `worst_rank` là hạng mà các khoảng tin cậy cho phép.",
        "In a ranking all agencies are measured by the same criteria, so values may differ from the index of an agency alone. \
         Ranks go by the rounded values, ties share a rank (1, 2, 2, 4); `best_rank` and `worst_rank` are those the intervals allow.",
    );
    paragraph(
        "Phiếu của cơ quan đã sáp nhập được tính cho cơ quan kế thừa theo cây tổ chức của ngày `tree_on`; phần của cơ quan bị chia \
         được ước lượng theo tỷ lệ (`estimated`).",
        "Responses about an agency that was merged count for its successor by the tree of the day `tree_on`; parts of one that was \
         split are estimated by shares (`estimated`).",
    );
    for mark in formulas {
        let Some(rule) = definitions().into_iter().find(|rule| rule.id == mark.id) else { continue };
        let lines = [
            (say("Quy tắc", "Rule"), rule.definition),
            (say("Đã kiểm chứng", "Verified"), rule.verified),
            (say("Giả định", "Assumed"), rule.assumed),
            (say("Cách gộp", "Combination"), rule.combination),
            (say("Khoảng tin cậy", "Interval"), rule.interval),
            (say("Nguồn", "Source"), rule.source),
        ];
        let _ = writeln!(text, "## {} ({})\n", mark.id, mark.version);
        for (label, wording) in lines {
            let _ = writeln!(text, "- {label}: {}", wording.get(lang));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "## {}\n", say("Nội dung", "Contents"));
    for Content { kind, agency, survey, period, formula, confidence_percent, tree_on, .. } in contents {
        let _ = writeln!(
            text,
            "- `{kind}` {agency}, {survey}, {period}, {formula}, {confidence_percent} %, `tree_on` {tree_on}"
        );
    }
    text
}
