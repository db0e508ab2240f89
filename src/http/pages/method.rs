//! How figures are made, for people: `GET /method`. What is laid down about each rule comes from the same texts that
//! `GET /v1/formulas` tells; what is only assumed is said to be so.

use super::layout::{self, Page, say};
use super::words::{formula_name, formula_sentence};
use crate::error::{Error, Lang};
use crate::http::extract::{App, Query};
use crate::http::formulas::FormulaDefinition;
use crate::http::problem::Problem;
use crate::service::formulas;
use actix_web::{HttpRequest, HttpResponse, get};
use maud::{Markup, html};

#[get("/method")]
pub async fn show_method(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let (lang, faults) = query.draft(layout::lang);
    let page = if faults.is_empty() {
        Ok(page(lang, app.rules.min_n_public))
    } else {
        Err(Problem(Error::invalid(faults.into_vec(), app.clock.now())))
    };
    Ok(layout::send(&request, lang, page))
}

fn page(lang: Lang, min_n: u64) -> Page {
    let title = say(lang, "Cách tính", "How the figures are made");
    let all: Vec<FormulaDefinition> = formulas::list().into_iter().map(FormulaDefinition::from).collect();
    Page {
        title: title.to_owned(),
        description: say(
            lang,
            "Chỉ số hài lòng được tính như thế nào, chắc chắn đến đâu, vì sao có số liệu không hiện.",
            "How the satisfaction index is worked out, how sure it is, and why some figures are not shown.",
        )
        .to_owned(),
        main: html! {
            div.prose {
                h1 { (title) }
                (text(lang, "what", ("Chỉ số nói lên điều gì", "What the index says"), WHAT))
                (text(lang, "sure", ("Chắc chắn đến đâu", "How sure it is"), SURE))
                (hidden(lang, min_n))
                (text(lang, "counts", ("Phiếu nào được tính", "Which answers count"), COUNTS))
                (text(lang, "agencies", ("Khi cơ quan được sáp nhập hoặc chia tách", "Where agencies were merged or split"), AGENCIES))
                h2 { (say(lang, "Các cách tính", "The ways of working it out")) }
                p { (say(lang, OFFICIAL.0, OFFICIAL.1)) }
                @for formula in all.iter().filter(|formula| formula.status == "computed") { (rule(lang, formula)) }
                p { a href="/docs/" { (say(lang, "Dành cho người lập trình: tài liệu API", "For programmers: the API")) } }
            }
        },
    }
}

/// Vietnamese and English.
type Both = (&'static str, &'static str);

const WHAT: &[Both] = &[
    (
        "Người dân làm thủ tục ở bộ phận một cửa được mời trả lời vài câu hỏi về nơi tiếp nhận, thủ tục, công chức và kết quả. Mỗi câu có năm mức, từ rất không hài lòng đến rất hài lòng, và có câu cho phép chọn \"không áp dụng\".",
        "People who deal with a one-stop desk are asked a few questions: about the place, the procedure, the officials and the result. Each has five levels from very dissatisfied to very satisfied; some may be answered with \"not applicable\".",
    ),
    (
        "Mỗi câu hỏi là một tiêu chí. Kết quả của một yếu tố là trung bình cộng các tiêu chí của nó; chỉ số chung là trung bình cộng mọi tiêu chí. Tiêu chí không ai trả lời thì không tính, chứ không tính là 0.",
        "Each question is a criterion. An element is the mean of its criteria, the index the mean of all criteria. A criterion that nobody answered is left out; it does not count as zero.",
    ),
    (
        "Đánh giá hồ sơ tại bộ phận một cửa là phép đo khác: mỗi chỉ số được 0, 1 hoặc 2 điểm. Hai phép đo không bao giờ được gộp lại.",
        "The rating of a dossier at the desk is another measurement: each indicator gets 0, 1 or 2 points. The two are never mixed.",
    ),
];

