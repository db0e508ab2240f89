//! Importing files of past responses, a chunk at a time. Every rule of a single response holds, but for its age;
//! what is stored before is not stored again, so that an import may be stopped and repeated at any point.

use super::admission::Admission;
use super::audit::record;
use super::catalogue::{Catalogue, snapshot};
use super::folding::fold_with;
use super::partitions;
use crate::auth::{Actor, policy};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::ids::ClientId;
use crate::domain::period::day_of;
use crate::domain::response::ResponseDraft;
use crate::error::{Error, ErrorCode, Faults, Result};
use crate::store::clients::client_find;
pub use crate::store::imports::ImportState;
use crate::store::imports::{import_begin, import_update};
use crate::store::responses::{Admitted, Outcome, responses_insert_once};
use crate::store::{AsyncConnection, Db};
use chrono::{DateTime, Datelike, Utc};
use std::collections::HashSet;
use uuid::Uuid;

/// Chunks after which the tallies are brought up to date, in case that no service runs.
const FOLD_EVERY: usize = 100;

/// What is imported, and for whom.
#[derive(Debug, Clone)]
pub struct Source {
    /// SHA-256 of the file.
    pub digest: Vec<u8>,
    /// What people call it.
    pub name: String,
    /// The system client it counts as sent by: its subtree is what may be rated.
    pub client: Uuid,
}

/// An import under way.
pub struct Import {
    db: Db,
    client: Client,
    catalogue: Catalogue,
    digest: Vec<u8>,
    /// How far it has come.
    pub state: ImportState,
    months: HashSet<(i32, u32)>,
    chunks: usize,
}

/// Begins an import, or goes on with one that was stopped. One that was finished begins anew: rows that were
/// rejected may be welcome by now, and the others are found to be stored.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] with a detail for people if there is no such client, or it may not import.
pub async fn begin(db: &Db, source: Source, now: DateTime<Utc>) -> Result<Import> {
    let refuse = |detail: String| Error::new(ErrorCode::ValidationFailed).detail(detail);
    let mut conn = db.conn().await?;
    let found = client_find(&mut conn, ClientId(source.client)).await?.map(|(client, _)| client);
    let client = found
        .filter(|client| client.revoked_at.is_none())
        .ok_or_else(|| refuse(format!("client: there is no {}, or it was revoked", source.client)))?;
    let actor = Actor::Client(client);
    let client =
        policy::importer(&actor).map_err(|_| refuse("client: has to be of kind system".into()))?.clone();
    let catalogue = snapshot(&mut conn, day_of(now)).await?;
    let state = conn
        .transaction(async |conn| {
            let state = import_begin(conn, &source.digest, client.id, &source.name, now).await?;
            record(conn, By::CommandLine, &entry(&client, &source.digest, None), now).await?;
            Ok::<_, Error>(state)
        })
        .await?;
    let (digest, months, chunks) = (source.digest, HashSet::new(), 0);
    let mut import = Import { db: db.clone(), client, catalogue, digest, state, months, chunks };
    if state.finished_at.is_some() {
        import.start_over().await?;
    }
    Ok(import)
}

impl Import {
    /// Codes of every criterion that a survey asks for.
    pub fn criteria(&self) -> HashSet<String> {
        let surveys = self.catalogue.surveys.values();
        surveys.flat_map(|survey| survey.questionnaire.criteria.iter().map(|c| c.code.clone())).collect()
    }

    /// Stores a chunk of rows; tells of each, in order, what became of it. Durable when it returns.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn store(
        &mut self,
        rows: Vec<(ResponseDraft, Faults)>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Result<Outcome>>> {
        let admission = Admission { catalogue: &self.catalogue, client: &self.client, now, max_days: None };
        let admitted: Vec<Result<Admitted>> =
            rows.into_iter().map(|(draft, faults)| admission.admit(draft, None, faults)).collect();
        let batch: Vec<Admitted> = admitted.iter().flatten().cloned().collect();
        self.make_months(&batch).await?;
        let mut outcomes = responses_insert_once(&mut *self.db.conn().await?, &batch, now).await?.into_iter();
        let missing = || Error::internal("an outcome for each response");
        let results =
            admitted.into_iter().map(|row| row.and_then(|_| outcomes.next().ok_or_else(missing))).collect();
        self.chunks += 1;
        if self.chunks.is_multiple_of(FOLD_EVERY) {
            self.fold(now).await?;
        }
        Ok(results)
    }

    async fn make_months(&mut self, batch: &[Admitted]) -> Result<()> {
        let mut missing = Vec::new();
        for admitted in batch {
            let day = day_of(admitted.response().id.answered_at());
            if self.months.insert((day.year(), day.month())) {
                missing.push(day);
            }
        }
        if missing.is_empty() { Ok(()) } else { partitions::make_past(&self.db, &missing).await }
    }

    /// Forgets how far it has come; what is stored stays.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn start_over(&mut self) -> Result<()> {
        self.note(ImportState::default()).await
    }

    /// Notes how far it has come.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn note(&mut self, state: ImportState) -> Result<()> {
        import_update(&mut *self.db.conn().await?, &self.digest, self.client.id, &state).await?;
        self.state = state;
        Ok(())
    }

    /// Brings the tallies up to date, with the catalogue as it is now. That it fails is no failure of the import:
    /// a service folds what is left.
    async fn fold(&mut self, now: DateTime<Utc>) -> Result<()> {
        let today = day_of(now);
        self.catalogue = snapshot(&mut *self.db.conn().await?, today).await?;
        if let Err(error) = fold_with(&self.db, &self.catalogue, today).await {
            tracing::warn!("the tallies are brought up to date later: {}", error.chain());
        }
        Ok(())
    }

    /// Brings the tallies up to date and notes that it is done.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn finish(&mut self, now: DateTime<Utc>) -> Result<()> {
        self.fold(now).await?;
        let state = ImportState { finished_at: Some(now), ..self.state };
        let mut conn = self.db.conn().await?;
        conn.transaction(async |conn| {
            import_update(conn, &self.digest, self.client.id, &state).await?;
            record(conn, By::CommandLine, &entry(&self.client, &self.digest, Some(&state)), now).await
        })
        .await?;
        self.state = state;
        Ok(())
    }
}

/// An import by the digest of its file, which the imports know the name of.
fn entry(client: &Client, digest: &[u8], ended: Option<&ImportState>) -> Entry {
    let mut details = vec![("client", client.id.0.to_string())];
    if let Some(state) = ended {
        details.push(("created", state.created.to_string()));
        details.push(("replayed", state.replayed.to_string()));
        details.push(("rejected", state.rejected.to_string()));
    }
    Entry {
        action: if ended.is_some() { Action::ResponsesImportEnded } else { Action::ResponsesImportStarted },
        agency: client.agency,
        object: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        details,
    }
}
