//! `sipas import responses`: files of past responses, with a progress bar, to be stopped and gone on with at will.
//! Rows that break a rule go to a side file with their reasons.

pub mod rows;

use crate::config::DatabaseConfig;
use crate::domain::redaction::redact;
use crate::error::{Error, ErrorCode, Result};
use crate::service::clock::Clock;
use crate::service::imports::{self, Import, Source};
use crate::store::Db;
use crate::store::responses::Outcome;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use rows::{Format, Reading, Row, Rows, reasons};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Rows stored in one commit.
const CHUNK: usize = 1000;

/// How every file of rejected rows begins.
const REJECTS_BEGIN: &[u8] = b"{\"content\":";

/// What to import.
#[derive(Debug, Clone, Args)]
pub struct ImportConfig {
    /// Where the database is.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// CSV with a head, or one JSON object a line. The fields of a posted response; in place of `id` there may be
    /// `answered_at`. In CSV each criterion is a column of its own, empty for not applicable.
    pub file: PathBuf,
    /// System client that the responses count as sent by; agencies outside its subtree are rejected.
    #[arg(long, value_name = "ID")]
    pub client: Uuid,
    /// Format of the file; by default what its name ends in.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// What separates the values of a CSV file.
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = delimiter)]
    pub delimiter: u8,
    /// Where the rows come from, for example "H56.C2, April 2024"; the same for a mended copy. Rows that say the same
    /// are the same person only if their source is the same.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub source: String,
    /// Survey of the rows that name none.
    #[arg(long, value_name = "CODE")]
    pub survey: Option<String>,
    /// Where rejected rows go with their reasons, one JSON object a line. Default: the file's name with
    /// `.rejects.ndjson` appended.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
}

fn delimiter(text: &str) -> std::result::Result<u8, &'static str> {
    match text {
        "\\t" | "tab" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii_punctuation() || *byte == b'\t' => Ok(*byte),
            _ => Err("one character, or tab"),
        },
    }
}

/// The files of an import, opened while this process may.
pub struct Files {
    input: File,
    rejects: File,
    rejects_path: PathBuf,
    format: Format,
    length: u64,
}

fn refuse(detail: String) -> Error {
    Error::new(ErrorCode::ValidationFailed).detail(detail)
}

/// Opens the files, to be called before the process may leave root.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] with a detail for people.
pub fn open(config: &ImportConfig) -> Result<Files> {
    let format = config.format.or_else(|| match config.file.extension()?.to_str()? {
        "csv" => Some(Format::Csv),
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        _ => None,
    });
    let format =
        format.ok_or_else(|| refuse("give --format: the file is neither .csv nor .ndjson".into()))?;
    let cannot = |what: &str, path: &Path, error: std::io::Error| {
        refuse(format!("cannot {what} {}: {error}", path.display()))
    };
    let input = File::open(&config.file).map_err(|error| cannot("read", &config.file, error))?;
    let metadata = input.metadata().map_err(|error| cannot("read", &config.file, error))?;
    if !metadata.is_file() {
        return Err(refuse(format!("{} is not a regular file: it is read twice", config.file.display())));
    }
    let rejects_path = config.rejects.clone().unwrap_or_else(|| {
        let mut name = config.file.clone().into_os_string();
        name.push(".rejects.ndjson");
        name.into()
    });
    let mut options = File::options();
    // Answers and words of citizens are in it.
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let rejects = options.create(true).truncate(false).read(true).write(true).open(&rejects_path);
    let rejects = rejects.map_err(|error| cannot("write", &rejects_path, error))?;
    let other = rejects.metadata().map_err(|error| cannot("write", &rejects_path, error))?;
    if (other.dev(), other.ino()) == (metadata.dev(), metadata.ino()) {
        return Err(refuse("--rejects names the file itself".into()));
    }
    let mut start = Vec::new();
    let most = u64::try_from(REJECTS_BEGIN.len()).unwrap_or(0);
    let begin = (&rejects).take(most).read_to_end(&mut start);
    begin.map_err(|error| cannot("read", &rejects_path, error))?;
    if !start.is_empty() && start != REJECTS_BEGIN {
        let path = rejects_path.display();
        return Err(refuse(format!(
            "{path} holds something else than rejected rows; give another --rejects"
        )));
    }
    Ok(Files { input, rejects, rejects_path, format, length: metadata.len() })
}

/// Imports the file; gives what became of its rows.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] with a detail for people if file or client are not fit for it;
/// [`ErrorCode::Unavailable`] if the database goes away: the same command goes on where it was.
pub async fn run(db: &Db, config: &ImportConfig, mut files: Files) -> Result<Value> {
    let bytes = digest(&mut files.input)?;
    // The same file for another survey or source is another import.
    let mut key = Sha256::new();
    for part in
        [bytes.as_slice(), config.source.as_bytes(), config.survey.as_deref().unwrap_or("").as_bytes()]
    {
        key.update(part.len().to_be_bytes());
        key.update(part);
    }
    let source = Source {
        digest: key.finalize().to_vec(),
        name: config.file.display().to_string(),
        client: config.client,
    };
    let mut import = imports::begin(db, source, Clock::System.now()).await?;
    let before = import.state.rows_done;
    let reading =
        Reading { format: files.format, delimiter: config.delimiter, survey: config.survey.clone() };
    let input = Hashing { file: &files.input, hash: Sha256::new() };
    let rows = Rows::new(input, reading, &config.source, &import.criteria())?;
    go_on(&mut import, rows, &mut files.rejects, files.length, &bytes).await?;
    let state = import.state;
    Ok(json!({
        "rows": state.rows_done, "created": state.created, "replayed": state.replayed, "rejected": state.rejected,
        "rejects": (state.rejected > 0).then(|| files.rejects_path.display().to_string()),
        "done_before": before,
    }))
}