const SURE: &[Both] = &[
    (
        "Không phải ai cũng trả lời, nên kết quả có thể lệch đôi chút so với khi hỏi mọi người. Khoảng tin cậy nói lệch chừng nào: nếu làm lại khảo sát nhiều lần theo cùng một cách thì trong 100 lần có khoảng 95 lần khoảng tính ra chứa giá trị đúng (với mức 95 %).",
        "Not everybody answers, so the result may differ somewhat from what asking everybody would give. The confidence interval says by how much: if the survey were repeated many times in the same way, about 95 in 100 of the intervals would hold the true value (at 95%).",
    ),
    (
        "Càng nhiều người trả lời, khoảng càng hẹp. Hai kết quả có khoảng chồng lên nhau nhiều thì chưa thể nói bên nào hơn.",
        "The more people answer, the narrower it is. Where the intervals of two results overlap widely, neither can be called better.",
    ),
    (
        "Khoảng này chỉ tính đến sự ngẫu nhiên. Nếu người hài lòng hay trả lời hơn người không hài lòng, khoảng không nói lên điều đó.",
        "It covers chance only. If satisfied people answer more often than others, the interval does not show it.",
    ),
];

const COUNTS: &[Both] = &[
    (
        "Mỗi phiếu được tính một lần. Không ai sửa được câu trả lời.",
        "Each form counts once. Nobody can change an answer.",
    ),
    (
        "Phiếu bị hệ thống đánh dấu là bất thường, chẳng hạn quá nhiều phiếu trong vài phút từ một máy, không được tính cho đến khi cấp trên của cơ quan xem xét. Phiếu thử máy được loại khi có hai người cùng xác nhận.",
        "Forms that the system finds unusual, such as too many within minutes from one device, do not count until somebody above the agency has looked at them. Tests of a device are taken out if two people confirm it.",
    ),
];

const AGENCIES: &[Both] = &[(
    "Thông thường, câu trả lời về cơ quan đã sáp nhập được tính cho cơ quan kế thừa; khi một cơ quan được chia, câu trả lời được chia theo tỷ lệ và kết quả được ghi là ước tính. Cũng có thể xem theo cơ quan của thời điểm trả lời.",
    "Usually answers about an agency that was merged count for its successor; where one was split they are divided by shares, and the result is marked as estimated. It can also be shown by the agencies of the time.",
)];

const OFFICIAL: Both = (
    "Chúng tôi chưa đối chiếu được phần công thức của Quyết định 1001/QĐ-BNV, nên không khẳng định cách tính nào là chính thức. Mỗi số liệu đều ghi rõ cách tính của nó.",
    "The formula section of Decision 1001/QĐ-BNV could not be checked, so none of these is called official. Every figure names the way it was made.",
);

fn text(lang: Lang, id: &str, heading: Both, paragraphs: &[Both]) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (say(lang, heading.0, heading.1)) }
            @for (vi, en) in paragraphs { p { (say(lang, vi, en)) } }
        }
    }
}

fn hidden(lang: Lang, min_n: u64) -> Markup {
    html! {
        section aria-labelledby="hidden" {
            h2 #hidden { (say(lang, "Vì sao có số liệu không hiện", "Why some figures are not shown")) }
            @match lang {
                Lang::Vi => p { "Khi có ít hơn " (min_n) " người trả lời, số liệu được giữ lại để không ai bị nhận ra. Đôi khi phải giữ lại thêm số liệu bên cạnh, nếu không thì có thể lấy số này trừ số kia để tìm ra. Vì thế số liệu công khai tính theo tháng trọn vẹn." },
                Lang::En => p { "Where fewer than " (min_n) " people answered, the figure is not shown, so that nobody can be recognised. Sometimes a figure beside it has to be left out too, or the first could be found by subtraction. For the same reason public figures are about whole months." },
            }
        }
    }
}

fn rule(lang: Lang, formula: &FormulaDefinition) -> Markup {
    html! {
        section.rule id=(formula.id) {
            h3 { (formula_name(formula.id, lang)) }
            p { (formula_sentence(formula.id, lang)) }
            details {
                summary { (say(lang, "Nói chính xác, và những gì chưa được kiểm chứng", "Exactly, and what is not verified")) }
                dl {
                    dt { (say(lang, "Định nghĩa", "Definition")) } dd { (formula.definition.get(lang)) }
                    dt { (say(lang, "Đã kiểm chứng", "Verified")) } dd { (formula.verified.get(lang)) }
                    dt { (say(lang, "Giả định", "Assumed")) } dd { (formula.assumed.get(lang)) }
                    dt { (say(lang, "Cách gộp", "How it is combined")) } dd { (formula.combination.get(lang)) }
                    dt { (say(lang, "Khoảng tin cậy", "Interval")) } dd { (formula.interval.get(lang)) }
                    dt { (say(lang, "Nguồn", "Source")) } dd { (formula.source.get(lang)) }
                    dt { (say(lang, "Mã trong API", "Id in the API")) } dd { code { (formula.id) } }
                }
            }
        }
    }
}
