//! Reads the rows of a file of past responses, CSV (RFC 4180) or one JSON object a line, as responses. A row has
//! the fields of a posted response; in place of an id it may have `answered_at`, and in CSV the answers are columns
//! named after their criteria.

use crate::domain::ids::ResponseId;
use crate::domain::period::{ZONE, parse_day};
use crate::domain::response::{AnswerDraft, ResponseDraft};
use crate::domain::text::folded;
use crate::error::{Error, ErrorCode, Fault, FaultKind, Faults, Lang, Place, Result};
use crate::http::fields::{Name, Node};
use crate::http::responses::read_draft;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use clap::ValueEnum;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read};
use uuid::Uuid;

#[cfg(test)]
mod strangers;

/// Format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated values with a head.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// Columns of a CSV file that are not answers.
const COLUMNS: [&str; 11] = [
    "id",
    "answered_at",
    "survey",
    "rated_agency",
    "service_point",
    "channel",
    "procedure",
    "gender",
    "age_band",
    "assisted_by_staff",
    "comment",
];

/// Forms of `answered_at`; without an offset it is the time in Viet Nam, a day alone its noon.
const TIMES: &str = "2024-05-06T09:30:00+07:00, 2024-05-06 09:30, 2024-05-06";

/// Spreadsheets put it before the first line.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Longest line of JSON, in bytes.
const MAX_LINE: usize = 65_536;

/// A row.
#[derive(Debug)]
pub struct Row {
    /// The row as it was written, as far as it could be read: values by column, or the line.
    pub content: Value,
    /// What it says.
    pub draft: ResponseDraft,
    /// What is wrong with it so far.
    pub faults: Faults,
    /// Bytes of the file up to its end.
    pub bytes: u64,
}

/// How a file is to be read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Its format.
    pub format: Format,
    /// What separates the values of CSV.
    pub delimiter: u8,
    /// Survey of rows that name none.
    pub survey: Option<String>,
}

/// The rows of a file, in order.
pub struct Rows<R: Read> {
    source: Source<R>,
    survey: Option<String>,
    /// Where the rows come from: the same words of another source are another person's.
    origin: String,
    /// How often each content was met: rows with the same content are different people.
    twins: HashMap<[u8; 16], u32>,
}

enum Source<R: Read> {
    Csv { reader: csv::Reader<R>, head: Vec<String> },
    Lines { reader: BufReader<R>, bytes: u64 },
}

impl<R: Read> Rows<R> {
    /// Begins to read rows of an origin; `criteria` is what a column may be named after.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`] with a detail for people if the head of a CSV file is wrong.
    pub fn new(file: R, reading: Reading, origin: &str, criteria: &HashSet<String>) -> Result<Self> {
        let source = match reading.format {
            Format::Csv => {
                let mut reader = csv::ReaderBuilder::new().delimiter(reading.delimiter).from_reader(file);
                let head = head(&mut reader, criteria)?;
                Source::Csv { reader, head }
            }
            Format::Ndjson => Source::Lines { reader: BufReader::new(file), bytes: 0 },
        };
        Ok(Self { source, survey: reading.survey, origin: origin.to_owned(), twins: HashMap::new() })
    }

    /// What it reads from.
    pub fn into_inner(self) -> R {
        match self.source {
            Source::Csv { reader, .. } => reader.into_inner(),
            Source::Lines { reader, .. } => reader.into_inner(),
        }
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] with a detail for people if the file cannot be read.
    pub fn read(&mut self) -> Result<Option<Row>> {
        let Some((content, node, bytes)) = self.source.read()? else { return Ok(None) };
        let (fields, broken) = match node {
            Ok(Node::Object(fields)) => (fields, None),
            Ok(_) => (Vec::new(), Some(FaultKind::WrongType { expected: "object" })),
            Err(kind) => (Vec::new(), Some(kind)),
        };
        if let Some(kind) = broken {
            let mut faults = Faults::default();
            faults.at("", kind);
            return Ok(Some(Row { content, draft: ResponseDraft::default(), faults, bytes }));
        }
        let (answered_at, mut fields): (Vec<_>, Vec<_>) =
            fields.into_iter().partition(|(name, _)| name == "answered_at");
        if let Some(survey) = &self.survey {
            let named = fields.iter().any(|(name, node)| name == "survey" && *node != Node::Null);
            if !named {
                fields.retain(|(name, _)| name != "survey");
                fields.push(("survey".into(), Node::Text(survey.clone())));
            }
        }
        let (mut draft, mut faults) = read_draft(Node::Object(fields));
        let answered_at = time(answered_at, &mut faults);
        match (draft.id, answered_at) {
            // A faulty row is rejected whatever its id; it must not count as a twin of good ones.
            (None, Some(at)) if !faults.is_empty() => draft.id = Some(ResponseId::make(at).uuid()),
            (None, Some(at)) => draft.id = Some(self.identify(&draft, at)),
            (None, None) if faults.any_at("/id") || faults.any_at("/answered_at") => {}
            (None, None) => faults.at("/answered_at", FaultKind::Missing),
            (Some(id), Some(at)) if ResponseId::new(id).is_some_and(|id| id.answered_at() != at) => {
                faults.at("/answered_at", FaultKind::Unreadable { expected: "the time that the id tells" });
            }
            (Some(_), _) => {}
        }
        Ok(Some(Row { content, draft, faults, bytes }))
    }

