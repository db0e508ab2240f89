//! The figure itself: how satisfied people are, how sure that is, how many answered and by which rule; and the same
//! answers by the other rules.

use super::bars::bar;
use super::links;
use super::notation::{count, day, moment, quantity};
use super::view::View;
use super::words::{formula_name, formula_sentence};
use crate::domain::tree::AsOf;
use crate::http::figures::participation::ParticipationBody;
use crate::http::figures::{HeadBody, ValueBody};
use crate::http::indexes::IndexBody;
use maud::{Markup, html};

/// The figure. `most` is the largest value it can have.
pub fn section(view: &View, body: &IndexBody, most: f64) -> Markup {
    html! {
        section.figure aria-labelledby="figure" {
            h2 #figure { (title(view, &body.head)) }
            @match body.whole.value {
                Some(value) => {
                    p.value { (quantity(value, body.head.formula.unit, view.lang)) }
                    (bar(&body.whole, most))
                    p.interval { (interval_words(view, &body.head, &body.whole)) }
                    @if body.head.survey.kind == "desk" { p.hint { (tenths(view)) } }
                    (band(view, body))
                }
                None => {
                    p.none {
                        (without(view, &body.head, &body.whole)) " "
                        (view.say("Có thể chọn kỳ khác hoặc cơ quan cấp trên.", "Try another period, or the agency above."))
                    }
                }
            }
            (facts(view, body))
            (left_out(view, body))
            (links::under(view, "", &[], true))
            (links::report(view))
        }
    }
}

fn title<'t>(view: &View, head: &HeadBody) -> &'t str {
    match head.survey.kind {
        "desk" => view.say("Điểm đánh giá tại bộ phận một cửa", "Rating at the one-stop desk"),
        _ => view.say("Chỉ số hài lòng", "Satisfaction index"),
    }
}

/// Why an interval of points need not have its value in the middle.
fn tenths<'t>(view: &View) -> &'t str {
    view.say(
        "Theo quy định, điểm trung bình của từng chỉ số được làm tròn đến một chữ số thập phân rồi mới cộng; khoảng tin cậy tính từ điểm chưa làm tròn.",
        "The rule rounds the mean points of each indicator to one decimal before adding them; the interval is about the points before that.",
    )
}

/// The interval in words that are right: about the way it is made, not about where the truth lies.
pub fn interval_words(view: &View, head: &HeadBody, value: &ValueBody) -> String {
    let Some(interval) = &value.interval else {
        let vi = "Chưa đủ dữ liệu để nói kết quả này chắc chắn đến mức nào.";
        return view.say(vi, "The answers cannot tell how sure this result is.").to_owned();
    };
    let [low, high] = [interval.low, interval.high].map(|at| quantity(at, head.formula.unit, view.lang));
    let level = head.confidence_percent;
    match view.lang {
        crate::error::Lang::Vi => format!("Khoảng tin cậy {level}\u{a0}%: từ {low} đến {high}"),
        crate::error::Lang::En => format!("{level}% confidence interval: {low} to {high}"),
    }
}

/// Why there is no value.
pub fn without(view: &View, head: &HeadBody, value: &ValueBody) -> String {
    if value.suppressed {
        return match view.lang {
            crate::error::Lang::Vi => format!(
                "Số liệu được giữ lại: có ít hơn {0} người trả lời, hoặc từ số này có thể tính ra câu trả lời của ít hơn {0} người. Làm vậy để không ai bị nhận ra.",
                head.min_n
            ),
            crate::error::Lang::En => format!(
                "Not shown: fewer than {0} people answered, or the answers of fewer than {0} people could be worked out from it. So nobody can be recognised.",
                head.min_n
            ),
        };
    }
    if !head.survey.fielded {
        return view
            .say("Đợt khảo sát này không diễn ra tại đây.", "This survey does not take place here.")
            .to_owned();
    }
    // Whoever answered may have rated an agency that was not there, or not below this one, on that day.
    match view.asked.as_of {
        AsOf::On(on) => {
            let on = day(on);
            match view.lang {
                crate::error::Lang::Vi => {
                    format!("Trong kỳ này chưa có ai đánh giá các cơ quan như vào ngày {on}.")
                }
                crate::error::Lang::En => {
                    format!("In this period nobody has rated the agencies as they were on {on}.")
                }
            }
        }
        AsOf::Now | AsOf::Then => {
            view.say("Chưa có ai trả lời trong kỳ này.", "Nobody has answered in this period.").to_owned()
        }
    }
}

