//! Pages that say why there is nothing to see, and where to go on.

use super::layout::{Page, local, say};
use super::search;
use super::view::address;
use crate::error::{Error, ErrorCode, Fault, FaultKind, FigureFault, Lang};
use crate::http::problem::FaultBody;
use maud::{Markup, html};

/// The page for a refusal.
pub fn page(lang: Lang, error: &Error) -> Page {
    let title = title(lang, error.code).to_owned();
    Page {
        main: html! {
            h1 { (title) }
            (advice(lang, error.code))
            @for fault in &error.faults { (fault_words(lang, fault)) }
            p { a.button href=(local("/", lang)) { (say(lang, "Về trang đầu", "To the first page")) } }
        },
        description: title.clone(),
        title,
    }
}

fn title(lang: Lang, code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::TokenMissing => say(lang, "Số liệu chưa được công khai", "The figures are not public"),
        ErrorCode::SurveyNotFound => say(lang, "Chưa có số liệu", "No figures yet"),
        ErrorCode::AgencyNotFound => say(lang, "Không có cơ quan này", "There is no such agency"),
        ErrorCode::ValidationFailed => {
            say(lang, "Địa chỉ này hỏi điều không thể trả lời", "This address asks what cannot be answered")
        }
        code => code.title(lang),
    }
}

fn advice(lang: Lang, code: ErrorCode) -> Markup {
    html! {
        @match code {
            ErrorCode::TokenMissing => p { (say(lang,
                "Cơ quan vận hành chưa mở số liệu cho mọi người xem. Người có quyền xem số liệu qua API.",
                "Whoever runs this service has not opened the figures to everybody. Those who are permitted read them through the API.",
            )) },
            ErrorCode::AgencyNotFound => {
                p { (say(lang, "Mã cơ quan trong địa chỉ không đúng. Hãy tìm theo tên:", "The agency's code in the address is not right. Search by name:")) }
                (search::form(lang, ""))
            }
            ErrorCode::SurveyNotFound => p { (say(lang,
                "Chưa có đợt khảo sát nào được nhập, nên chưa có số liệu.",
                "No survey has been entered yet, so there are no figures.",
            )) },
            _ => {}
        }
    }
}

fn fault_words(lang: Lang, fault: &Fault) -> Markup {
    html! {
        p.problem { (FaultBody::new(fault, lang).sentence()) }
        @if let FaultKind::Figure(FigureFault::NotInTree { successors }) = &fault.kind {
            ul {
                @for code in successors {
                    li { a href=(of_agency(lang, code)) { (say(lang, "Xem ", "See ")) (code) } }
                }
            }
        }
    }
}

/// The page of an agency.
pub fn of_agency(lang: Lang, code: &str) -> String {
    let mut pairs = vec![("agency", code)];
    if lang == Lang::En {
        pairs.push(("lang", "en"));
    }
    address("/", &pairs)
}
