//! The ways from one question to the next: agencies above and below, the period before and after, and a form for
//! survey, period and the finer points. Links and forms only; nothing needs a script.

use super::notation::day;
use super::periods::{Choices, name};
use super::view::View;
use super::words::formula_name;
use crate::domain::period::Period;
use crate::domain::tree::{AsOf, Depth};
use crate::http::figures::AgencyReference;
use crate::service::figures::Formula;
use crate::service::surroundings::Nearby;
use maud::{Markup, html};

/// More agencies below than these are folded away, so that the figure comes first.
const MOST_SHOWN: usize = 12;

/// What the form asks for itself; `from` and `to` would contradict the period that is chosen in it.
const ASKED: [&str; 7] = ["period", "from", "to", "formula", "confidence", "scope", "as_of"];

/// The agency's own name, with the way up.
pub fn place(view: &View) -> Markup {
    let country = AgencyReference::new(&[]);
    let own = AgencyReference::new(&view.around.agencies);
    let sample = view.around.agencies.iter().any(|agency| agency.sample);
    html! {
        @if !view.around.agencies.is_empty() {
            nav.above aria-label=(view.say("Các cấp trên", "Agencies above")) {
                ol {
                    li { a href=(view.link(&[("agency", None)])) { (view.say(&country.name, "The whole country")) } }
                    @for agency in &view.around.above {
                        li { a href=(view.link(&[("agency", Some(agency.code.as_str()))])) lang="vi" { (agency.name) } }
                    }
                }
            }
        }
        h1 {
            @if view.around.agencies.is_empty() { (view.say(&country.name, "The whole country")) }
            @else { span lang="vi" { (own.short_name(view.lang)) } }
        }
        @if sample && !view.survey.sample {
            p.sample { (view.say("Cơ quan minh họa, không có thật.", "An invented agency, for demonstration.")) }
        }
    }
}

/// The agencies right below.
pub fn below(view: &View) -> Markup {
    let below = &view.around.below;
    let heading = match (view.around.agencies.is_empty(), view.lang) {
        (true, _) => view.say("Các tỉnh, thành phố và bộ, ngành", "Provinces and ministries"),
        (false, _) => view.say("Các cơ quan trực thuộc", "Agencies below"),
    };
    html! {
        @if !below.is_empty() {
            details.below open[below.len() <= MOST_SHOWN] {
                summary { (heading) " (" (below.len()) ")" }
                ul {
                    @for agency in below {
                        li { a href=(view.link(&[("agency", Some(agency.code.as_str()))])) lang="vi" { (agency.name) } }
                    }
                }
            }
        }
    }
}

/// Survey and period: what is shown, the neighbours, and the form to choose others.
pub fn question(view: &View) -> Markup {
    let choices = Choices::new(view.survey.window, view.around.today);
    let (before, after) = choices.neighbours(&view.period);
    html! {
        div.question {
            div.period {
                @if let Some(code) = before.and_then(Period::code) { (step(view, code, view.say("Kỳ trước", "Period before"), "‹")) }
                strong { (name(&view.period, view.lang)) }
                @if let Some(code) = after.and_then(Period::code) { (step(view, code, view.say("Kỳ sau", "Period after"), "›")) }
            }
            p {
                (view.say("Đợt khảo sát: ", "Survey: ")) (view.survey.name.get(view.lang)) " "
                span.hint { (said_why(view)) }
            }
            @if view.survey.sample {
                p.sample { (view.say("Số liệu minh họa, không phải số liệu thật.", "Invented for demonstration, not real figures.")) }
            }
            details.choose {
                summary { (view.say("Chọn kỳ, đợt khảo sát, cách tính", "Choose period, survey, method")) }
                (form(view, &choices))
                (surveys(view))
            }
        }
    }
}

fn step(view: &View, code: &str, label: &str, arrow: &str) -> Markup {
    let link = view.link(&[("period", Some(code)), ("from", None), ("to", None)]);
    html! { a.button href=(link) aria-label=(label) { (arrow) } }
}

/// Why this survey: it was not the reader who chose it.
fn said_why(view: &View) -> &str {
    if view.survey_named {
        return "";
    }
    view.say("(chọn sẵn; có thể đổi bên dưới)", "(chosen for you; change it below)")
}

