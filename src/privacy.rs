//! `sipas privacy report`: what is kept, where and how long, for whoever has to answer for it. Tables and columns come from
//! the database itself, what they hold from [`mod@register`], how long from the settings. A column that the register does
//! not know is listed as undescribed, and a test fails.

pub mod register;

use crate::config::RetentionConfig;
use crate::error::Lang;
use register::{Column, Keeping, Table, register};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Columns of the database that the register does not describe, and those it describes that are not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// In the database alone, as `table.column`.
    pub undescribed: Vec<String>,
    /// In the register alone.
    pub gone: Vec<String>,
}

/// Holds the register against the tables and columns there are.
pub fn gaps(tables: &BTreeMap<String, Vec<String>>) -> Gaps {
    let mut gaps = Gaps::default();
    for (table, columns) in tables {
        let known = find(table);
        for column in columns {
            if !known.is_some_and(|known| known.columns.iter().any(|described| described.name == column)) {
                gaps.undescribed.push(format!("{table}.{column}"));
            }
        }
    }
    for table in register() {
        for column in table.columns {
            let there =
                tables.get(table.name).is_some_and(|columns| columns.iter().any(|c| c == column.name));
            if !there {
                gaps.gone.push(format!("{}.{}", table.name, column.name));
            }
        }
    }
    gaps
}

fn find(name: &str) -> Option<&'static Table> {
    register().find(|table| table.name == name)
}

/// The report as Markdown, in Vietnamese and then in English.
pub fn report(tables: &BTreeMap<String, Vec<String>>, retention: &RetentionConfig) -> String {
    let mut text = String::new();
    for lang in [Lang::Vi, Lang::En] {
        // Writing into a string cannot fail.
        let _ = write_report(&mut text, tables, retention, lang);
    }
    text
}

/// The word of a language.
const fn say(lang: Lang, vi: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}

fn write_report(
    text: &mut String,
    tables: &BTreeMap<String, Vec<String>>,
    retention: &RetentionConfig,
    lang: Lang,
) -> std::fmt::Result {
    writeln!(text, "{}\n", say(lang, "# SIPAS: dữ liệu được lưu giữ", "# SIPAS: what is kept"))?;
    for paragraph in register::INTRODUCTION {
        writeln!(text, "{}\n", say(lang, paragraph.0, paragraph.1))?;
    }
    for (name, columns) in tables {
        writeln!(text, "## `{name}`\n")?;
        match find(name) {
            Some(table) => {
                writeln!(text, "{}\n", say(lang, table.what.0, table.what.1))?;
                writeln!(
                    text,
                    "{} {}\n",
                    say(lang, "Thời gian lưu:", "Kept:"),
                    kept(table.keeping, retention, lang)
                )?;
            }
            None => writeln!(text, "{}\n", say(lang, "CHƯA ĐƯỢC MÔ TẢ.", "NOT DESCRIBED."))?,
        }
        writeln!(text, "| {} | {} |\n|---|---|", say(lang, "cột", "column"), say(lang, "nội dung", "holds"))?;
        for column in columns {
            let described: Option<&Column> =
                find(name).and_then(|table| table.columns.iter().find(|known| known.name == column));
            let holds = described.map_or("?", |column| say(lang, column.holds.0, column.holds.1));
            writeln!(text, "| `{column}` | {holds} |")?;
        }
        writeln!(text)?;
    }
    writeln!(text, "{}\n", say(lang, "## Căn cứ pháp lý", "## Law"))?;
    for point in register::LAW {
        writeln!(text, "- {}", say(lang, point.0, point.1))?;
    }
    writeln!(text)
}

fn kept(keeping: Keeping, retention: &RetentionConfig, lang: Lang) -> String {
    let months = |setting: &str, months: Option<u32>, otherwise: &str| match months {
        Some(months) => format!(
            "{} ({setting}={months})",
            say(
                lang,
                "tháng hiện tại và các tháng trước đó theo cấu hình",
                "the present month and as many before it as are set"
            )
        ),
        None => format!("{otherwise} ({setting} {})", say(lang, "không đặt", "is not set")),
    };
    let always = say(lang, "không xóa", "not deleted");
    match keeping {
        Keeping::Always => always.into(),
        Keeping::Responses => months("SIPAS_RETENTION_MONTHS", retention.retention_months, always),
        Keeping::Comments => {
            let with = say(lang, "như phiếu trả lời", "as long as the responses");
            let own = months("SIPAS_COMMENT_RETENTION_MONTHS", retention.comment_retention_months, with);
            let responses = months("SIPAS_RETENTION_MONTHS", retention.retention_months, always);
            format!("{own}; {}: {responses}", say(lang, "phiếu trả lời", "responses"))
        }
        Keeping::Audit => months("SIPAS_AUDIT_RETENTION_MONTHS", retention.audit_retention_months, always),
        Keeping::Seconds => {
            say(lang, "vài giây, cho đến khi được cộng vào bảng đếm", "seconds, until it is counted").into()
        }
        Keeping::Visits => say(
            lang,
            "đến khi mã không thể dùng được nữa: thời hạn của mã, thời gian ngoại tuyến tối đa và một ngày",
            "until the token could not be used any more: its validity, the longest time offline and a day",
        )
        .into(),
        Keeping::Judged => say(
            lang,
            "đến một tuần sau khi không phiếu nào kề bên còn có thể đến",
            "until a week after nothing that may still arrive could stand beside it",
        )
        .into(),
        Keeping::Days(days) => format!("{days} {}", say(lang, "ngày", "days")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_described_is_said_to_be() {
        let columns = |table: &Table| table.columns.iter().map(|column| column.name.to_owned()).collect();
        let mut tables: BTreeMap<String, Vec<String>> =
            register().map(|table| (table.name.to_owned(), columns(table))).collect();
        assert_eq!(gaps(&tables), Gaps::default());
        tables.insert("new".into(), vec!["id".into()]);
        tables.get_mut("responses").unwrap().push("ip".into());
        tables.remove("tallies");
        let found = gaps(&tables);
        assert_eq!(found.undescribed, ["new.id", "responses.ip"]);
        assert!(found.gone.iter().all(|column| column.starts_with("tallies.")) && !found.gone.is_empty());
        let none = RetentionConfig {
            retention_months: Some(24),
            comment_retention_months: None,
            audit_retention_months: None,
        };
        let text = report(&tables, &none);
        assert!(text.contains("| `ip` | ? |") && text.contains("NOT DESCRIBED"));
        assert!(text.contains("SIPAS_RETENTION_MONTHS=24") && text.contains("CHƯA ĐƯỢC MÔ TẢ"));
    }
}
