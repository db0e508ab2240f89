//! Who is first below an agency: `GET /ranking`.

mod table;

use self::table::{row, unranked};
use super::layout;
use super::notation::count;
use super::parts::{alike, choices, confidence, not_fielded, table, tell_apart};
use super::view::View;
use super::ways::explained;
use super::{codes, frame, links};
use crate::domain::agency::AgencyLevel;
use crate::domain::period::Period;
use crate::domain::subject::SubjectCode;
use crate::error::{Faults, Lang};
use crate::http::extract::{App, Query, number as whole_number};
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::rankings::{EntryBody, MIN_N, RankingBody};
use crate::service::rankings::{self, MOST_RANKED, RankingQuery, levels_below};
use actix_web::{HttpRequest, HttpResponse, get};
use maud::{Markup, html};

/// Agencies on one page.
const ROWS: usize = 50;

/// What only this page has.
struct Own {
    /// Rank this level; by default those right below.
    level: Option<AgencyLevel>,
    /// Show the change against this period.
    against: Option<Period>,
    /// Place in the list, from 1, of the first agency that is shown.
    rank_from: usize,
}

fn own(fields: &mut Fields<'_>) -> Own {
    let most = i64::try_from(MOST_RANKED).unwrap_or(i64::MAX);
    let place = |raw: &str| whole_number(raw, 1, most).map(|place| usize::try_from(place).unwrap_or(1));
    Own {
        level: fields.optional("level", AgencyLevel::parse),
        against: fields.optional("against", Period::parse),
        rank_from: fields.optional("rank_from", place).unwrap_or(1),
    }
}

/// Shows the ranking.
#[get("/ranking")]
pub async fn show_ranking(request: HttpRequest, app: App, query: Query) -> Result<HttpResponse, Problem> {
    let (lang, read) = View::read(&app, "/ranking", query, own).await;
    let page = match read {
        Ok((view, own)) => section(&app, &view, &own)
            .await
            .map(|section| frame::page(&view, view.say("Xếp hạng", "Ranking"), section)),
        Err(problem) => Err(problem),
    };
    Ok(layout::send(&request, lang, page))
}

async fn section(app: &App, view: &View, own: &Own) -> Result<Markup, Problem> {
    let levels = levels_below(app, &view.asked.subject).await?;
    let query = RankingQuery {
        asked: view.asked.clone(),
        level: own.level,
        min_n: MIN_N,
        against: own.against.clone(),
    };
    let shown = match rankings::read(app, &view.actor, &query, Faults::default()).await {
        Ok(report) => {
            let most = report.head.formula.range(report.head.survey.questionnaire.criteria.len()).1;
            let mut body = RankingBody::from(&report);
            let named = body.entries.iter_mut().map(|entry| (entry.code.as_str(), &mut entry.name));
            tell_apart(app, named.collect()).await?;
            let level = own.level.map(|level| ("level", level.as_str()));
            let against = own.against.as_ref().and_then(|period| Some(("against", period.code()?)));
            let extra: Vec<(&str, &str)> = level.into_iter().chain(against).collect();
            html! {
                (figure(view, own, &body, most))
                (links::under(view, "/ranking", &extra, false))
            }
        }
        Err(error) => explained(view, error)?,
    };
    Ok(html! {
        section {
            h2 { (view.say("Xếp hạng các cơ quan", "Ranking of agencies")) }
            (pickers(view, own, &levels))
            (shown)
        }
    })
}

fn pickers(view: &View, own: &Own, levels: &[AgencyLevel]) -> Markup {
    let to_level = |level: Option<&str>| view.link(&[("level", level), ("rank_from", None)]);
    let right_below = match view.asked.subject {
        SubjectCode::Country => view.say("Cấp cao nhất", "At the top").to_owned(),
        SubjectCode::Agencies(_) => view.say("Trực thuộc", "Right below").to_owned(),
    };
    let mut of = vec![(right_below, to_level(None), own.level.is_none())];
    for level in levels {
        let text = codes::level(level.as_str(), view.lang).to_owned();
        of.push((text, to_level(Some(level.as_str())), own.level == Some(*level)));
    }
    let to_period = |code: Option<&str>| view.link(&[("against", code)]);
    let chosen = own.against.as_ref().and_then(Period::code);
    let mut against = vec![(view.say("Không", "None").to_owned(), to_period(None), own.against.is_none())];
    for code in view.period.code().map(codes::earlier).unwrap_or_default() {
        against.push((codes::period(&code, view.lang), to_period(Some(&code)), chosen == Some(&code)));
    }
    html! {
        div.pickers {
            @if levels.len() > 1 || own.level.is_some() { (choices(view.say("Xếp hạng", "Rank"), &of)) }
            @if against.len() > 1 { (choices(view.say("So với kỳ", "Change since"), &against)) }
        }
    }
}