fn form(view: &View, choices: &Choices) -> Markup {
    let free =
        view.period.code().is_none_or(|code| !offered(choices).any(|period| period.code() == Some(code)));
    html! {
        form action=(view.path()) method="get" {
            @for (name, value) in view.unseen(&ASKED) { input type="hidden" name=(name) value=(value); }
            label {
                span { (view.say("Kỳ", "Period")) }
                select name="period" {
                    @if free {
                        @if let Some(code) = view.period.code() {
                            option value=(code) selected { (name(&view.period, view.lang)) }
                        } @else {
                            option value="" selected { (view.say("Chọn một kỳ", "Choose a period")) }
                        }
                    }
                    (group(view, view.say("Năm", "Years"), &choices.years))
                    (group(view, view.say("Quý", "Quarters"), &choices.quarters))
                    (group(view, view.say("Tháng", "Months"), &choices.months))
                }
            }
            label {
                span { (view.say("Cách tính", "Method")) }
                select name="formula" {
                    @for formula in Formula::of_kind(view.survey.questionnaire.kind) {
                        (choice(formula.id(), formula_name(formula.id(), view.lang), view.asked.formula.as_deref() == Some(formula.id())))
                    }
                }
            }
            label {
                span { (view.say("Khoảng tin cậy", "Confidence interval")) }
                select name="confidence" {
                    @for (value, label) in [("90", "90\u{a0}%"), ("95", "95\u{a0}%"), ("99", "99\u{a0}%")] {
                        (choice(value, label, view.asked.confidence.percent().to_string() == value))
                    }
                }
            }
            label {
                span { (view.say("Tính cả cơ quan trực thuộc", "Agencies below")) }
                select name="scope" {
                    (choice("subtree", view.say("Có", "Included"), view.asked.depth == Depth::Subtree))
                    (choice("self", view.say("Không, chỉ riêng cơ quan này", "This agency alone"), view.asked.depth == Depth::SelfOnly))
                }
            }
            label {
                span { (view.say("Khi cơ quan được sáp nhập hoặc chia tách", "Where agencies were merged or split")) }
                select name="as_of" {
                    (choice("now", view.say("Tính theo cơ quan ngày nay", "By the agencies of today"), view.asked.as_of == AsOf::Now))
                    (choice("then", view.say("Tính theo cơ quan lúc trả lời", "By those of the time"), view.asked.as_of == AsOf::Then))
                    @if let AsOf::On(on) = view.asked.as_of { (choice(&on.to_string(), &day(on), true)) }
                }
            }
            button.primary { (view.say("Xem", "Show")) }
        }
    }
}

fn offered(choices: &Choices) -> impl Iterator<Item = &Period> {
    [&choices.years, &choices.quarters, &choices.months].into_iter().flatten()
}

fn group(view: &View, label: &str, periods: &[Period]) -> Markup {
    html! {
        @if !periods.is_empty() {
            optgroup label=(label) {
                @for period in periods {
                    @if let Some(code) = period.code() { (choice(code, &name(period, view.lang), view.period.code() == Some(code))) }
                }
            }
        }
    }
}

/// The other surveys that are fielded here, or all others if none is. Links, not a field of the form: a survey of another
/// kind has other formulas, and the form would send one that does not fit.
fn surveys(view: &View) -> Markup {
    let none = !view.around.surveys.iter().any(|nearby| nearby.fielded);
    let others = view.around.surveys.iter().filter(|nearby| none || nearby.fielded);
    let others: Vec<&Nearby> = others.filter(|nearby| nearby.survey.code != view.survey.code).collect();
    html! {
        @if !others.is_empty() {
            p.others { (view.say("Đợt khảo sát khác:", "Other surveys:")) }
            ul.others {
                @for nearby in others { li { a href=(with_survey(view, nearby)) { (nearby.survey.name.get(view.lang)) } } }
            }
        }
    }
}

fn with_survey(view: &View, nearby: &Nearby) -> String {
    let survey = ("survey", Some(nearby.survey.code.as_str()));
    if nearby.survey.questionnaire.kind == view.survey.questionnaire.kind {
        view.link(&[survey])
    } else {
        view.link(&[survey, ("formula", None)])
    }
}

fn choice(value: &str, label: &str, selected: bool) -> Markup {
    html! { option value=(value) selected[selected] { (label) } }
}
