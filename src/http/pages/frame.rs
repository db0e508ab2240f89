//! What every page about figures has around its section: whose figures, the ways to other agencies, surveys and
//! periods, and the sections as tabs.

use super::layout::Page;
use super::periods::name;
use super::picker;
use super::view::View;
use crate::error::Lang;
use crate::http::figures::AgencyReference;
use maud::{Markup, html};

/// Sections, by path.
const TABS: [(&str, &str, &str); 5] = [
    ("/", "Chỉ số", "Index"),
    ("/series", "Theo thời gian", "Over time"),
    ("/ranking", "Xếp hạng", "Ranking"),
    ("/breakdown", "Theo nhóm", "By group"),
    ("/comparison", "So sánh", "Comparison"),
];

/// A page: `title` is what the section shows, in the reader's language; `section` begins with an `<h2>`.
pub fn page(view: &View, title: &str, section: Markup) -> Page {
    let agency = AgencyReference::new(&view.around.agencies).short_name(view.lang);
    let agency =
        if view.around.agencies.is_empty() { view.say("Cả nước", "The whole country") } else { &agency };
    let period = name(&view.period, view.lang);
    Page {
        title: format!("{title}: {agency}, {period}"),
        description: match view.lang {
            Lang::Vi => format!(
                "{title} của người dân về {agency}, {period}: kết quả, khoảng tin cậy, số người trả lời."
            ),
            Lang::En => {
                format!("{title} about {agency}, {period}: result, confidence interval, people who answered.")
            }
        },
        main: html! {
            div.place { (picker::place(view)) (picker::question(view)) }
            nav.tabs aria-label=(view.say("Các phần", "Sections")) {
                @for (path, vi, en) in TABS {
                    a href=(view.link_to(path, &[])) aria-current=[(path == view.path()).then_some("page")] { (view.say(vi, en)) }
                }
            }
            (section)
            (picker::below(view))
        },
    }
}