    /// Makes an id from origin, time and content: the same row has the same id in every copy and every run, and
    /// the second row of the same content another one.
    fn identify(&mut self, draft: &ResponseDraft, at: DateTime<Utc>) -> Uuid {
        let content = digest(&[&self.origin, &at.timestamp_millis().to_string(), &fingerprint(draft)]);
        let twin = self.twins.entry(content).or_insert(0);
        *twin += 1;
        let random =
            u128::from_be_bytes(digest(&[&Uuid::from_bytes(content).to_string(), &twin.to_string()]));
        let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0) << 80;
        let (version, variant) = (0x7 << 76, 0b10 << 62);
        Uuid::from_u128(
            millis | version | (random >> 50 & (0xfff << 64)) | variant | (random & ((1 << 62) - 1)),
        )
    }
}

fn digest(parts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let mut start = [0; 16];
    for (slot, byte) in start.iter_mut().zip(hash.finalize()) {
        *slot = byte;
    }
    start
}

/// Everything a draft says but its id, in one fixed form. Never change it: ids of imported rows hang on it.
fn fingerprint(draft: &ResponseDraft) -> String {
    let mut answers: Vec<String> = draft
        .answers
        .iter()
        .flatten()
        .filter_map(|(code, answer)| match answer {
            AnswerDraft::Level(level) => Some(format!("{code}={level}")),
            AnswerDraft::NotApplicable | AnswerDraft::Faulty => None,
        })
        .collect();
    answers.sort_unstable();
    let facets = &draft.facets;
    let comment = draft.comment.as_deref().map(unidentified);
    let parts = [
        draft.survey.as_deref(),
        draft.rated_agency.as_ref().map(|code| code.as_str()),
        draft.service_point.as_deref(),
        facets.channel.map(|word| word.as_str()),
        facets.procedure.as_ref().map(|code| code.as_str()),
        facets.gender.map(|word| word.as_str()),
        facets.age_band.map(|word| word.as_str()),
        facets.assisted_by_staff.map(|assisted| if assisted { "true" } else { "false" }),
        comment.as_deref(),
    ];
    let parts: Vec<&str> = parts.into_iter().map(Option::unwrap_or_default).collect();
    format!("{}\u{1f}{}", parts.join("\u{1f}"), answers.join("\u{1f}"))
}

/// A comment as the fingerprint takes it: without the words that hold a digit or `@`, or are digits themselves. An id must not let
/// anybody find out by trying which number stood there, and must not hang on the rules by which numbers are known.
fn unidentified(comment: &str) -> Cow<'_, str> {
    const DIGITS: [&str; 12] =
        ["khong", "mot", "hai", "ba", "bon", "tu", "nam", "lam", "sau", "bay", "tam", "chin"];
    let names = |word: &&str| {
        word.contains(|c: char| c.is_numeric() || matches!(c, '@' | '＠'))
            || folded(word).split(|c: char| !c.is_alphanumeric()).any(|part| DIGITS.contains(&part))
    };
    if !comment.split_whitespace().any(|word| names(&word)) {
        return comment.into();
    }
    let kept: Vec<&str> = comment.split_whitespace().filter(|word| !names(word)).collect();
    kept.join(" ").into()
}

fn time(nodes: Vec<(Name, Node)>, faults: &mut Faults) -> Option<DateTime<Utc>> {
    if nodes.len() > 1 {
        faults.at("/answered_at", FaultKind::Duplicate);
    }
    let parsed = match nodes.into_iter().next()?.1 {
        Node::Null => return None,
        Node::Text(text) => parse_time(text.trim()),
        _ => None,
    };
    if parsed.is_none() {
        faults.at("/answered_at", FaultKind::BadFormat { expected: TIMES });
    }
    parsed
}

fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let noon = |day: NaiveDate| day.and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default());
    let forms = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let local = local.or_else(|| parse_day(text).ok().map(noon))?;
    ZONE.from_local_datetime(&local).single().map(|at| at.to_utc())
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::Internal).detail(format!("the file cannot be read: {error}"))
}