fn figure(view: &View, own: &Own, body: &RankingBody, most: f64) -> Markup {
    let total = body.entries.len();
    let shown: Vec<&EntryBody> = body.entries.iter().skip(own.rank_from - 1).take(ROWS).collect();
    let (ranked, others): (Vec<&EntryBody>, Vec<&EntryBody>) =
        shown.iter().copied().partition(|entry| entry.standing.rank.is_some());
    let mut head = vec![
        (view.say("Hạng", "Rank"), false),
        (view.say("Cơ quan", "Agency"), false),
        (view.say("Chỉ số và khoảng tin cậy", "Index and interval"), false),
        (view.say("Số người", "People"), true),
    ];
    if body.against.is_some() {
        head.push((view.say("Thay đổi", "Change"), false));
    }
    let rows = html! { @for entry in &ranked { (row(view, body, entry, most)) } };
    html! {
        (not_fielded(&body.head, view))
        @if total == 0 {
            p.notice { (view.say("Không có cơ quan nào ở đây để xếp hạng.", "There is no agency to be ranked here.")) }
            @if let Some(above) = view.around.above.last() {
                p { a href=(view.link(&[("agency", Some(above.code.as_str())), ("level", None), ("rank_from", None)])) lang="vi" { (above.name) } }
            }
        } @else {
            p { (counted(view, body)) }
        }
        @if !ranked.is_empty() {
            div.cards { (table(view.say("Xếp hạng", "Ranking"), &head, &rows)) }
            p.hint {
                (view.say(
                    "Mỗi hạng có kèm các hạng mà khoảng tin cậy cho phép: hai cơ quan có khoảng chồng lên nhau có thể đổi chỗ cho nhau.",
                    "Each rank comes with those that the intervals allow: two agencies whose intervals overlap may change places.",
                ))
            }
            (confidence(&body.head, view))
            (alike(view))
        }
        @if !others.is_empty() { (unranked(view, body, &others)) }
        (pages(view, own, total))
    }
}

/// How many are ranked, of how many.
fn counted(view: &View, body: &RankingBody) -> String {
    let (ranked, least) = (count(body.ranked, view.lang), body.ranked_from_n);
    let total = count(u64::try_from(body.entries.len()).unwrap_or(u64::MAX), view.lang);
    let before = body.ranked_before.map_or_else(String::new, |before| match view.lang {
        Lang::Vi => format!(" Kỳ trước có {} cơ quan được xếp hạng.", count(before, view.lang)),
        Lang::En => format!(" In the earlier period {} were.", count(before, view.lang)),
    });
    match view.lang {
        Lang::Vi => format!(
            "{ranked} trong {total} cơ quan được xếp hạng: những cơ quan có từ {least} người trả lời và số liệu không bị giữ lại.{before}"
        ),
        Lang::En => {
            format!(
                "{ranked} of {total} agencies are ranked: those with answers of {least} people or more whose figures are not withheld.{before}"
            )
        }
    }
}

/// Ways to the agencies before and after those that are shown.
fn pages(view: &View, own: &Own, total: usize) -> Markup {
    let to =
        |first: usize| view.link(&[("rank_from", Some(first.to_string().as_str()).filter(|_| first > 1))]);
    let last = (own.rank_from + ROWS - 1).min(total);
    html! {
        @if total > ROWS || own.rank_from > 1 {
            nav.pages aria-label=(view.say("Các trang của bảng xếp hạng", "Pages of the ranking")) {
                @if own.rank_from > 1 {
                    a.button href=(to(own.rank_from.saturating_sub(ROWS).max(1))) rel="prev" { (view.say("Trang trước", "Previous")) }
                }
                @if own.rank_from <= total {
                    span { (own.rank_from) "–" (last) " / " (total) }
                }
                @if last < total {
                    a.button href=(to(last + 1)) rel="next" { (view.say("Trang sau", "Next")) }
                }
            }
        }
    }
}