fn band(view: &View, body: &IndexBody) -> Markup {
    html! {
        @if let Some(band) = &body.band {
            p.band {
                (view.say("Xếp loại: ", "Band: "))
                @match view.lang {
                    crate::error::Lang::Vi => strong { (band.name) },
                    crate::error::Lang::En => { strong { (band.code) } " (" span lang="vi" { (band.name) } ")" },
                }
            }
        } @else if body.head.survey.kind == "desk" && body.whole.value.is_some() {
            p.hint { (view.say(
                "Không xếp loại: Thông tư 01/2018/TT-VPCP xếp loại theo đủ chín chỉ số, ở đây chưa đủ.",
                "No band: Circular 01/2018/TT-VPCP has bands for all nine indicators, and here some are missing.",
            )) }
        }
    }
}

fn facts(view: &View, body: &IndexBody) -> Markup {
    let head = &body.head;
    html! {
        dl.facts {
            @if let Some(n) = body.whole.n {
                div { dt { (view.say("Số người trả lời", "People who answered")) } dd { (count(n, view.lang)) } }
            }
            @if let Some(participation) = &body.participation { (taking_part(view, participation)) }
            div {
                dt { (view.say("Cách tính", "Worked out as")) }
                dd { a href=(method(view, head.formula.id)) { (formula_name(head.formula.id, view.lang)) } }
            }
            @if let Some(at) = head.watermark() {
                div { dt { (view.say("Dữ liệu đến", "Data up to")) } dd { (moment(at, view.lang)) } }
            }
        }
        @if body.whole.estimated {
            p.hint { (view.say(
                "Có phần ước tính: một cơ quan đã được chia tách, câu trả lời của cơ quan đó được chia theo tỷ lệ.",
                "Partly estimated: an agency was split, and its answers are divided by shares.",
            )) }
        }
    }
}

fn taking_part(view: &View, participation: &ParticipationBody) -> Markup {
    html! {
        @if let Some(rate) = participation.rate_percent {
            div {
                dt { (view.say("Tỷ lệ tham gia", "Took part")) }
                dd {
                    (quantity(rate, "percent", view.lang)) " "
                    (view.say("trên", "of")) " " (count(participation.dossiers, view.lang)) " " (view.say("hồ sơ", "dossiers"))
                }
            }
        }
    }
}

fn left_out(view: &View, body: &IndexBody) -> Markup {
    let criteria = body.elements.iter().flat_map(|element| &element.criteria);
    let texts: Vec<&str> = criteria
        .filter(|criterion| body.left_out.contains(&criterion.code))
        .map(|criterion| criterion.text.get(view.lang))
        .collect();
    html! {
        @if !texts.is_empty() && body.whole.value.is_some() {
            details.left-out {
                summary {
                    (texts.len()) " "
                    (view.say("tiêu chí không tính vào vì không có, hoặc có quá ít người trả lời", "criteria are left out because nobody, or too few people, answered them"))
                }
                ul { @for text in texts { li { (text) } } }
            }
        }
    }
}

/// Where a rule is explained.
fn method(view: &View, id: &str) -> String {
    format!("{}#{id}", super::layout::local("/method", view.lang))
}

/// Which rule is official: not known, and said so.
fn official<'t>(view: &View, body: &IndexBody) -> &'t str {
    match body.head.survey.kind {
        "desk" => view.say(
            "Thông tư 01/2018/TT-VPCP không quy định cách quy đổi khi thiếu chỉ số; cách quy về 18 điểm là giả định.",
            "Circular 01/2018/TT-VPCP has no rule for missing indicators; scaling up to 18 points is an assumption.",
        ),
        _ => view.say(
            "Chúng tôi chưa đối chiếu được văn bản quy định cách tính chính thức, nên nêu mọi cách tính và không nói cách nào là chính thức.",
            "The text that lays down the official way could not be checked, so all are shown, and none is called official.",
        ),
    }
}

/// The same answers by every rule of the kind.
pub fn by_formula(view: &View, body: &IndexBody) -> Markup {
    let unit = body.head.formula.unit;
    html! {
        @if body.whole.value.is_some() {
            section aria-labelledby="formulas" {
                h2 #formulas { (view.say("Cùng các câu trả lời, tính theo những cách khác", "The same answers, worked out in other ways")) }
                p.hint { (official(view, body)) }
                ul.ways {
                    @for other in &body.by_formula {
                        @let chosen = other.formula == body.head.formula.id;
                        li aria-current=[chosen.then_some("true")] {
                            span.way-value { (other.value.map_or_else(|| "–".to_owned(), |value| quantity(value, unit, view.lang))) }
                            @if chosen {
                                strong { (formula_name(other.formula, view.lang)) }
                            } @else {
                                a href=(view.link(&[("formula", Some(other.formula))])) { (formula_name(other.formula, view.lang)) }
                            }
                            span.hint { (formula_sentence(other.formula, view.lang)) }
                        }
                    }
                }
            }
        }
    }
}