fn head(reader: &mut csv::Reader<impl Read>, criteria: &HashSet<String>) -> Result<Vec<String>> {
    let refuse = |detail: String| Error::new(ErrorCode::ValidationFailed).detail(detail);
    let names = reader.headers().map_err(|error| refuse(format!("the head of the file: {error}")))?;
    let head: Vec<String> =
        names.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    let mut seen = HashSet::new();
    for name in &head {
        if !COLUMNS.contains(&name.as_str()) && !criteria.contains(name) {
            return Err(refuse(format!(
                "column {name:?} is neither one of {} nor a criterion of any survey; is the delimiter right?",
                COLUMNS.join(", ")
            )));
        }
        if !seen.insert(name) {
            return Err(refuse(format!("column {name:?} is there twice")));
        }
    }
    Ok(head)
}

/// The words of a row, what they say, and where in the file it ends.
type RowRead = (Value, std::result::Result<Node, FaultKind>, u64);

impl<R: Read> Source<R> {
    fn read(&mut self) -> Result<Option<RowRead>> {
        match self {
            Self::Csv { reader, head } => {
                let mut record = csv::ByteRecord::new();
                let read = reader.read_byte_record(&mut record);
                let bytes = reader.position().byte();
                let mut values = record.iter().map(|value| Value::from(String::from_utf8_lossy(value)));
                match read {
                    Ok(false) => Ok(None),
                    Ok(true) => {
                        let content = head.iter().cloned().zip(values).collect();
                        Ok(Some((Value::Object(content), node(head, &record), bytes)))
                    }
                    Err(error) if matches!(error.kind(), csv::ErrorKind::UnequalLengths { .. }) => {
                        let kind =
                            FaultKind::Unreadable { expected: "as many values as the head has columns" };
                        Ok(Some((values.by_ref().collect(), Err(kind), bytes)))
                    }
                    Err(error) => Err(unreadable(error)),
                }
            }
            Self::Lines { reader, bytes } => loop {
                let mut line = Vec::new();
                let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX) + 1;
                let read = reader.by_ref().take(most).read_until(b'\n', &mut line).map_err(unreadable)?;
                if read == 0 {
                    return Ok(None);
                }
                *bytes += u64::try_from(read).unwrap_or(0);
                if line.trim_ascii_end().len() > MAX_LINE || !line.ends_with(b"\n") && read > MAX_LINE {
                    if !line.ends_with(b"\n") {
                        *bytes += skip_line(reader)?;
                    }
                    let kind = FaultKind::TooLong { max: MAX_LINE };
                    return Ok(Some((Value::from(String::from_utf8_lossy(&line)), Err(kind), *bytes)));
                }
                let text = line.strip_prefix(BOM).unwrap_or(&line).trim_ascii();
                if !text.is_empty() {
                    let node = serde_json::from_slice(text);
                    let node =
                        node.map_err(|_| FaultKind::Unreadable { expected: "a JSON object on one line" });
                    return Ok(Some((Value::from(String::from_utf8_lossy(text)), node, *bytes)));
                }
            },
        }
    }
}

fn skip_line(reader: &mut impl BufRead) -> Result<u64> {
    let mut skipped = 0;
    loop {
        let held = reader.fill_buf().map_err(unreadable)?;
        if held.is_empty() {
            return Ok(skipped);
        }
        let end = held.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(held.len(), |end| end + 1);
        reader.consume(length);
        skipped += u64::try_from(length).unwrap_or(0);
        if end.is_some() {
            return Ok(skipped);
        }
    }
}

/// A CSV row as the object that would have been posted. Empty is absent.
fn node(head: &[String], record: &csv::ByteRecord) -> std::result::Result<Node, FaultKind> {
    let (mut fields, mut answers) = (Vec::new(), Vec::new());
    for (name, value) in head.iter().map(String::as_str).zip(record) {
        let value =
            std::str::from_utf8(value).map_err(|_| FaultKind::Unreadable { expected: "UTF-8" })?.trim();
        let text = || Node::Text(value.to_owned());
        let node = match (value, name) {
            ("", _) => Node::Null,
            ("true", "assisted_by_staff") => Node::Bool(true),
            ("false", "assisted_by_staff") => Node::Bool(false),
            (_, name) if COLUMNS.contains(&name) => text(),
            _ => value.parse().map_or_else(|_| text(), Node::Integer),
        };
        if COLUMNS.contains(&name) {
            fields.push((name.into(), node));
        } else if node != Node::Null {
            // An empty cell is a criterion left out: a file may hold several questionnaires side by side.
            answers.push((name.into(), node));
        }
    }
    fields.push(("answers".into(), Node::Object(answers)));
    Ok(Node::Object(fields))
}

/// The faults of a row as people read them in the side file.
pub fn reasons(error: &Error) -> Vec<Value> {
    if error.faults.is_empty() {
        return vec![json!({"code": error.code.name(), "detail": error.code.title(Lang::En)})];
    }
    let reason = |fault: &Fault| {
        let place = match &fault.place {
            Place::Pointer(path) | Place::Parameter(path) | Place::Cell { column: path, .. } => path,
        };
        json!({"pointer": place, "code": fault.kind.name(), "detail": fault.kind.detail(Lang::En)})
    };
    error.faults.iter().map(reason).collect()
}