fn digest(file: &mut File) -> Result<Vec<u8>> {
    let read = |error: std::io::Error| refuse(format!("cannot read the file: {error}"));
    let mut hash = Sha256::new();
    std::io::copy(file, &mut hash).map_err(read)?;
    file.seek(SeekFrom::Start(0)).map_err(read)?;
    Ok(hash.finalize().to_vec())
}

/// A file that is hashed as it is read.
struct Hashing<'f> {
    file: &'f File,
    hash: Sha256,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

async fn go_on(
    import: &mut Import,
    mut rows: Rows<Hashing<'_>>,
    rejects: &mut File,
    length: u64,
    bytes: &[u8],
) -> Result<()> {
    cut(rejects, import.state.rejects_bytes)?;
    let bar = ProgressBar::new(length);
    let style = "{bar:40} {percent}% {bytes}/{total_bytes}, {eta} left, {msg}";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    // Rows that are done are read all the same: what id a row gets hangs on its twins before it.
    for _ in 0..import.state.rows_done {
        rows.read()?;
    }
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        while chunk.len() < CHUNK {
            let Some(row) = rows.read()? else { break };
            chunk.push(row);
        }
        if chunk.is_empty() {
            break;
        }
        take(import, chunk, rejects).await?;
        bar.set_position(u64::try_from(import.state.bytes_done).unwrap_or(length));
        bar.set_message(format!("{} rows, {} rejected", import.state.rows_done, import.state.rejected));
    }
    bar.finish_and_clear();
    if rows.into_inner().hash.finalize().as_slice() != bytes {
        import.start_over().await?;
        return Err(refuse("the file changed while it was read; give the command again".into()));
    }
    import.finish(Clock::System.now()).await
}

/// Stores a chunk, writes down what was rejected, and only then notes that it is done: after a stop at any point
/// the chunk is repeated, stored rows are found to be stored, and the side file is cut to where it was.
async fn take(import: &mut Import, chunk: Vec<Row>, rejects: &mut File) -> Result<()> {
    let mut state = import.state;
    state.bytes_done = chunk.last().and_then(|row| i64::try_from(row.bytes).ok()).unwrap_or(state.bytes_done);
    let (contents, rows): (Vec<Value>, Vec<_>) =
        chunk.into_iter().map(|row| (row.content, (row.draft, row.faults))).unzip();
    let mut lines = Vec::new();
    for (content, result) in contents.into_iter().zip(import.store(rows, Clock::System.now()).await?) {
        state.rows_done += 1;
        let problem = match result.map(|outcome| (outcome, outcome.refusal())) {
            Ok((Outcome::Created, _)) => {
                state.created += 1;
                continue;
            }
            Ok((_, None)) => {
                state.replayed += 1;
                continue;
            }
            Ok((_, Some(refusal))) | Err(refusal) => refusal,
        };
        state.rejected += 1;
        let content = without_identifiers(content);
        let line = json!({"row": state.rows_done, "errors": reasons(&problem), "content": content});
        writeln!(lines, "{line}").map_err(Error::internal)?;
    }
    let written = |error: std::io::Error| Error::internal(error).detail("cannot write the rejected rows");
    rejects.write_all(&lines).map_err(written)?;
    rejects.sync_data().map_err(written)?;
    state.rejects_bytes += i64::try_from(lines.len()).unwrap_or(0);
    import.note(state).await
}

fn cut(rejects: &mut File, length: i64) -> Result<()> {
    let length = u64::try_from(length).unwrap_or(0);
    let held = rejects.metadata().map_err(Error::internal)?.len();
    if held < length {
        return Err(refuse(
            "the file of rejected rows is shorter than where this import was stopped; give the same --rejects".into(),
        ));
    }
    rejects.set_len(length).map_err(Error::internal)?;
    rejects.seek(SeekFrom::End(0)).map_err(Error::internal)?;
    Ok(())
}

/// The content of a rejected row with its comment redacted. A line that is no JSON is given back as it is: it is not known what of it
/// is the comment, and it has to be mended.
fn without_identifiers(mut content: Value) -> Value {
    match &mut content {
        Value::Object(fields) => {
            if let Some(Value::String(comment)) = fields.get_mut("comment") {
                *comment = redact(comment);
            }
        }
        Value::String(line) => {
            // A line of NDJSON that can be read keeps its codes and ids; only its comment is looked at.
            if let Ok(Value::Object(mut fields)) = serde_json::from_str::<Value>(line)
                && let Some(Value::String(comment)) = fields.get_mut("comment")
            {
                let redacted = redact(comment);
                if redacted != *comment {
                    *comment = redacted;
                    *line = Value::Object(fields).to_string();
                }
            }
        }
        _ => {}
    }
    content
}
