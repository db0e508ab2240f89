//! Reading what is published, and what a list is narrowed to.

use crate::domain::comment::Standing;
use crate::domain::period::parse_day;
use crate::domain::redaction::redact;
use crate::domain::text;
use crate::domain::tree::Depth;
use crate::domain::undertaking::{MAX_COMMENTS, MAX_REASON, UndertakingState, Words, parse_text};
use crate::error::{FaultKind, Faults, Place, UndertakingFault};
use crate::http::extract::number;
use crate::http::fields::{Fields, Node};
use crate::service::comments::{DEFAULT_LIMIT, MAX_LIMIT, parse_month};
use crate::service::undertakings::{CorrectionDraft, SaidDraft, UndertakingDraft, UndertakingQuery};
use utoipa::IntoParams;
use uuid::Uuid;

/// Most characters of a code.
const MAX_CODE: usize = 60;

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `list` takes; a test compares the two")]
pub(super) struct ListUndertakingsParams {
    /// `subtree` (the agency and those below it, by default) or `self`.
    #[param(example = "subtree")]
    scope: Option<String>,
    /// About comments to this survey.
    #[param(example = "demo-service")]
    survey: Option<String>,
    /// About comments of this calendar month.
    #[param(example = "2026-06")]
    month: Option<String>,
    /// `promised`, `done` or `withdrawn`.
    #[param(example = "done")]
    state: Option<String>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
    /// `json`, `csv` or `xlsx`; without it `Accept` decides.
    format: Option<String>,
}

/// Reads what a list is narrowed to.
pub(super) fn list(fields: &mut Fields<'_>) -> UndertakingQuery {
    let depth = |raw: &str| match raw {
        "self" => Ok(Depth::SelfOnly),
        "subtree" => Ok(Depth::Subtree),
        _ => Err(FaultKind::NotAllowed { allowed: &["subtree", "self"] }),
    };
    UndertakingQuery {
        depth: fields.optional("scope", depth).unwrap_or(Depth::Subtree),
        survey: fields.optional("survey", |raw| text::clean(raw, MAX_CODE)).flatten(),
        month: fields.optional("month", parse_month),
        state: fields.optional("state", UndertakingState::parse),
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    }
}

/// Reads a new undertaking.
pub(super) fn first(body: Node) -> (UndertakingDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let uuid = |raw: &str| {
        let expected = "0197b8f2-3c00-7000-8000-000000000001";
        Uuid::parse_str(raw).map_err(|_| FaultKind::BadFormat { expected })
    };
    let draft = UndertakingDraft {
        id: fields.required("id", uuid),
        survey: fields.required("survey", |raw| text::clean(raw, MAX_CODE).map(Option::unwrap_or_default)),
        month: fields.required("month", parse_month),
        said: said(&mut fields),
    };
    fields.finish();
    (draft, faults)
}

/// Reads a correction.
pub(super) fn correction(body: Node) -> (CorrectionDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let draft = CorrectionDraft {
        revision: revision(&mut fields),
        reason: fields.required("reason", parse_reason),
        said: said(&mut fields),
    };
    fields.finish();
    (draft, faults)
}

/// Reads why something is withdrawn.
pub(super) fn withdrawal(body: Node) -> (Option<String>, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let reason = fields.required("reason", parse_reason);
    fields.finish();
    (reason, faults)
}

/// A reason is public too.
fn parse_reason(raw: &str) -> Result<String, FaultKind> {
    text::clean(raw, MAX_REASON)?.map(|reason| redact(&reason)).ok_or(FaultKind::Missing)
}

fn revision(fields: &mut Fields<'_>) -> Option<i16> {
    let (min, max) = (2, i64::from(i16::MAX));
    let kind = match fields.required_node("revision")? {
        Node::Integer(number) if (min..=max).contains(&number) => return i16::try_from(number).ok(),
        Node::Integer(_) => FaultKind::OutOfRange { min, max },
        _ => FaultKind::WrongType { expected: "integer" },
    };
    fields.fault("revision", kind);
    None
}

fn said(fields: &mut Fields<'_>) -> SaidDraft {
    SaidDraft {
        topic: fields.required("topic", |raw| text::clean(raw, MAX_CODE).map(Option::unwrap_or_default)),
        you_said: words(fields, "you_said"),
        we_did: words(fields, "we_did"),
        state: fields.required("state", UndertakingState::parse_published),
        day: fields.required("day", parse_day),
        comments: comments(fields),
    }
}

fn words(fields: &mut Fields<'_>, name: &str) -> Option<Words> {
    let node = fields.required_node(name)?;
    let place = fields.place_of(name);
    let mut fields = Fields::of(node, place, fields.faults());
    let (vi, en) = (fields.required("vi", parse_text), fields.optional("en", parse_text));
    fields.finish();
    Some(Words { vi: vi?, en })
}

/// The handles with their places.
fn comments(fields: &mut Fields<'_>) -> Vec<(usize, Standing)> {
    let place = fields.place_of("comments");
    let kind = match fields.take("comments") {
        None => return Vec::new(),
        Some(Node::List(items)) if items.len() <= MAX_COMMENTS => {
            let mut read = Vec::with_capacity(items.len());
            for (position, item) in items.into_iter().enumerate() {
                match handle(&item, &read) {
                    Ok(handle) => read.push((position, handle)),
                    Err(kind) => fields.faults().push(place.member(&position.to_string()), kind),
                }
            }
            return read;
        }
        Some(Node::List(_)) => {
            FaultKind::OutOfRange { min: 0, max: i64::try_from(MAX_COMMENTS).unwrap_or(0) }
        }
        Some(_) => FaultKind::WrongType { expected: "array" },
    };
    fields.fault("comments", kind);
    Vec::new()
}

fn handle(item: &Node, read: &[(usize, Standing)]) -> Result<Standing, FaultKind> {
    let Node::Text(text) = item else { return Err(FaultKind::WrongType { expected: "string" }) };
    let handle = Standing::parse(text);
    let handle = handle.ok_or(FaultKind::Undertaking(UndertakingFault::UnknownComment))?;
    if read.iter().any(|(_, known)| *known == handle) { Err(FaultKind::Duplicate) } else { Ok(handle) }
}
