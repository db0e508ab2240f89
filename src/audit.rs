//! The file form of the audit log: written by `GET /v1/audit/export` and `sipas audit export`, read by `sipas audit
//! verify`, which needs neither database nor service. One JSON object a line (NDJSON): where the chain begins, its entries in
//! order, where it ends.

use crate::domain::audit_chain::{FORM, Hash, Place, Record};
use crate::error::{Error, ErrorCode, Result};
use crate::service::audit::Export;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use utoipa::ToSchema;

/// An entry of the audit log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryLine {
    /// Its number, without gaps over the whole log.
    #[schema(example = 4711)]
    pub seq: i64,
    /// When it was done.
    #[schema(example = "2026-07-15T03:00:00.000000Z")]
    pub at: String,
    /// Who did it: `client:` with an id, `command-line` or `service`.
    #[schema(example = "command-line")]
    pub actor: String,
    /// What was done.
    #[schema(example = "client_revoked")]
    pub action: String,
    /// Code of the agency whose affair it is; `null` for the whole country's.
    #[schema(example = "H56.C1")]
    pub agency: Option<String>,
    /// What it was done to: an id or a code.
    #[schema(example = "0197b8f2-3c00-7000-8000-000000000001")]
    pub object: String,
    /// What else there is to know, by name.
    pub details: BTreeMap<String, String>,
    /// SHA-256 over the 32 bytes of the hash before and this object without `hash`, written as RFC 8785 says.
    #[schema(example = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    pub hash: String,
}

/// A place in the chain.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceBody {
    /// Number of an entry; 0 before the first.
    #[schema(example = 4711)]
    pub seq: i64,
    /// Its hash; zeros before the first.
    #[schema(example = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    pub hash: String,
}

/// The first line of a file.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginLine {
    /// How the entries are sealed.
    #[schema(example = "sipas-audit-1")]
    pub form: String,
    /// The last entry that is not kept any more; the file follows it.
    pub after: PlaceBody,
}

/// The last line of a file; without it something is missing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndLine {
    /// The last entry of the file.
    pub head: PlaceBody,
}

/// A line of an exported log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AuditLine {
    /// The first line.
    Begin(BeginLine),
    /// All lines between.
    Entry(EntryLine),
    /// The last line.
    End(EndLine),
}

impl From<Place> for PlaceBody {
    fn from(place: Place) -> Self {
        Self { seq: place.seq, hash: place.hash.to_string() }
    }
}

impl PlaceBody {
    fn place(&self) -> Option<Place> {
        Some(Place { seq: self.seq, hash: Hash::parse(&self.hash)? })
    }
}

impl From<(Record, Hash)> for EntryLine {
    fn from((record, hash): (Record, Hash)) -> Self {
        let Record { seq, at, actor, action, agency, object, details } = record;
        Self { seq, at, actor, action, agency, object, details, hash: hash.to_string() }
    }
}

impl EntryLine {
    fn sealed(self) -> Option<(Record, Hash)> {
        let Self { seq, at, actor, action, agency, object, details, hash } = self;
        Some((Record { seq, at, actor, action, agency, object, details }, Hash::parse(&hash)?))
    }
}

/// The line that begins a file.
pub fn begin(kept_after: Place) -> AuditLine {
    AuditLine::Begin(BeginLine { form: FORM.to_owned(), after: kept_after.into() })
}

/// The line that ends a file.
pub fn end(head: Place) -> AuditLine {
    AuditLine::End(EndLine { head: head.into() })
}

/// Writes an export as lines.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away; [`ErrorCode::Internal`] if `out` takes nothing.
pub async fn write(export: &mut Export, out: &mut impl Write) -> Result<()> {
    let mut line = |line: &AuditLine| {
        serde_json::to_writer(&mut *out, line).map_err(Error::internal)?;
        out.write_all(b"\n").map_err(Error::internal)
    };
    line(&begin(export.kept_after()))?;
    loop {
        let items = export.next().await?;
        if items.is_empty() {
            return line(&end(export.head()));
        }
        for item in items {
            line(&AuditLine::Entry(item.into()))?;
        }
    }
}

/// What a file that holds was found to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Entries in it.
    pub entries: u64,
    /// The last entry before it: whoever knows its hash from an earlier file sees that nothing is missing between.
    pub after: Place,
    /// Its last entry.
    pub head: Place,
}

fn broken(line: usize, why: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::ValidationFailed).detail(format!("the chain is broken at line {line}: {why}"))
}

/// Goes through a file and computes every hash again. With `pinned`, a hash that was kept outside, also looks whether the
/// file holds that entry: only so it is seen that the end was cut off, or the whole chain made anew.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] with a detail that names the first broken line and entry.
pub fn verify(file: impl BufRead, pinned: Option<Hash>) -> Result<Verified> {
    let mut lines = file.lines().enumerate().map(|(number, line)| (number + 1, line));
    let mut next = |missing: &str| -> Result<(usize, AuditLine)> {
        let (number, line) = lines.next().ok_or_else(|| broken(0, missing))?;
        let line = line.map_err(|error| broken(number, error))?;
        Ok((
            number,
            serde_json::from_str(&line).map_err(|_| broken(number, "this is no line of an audit log"))?,
        ))
    };
    let after = match next("the file is empty")? {
        (1, AuditLine::Begin(begin)) if begin.form == FORM => begin.after.place(),
        (number, _) => return Err(broken(number, format!("the line that begins a {FORM} file is missing"))),
    };
    let after = after.ok_or_else(|| broken(1, "this is no hash"))?;
    let (mut at, mut entries, mut seen) = (after, 0, pinned == Some(after.hash));
    loop {
        match next("the file ends without its last line: something is missing")? {
            (number, AuditLine::Entry(line)) => {
                let seq = line.seq;
                let (record, hash) =
                    line.sealed().ok_or_else(|| broken(number, format!("entry {seq} has no hash")))?;
                at = at.follow(&record, hash).map_err(|why| broken(number, why))?;
                entries += 1;
                seen |= pinned == Some(hash);
            }
            (number, AuditLine::End(end)) if end.head.place() != Some(at) => {
                return Err(broken(
                    number,
                    format!("the file ends with entry {}, not with {}", at.seq, end.head.seq),
                ));
            }
            (number, AuditLine::End(_)) => {
                if next("").is_ok() {
                    return Err(broken(number + 1, "something follows the last line"));
                }
                break;
            }
            (number, AuditLine::Begin(_)) => return Err(broken(number, "a second file begins")),
        }
    }
    if pinned.is_some() && !seen {
        return Err(Error::new(ErrorCode::ValidationFailed).detail(
            "the file does not hold the entry of that hash: its end was cut off, or the chain was made anew",
        ));
    }
    Ok(Verified { entries, after, head: at })
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
