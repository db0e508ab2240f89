//! Undertakings as a sheet: one row each.

use super::{UndertakingBody, UndertakingPageBody, WordsBody};
use crate::error::Lang;
use crate::http::sheet::{Cell, Column, Sheet};

const COLUMNS: [&str; 19] = [
    "id",
    "agency",
    "agency_name",
    "survey",
    "month",
    "state",
    "topic",
    "you_said_vi",
    "you_said_en",
    "we_did_vi",
    "we_did_en",
    "day",
    "overdue",
    "comments",
    "comments_few",
    "revision",
    "reason",
    "first_published_at",
    "published_at",
];

impl UndertakingPageBody {
    /// The sheet of an agency in a language.
    pub fn sheet(&self, agency: &str, lang: Lang) -> Sheet {
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        let answering = &self.answering;
        let median = answering.median_days.map_or_else(|| "–".to_owned(), |days| format!("{days:.1}"));
        let mut head = vec![
            (say("Cơ quan", "Agency"), agency.to_owned()),
            (say("Số tháng có góp ý", "Months with comments"), answering.months.to_string()),
            (say("Đã trả lời", "Answered"), answering.answered.to_string()),
            (say("Trung vị số ngày", "Median days"), median),
            (say("Cam kết quá hạn", "Promises overdue"), answering.overdue.to_string()),
        ];
        head.extend(self.next_cursor.iter().map(|cursor| (say("Trang sau", "Next cursor"), cursor.clone())));
        let rows: Vec<Vec<Cell>> = self.items.iter().map(row).collect();
        Sheet {
            title: say("Bà con nói, cơ quan làm", "You said, we did").to_owned(),
            head,
            columns: COLUMNS.map(Column::new).to_vec(),
            rows: Box::new(rows.into_iter()),
            watermark: None,
            lang,
        }
    }
}

fn row(one: &UndertakingBody) -> Vec<Cell> {
    let vi = |words: &Option<WordsBody>| Cell::from(words.as_ref().map(|words| words.vi.clone()));
    let en = |words: &Option<WordsBody>| Cell::from(words.as_ref().and_then(|words| words.en.clone()));
    vec![
        one.id.to_string().into(),
        one.agency.code.as_str().into(),
        one.agency.name.as_str().into(),
        one.survey.as_str().into(),
        one.month.as_str().into(),
        one.state.into(),
        one.topic.clone().into(),
        vi(&one.you_said),
        en(&one.you_said),
        vi(&one.we_did),
        en(&one.we_did),
        one.day.into(),
        one.overdue.into(),
        one.comments.count.into(),
        one.comments.few.into(),
        i64::from(one.revision).into(),
        one.reason.clone().into(),
        one.first_published_at.as_str().into(),
        one.published_at.as_str().into(),
    ]
}
