//! Responses and their comments: stored once, never changed. `reading` goes through what is stored.

mod reading;

pub use reading::{UNFOLDED, UnfoldedRow, responses_count, responses_each, unfolded_of};

use super::Conn;
use super::device_seqs::{SeqHolders, device_seqs_add, device_seqs_holders};
use super::schema::{comments, responses};
use crate::domain::ids::DeviceSeq;
use crate::domain::receipt::Verdict;
use crate::domain::response::{AgeBand, Channel, Gender, ProcedureCode, Response};
use crate::domain::tree::AgencyScope;
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::RunQueryDsl;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

#[expect(clippy::too_many_arguments, reason = "one array for each column of a response")]
mod statement {
    use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid};

    diesel::define_sql_function! {
        /// Stores a batch in one statement; see the migration.
        fn store_responses(
            arrived: Timestamptz,
            ids: Array<Uuid>,
            surveys: Array<Integer>,
            agencies: Array<Integer>,
            desks: Array<Nullable<Integer>>,
            clients: Array<Uuid>,
            seqs: Array<Nullable<BigInt>>,
            answers: Array<Binary>,
            channels: Array<Nullable<Text>>,
            procedures: Array<Nullable<Text>>,
            genders: Array<Nullable<Text>>,
            age_bands: Array<Nullable<Text>>,
            assisted: Array<Nullable<Bool>>,
            comments: Array<Nullable<Text>>,
        ) -> Uuid;
    }
}

/// A response that the policy lets its sender store.
#[derive(Debug, Clone)]
pub struct Admitted(Response);

impl Admitted {
    /// Holds the response against the scope its sender was granted.
    ///
    /// # Errors
    /// [`ErrorCode::NotPermitted`] if the rated agency is outside.
    pub fn new(scope: &AgencyScope, response: Response) -> Result<Self> {
        if scope.allows(response.rated_agency) {
            Ok(Self(response))
        } else {
            Err(Error::new(ErrorCode::NotPermitted))
        }
    }

    /// The response.
    pub const fn response(&self) -> &Response {
        &self.0
    }
}

/// What became of one response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Stored now.
    Created,
    /// Was stored before with the same content.
    Replayed,
    /// The id is stored with other content; nothing was changed.
    Conflict,
    /// The device's number belongs to another response, or the response to another number; nothing was changed.
    SeqConflict,
}

impl Outcome {
    /// What the sender is told in a word.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Created => Verdict::Created,
            Self::Replayed => Verdict::Replayed,
            Self::Conflict | Self::SeqConflict => Verdict::Conflict,
        }
    }

    /// Why nothing was stored, unless the response is stored now or was before.
    pub fn refusal(self) -> Option<Error> {
        match self {
            Self::Created | Self::Replayed => None,
            Self::Conflict => Some(Error::new(ErrorCode::ResponseConflict)),
            Self::SeqConflict => Some(Error::new(ErrorCode::DeviceSeqConflict)),
        }
    }
}

/// The columns that make up a response's content. Who sent it and when it arrived are not part of it: a
/// device that was given a new credential repeats its backlog under that.
#[derive(Insertable, Queryable, Selectable, PartialEq)]
#[diesel(table_name = responses, check_for_backend(diesel::pg::Pg))]
struct Content {
    id: Uuid,
    survey_id: i32,
    rated_agency_id: i32,
    service_point_id: Option<i32>,
    answers: Vec<u8>,
    channel: Option<String>,
    procedure: Option<String>,
    gender: Option<String>,
    age_band: Option<String>,
    assisted_by_staff: Option<bool>,
    commented: bool,
}

impl From<&Response> for Content {
    fn from(response: &Response) -> Self {
        let facets = &response.facets;
        Self {
            id: response.id.uuid(),
            survey_id: response.survey.id.0,
            rated_agency_id: response.rated_agency.0,
            service_point_id: response.service_point.map(|id| id.0),
            answers: response.answers.ordinals().to_vec(),
            channel: facets.channel.map(|word| word.as_str().to_owned()),
            procedure: facets.procedure.as_ref().map(|code| code.as_str().to_owned()),
            gender: facets.gender.map(|word| word.as_str().to_owned()),
            age_band: facets.age_band.map(|word| word.as_str().to_owned()),
            assisted_by_staff: facets.assisted_by_staff,
            commented: response.comment.is_some(),
        }
    }
}

/// Times a batch is tried again without the responses whose numbers turned out to be taken.
const TRIES: usize = 3;

/// Stores what is not stored yet with its comments, its number and its place in the unfolded tail, and tells of
/// each response what became of it, in order. One statement, unless numbers collide; durable when it returns.
/// Only ids that collide are looked up.
pub async fn responses_insert_once(
    conn: &mut Conn,
    batch: &[Admitted],
    received_at: DateTime<Utc>,
) -> Result<Vec<Outcome>> {
    let mut outcomes = vec![Outcome::SeqConflict; batch.len()];
    let mut waiting: Vec<(usize, &Response)> =
        batch.iter().map(|Admitted(response)| response).enumerate().collect();
    while !waiting.is_empty() {
        // Of two responses with the same number the first comes first; what becomes of it decides on the other.
        let mut numbers = HashMap::new();
        let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, response)| {
            let number = response.device_seq.map(|seq| (response.client, seq));
            number.is_none_or(|number| *numbers.entry(number).or_insert(response.id) == response.id)
        });
        let responses: Vec<&Response> = now.iter().map(|(_, response)| *response).collect();
        for ((place, _), outcome) in now.iter().zip(store(conn, &responses, received_at).await?) {
            if let Some(slot) = outcomes.get_mut(*place) {
                *slot = outcome;
            }
        }
        waiting = not_taken(conn, later).await?;
    }
    Ok(outcomes)
}

/// Those whose numbers are not held for others.
async fn not_taken<'r>(
    conn: &mut Conn,
    waiting: Vec<(usize, &'r Response)>,
) -> Result<Vec<(usize, &'r Response)>> {
    if waiting.is_empty() {
        return Ok(waiting);
    }
    let responses: Vec<&Response> = waiting.iter().map(|(_, response)| *response).collect();
    let holders = device_seqs_holders(conn, &responses).await?;
    Ok(waiting.into_iter().filter(|(_, response)| !holders.other(response)).collect())
}

/// Stores responses among which no number is there twice.
async fn store(conn: &mut Conn, batch: &[&Response], received_at: DateTime<Utc>) -> Result<Vec<Outcome>> {
    let (mut holders, mut tries) = (SeqHolders::default(), 0);
    let (first, known) = loop {
        // Sorted by id: two instances with the same ids in their batches lock them in the same order.
        let mut first = BTreeMap::new();
        for response in batch.iter().filter(|response| !holders.other(response)) {
            first.entry(response.id).or_insert(*response);
        }
        match insert(conn, first.values().copied(), received_at).await {
            Err(error) if seq_is_taken(&error) && tries < TRIES => {
                holders = device_seqs_holders(conn, batch).await?;
                tries += 1;
            }
            result => break (first, result?),
        }
    };
    let stored = stored(conn, &known).await?;
    let (mut seen, mut late) = (HashSet::new(), Vec::new());
    let mut outcome = |(place, response): (usize, &&Response)| {
        let id = response.id.uuid();
        if holders.other(response) {
            return Outcome::SeqConflict;
        }
        if !known.contains(&id) && seen.insert(id) {
            return Outcome::Created;
        }
        // Stored before, or the same id again in this very batch.
        let twin = first.get(&response.id).filter(|_| !known.contains(&id)).map(|twin| Stored::from(*twin));
        match twin.as_ref().or_else(|| stored.get(&id)) {
            Some(twin) => twin.outcome(response, || late.push(place)),
            None => Outcome::Conflict,
        }
    };
    let mut outcomes: Vec<Outcome> = batch.iter().enumerate().map(&mut outcome).collect();
    number_late(conn, batch, &late, &mut outcomes).await?;
    Ok(outcomes)
}

fn seq_is_taken(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, details)
        if details.constraint_name() == Some("device_seqs_pkey"))
}

/// Gives numbers to responses that are stored without: sent before by another client, or without a number.
async fn number_late(
    conn: &mut Conn,
    batch: &[&Response],
    late: &[usize],
    outcomes: &mut [Outcome],
) -> Result<()> {
    if late.is_empty() {
        return Ok(());
    }
    let responses: Vec<&Response> = late.iter().filter_map(|place| batch.get(*place)).copied().collect();
    device_seqs_add(conn, &responses).await?;
    let holders = device_seqs_holders(conn, &responses).await?;
    for (place, response) in late.iter().zip(responses) {
        if let Some(outcome) = outcomes.get_mut(*place).filter(|_| !holders.itself(response)) {
            *outcome = Outcome::SeqConflict;
        }
    }
    Ok(())
}

async fn insert<'r>(
    conn: &mut Conn,
    batch: impl Iterator<Item = &'r Response>,
    received_at: DateTime<Utc>,
) -> std::result::Result<HashSet<Uuid>, DieselError> {
    let mut columns = Columns::default();
    batch.for_each(|response| columns.push(response));
    let Columns {
        ids,
        surveys,
        agencies,
        desks,
        clients,
        seqs,
        answers,
        channels,
        procedures,
        genders,
        ages,
        assisted,
        comments,
    } = columns;
    let known = diesel::select(statement::store_responses(
        received_at,
        ids,
        surveys,
        agencies,
        desks,
        clients,
        seqs,
        answers,
        channels,
        procedures,
        genders,
        ages,
        assisted,
        comments,
    ));
    Ok(known.load::<Uuid>(conn).await?.into_iter().collect())
}

/// A batch turned on its side, as the statement takes it.
#[derive(Default)]
struct Columns<'r> {
    ids: Vec<Uuid>,
    surveys: Vec<i32>,
    agencies: Vec<i32>,
    desks: Vec<Option<i32>>,
    clients: Vec<Uuid>,
    seqs: Vec<Option<i64>>,
    answers: Vec<&'r [u8]>,
    channels: Vec<Option<&'r str>>,
    procedures: Vec<Option<&'r str>>,
    genders: Vec<Option<&'r str>>,
    ages: Vec<Option<&'r str>>,
    assisted: Vec<Option<bool>>,
    comments: Vec<Option<&'r str>>,
}

impl<'r> Columns<'r> {
    fn push(&mut self, response: &'r Response) {
        let facets = &response.facets;
        self.ids.push(response.id.uuid());
        self.surveys.push(response.survey.id.0);
        self.agencies.push(response.rated_agency.0);
        self.desks.push(response.service_point.map(|id| id.0));
        self.clients.push(response.client.0);
        self.seqs.push(response.device_seq.map(DeviceSeq::get));
        self.answers.push(response.answers.ordinals());
        self.channels.push(facets.channel.map(Channel::as_str));
        self.procedures.push(facets.procedure.as_ref().map(ProcedureCode::as_str));
        self.genders.push(facets.gender.map(Gender::as_str));
        self.ages.push(facets.age_band.map(AgeBand::as_str));
        self.assisted.push(facets.assisted_by_staff);
        self.comments.push(response.comment.as_deref());
    }
}

/// A response as it is stored: what a repetition is compared with.
struct Stored {
    content: Content,
    client: Uuid,
    seq: Option<i64>,
    /// A comment may have gone by its own retention; then only its having been there is compared.
    comment: Option<String>,
}

impl From<&Response> for Stored {
    fn from(response: &Response) -> Self {
        Self {
            content: Content::from(response),
            client: response.client.0,
            seq: response.device_seq.map(DeviceSeq::get),
            comment: response.comment.clone(),
        }
    }
}

impl Stored {
    /// What becomes of a response with this one's id; `unnumbered` is called if its number is not known yet.
    fn outcome(&self, response: &Response, unnumbered: impl FnOnce()) -> Outcome {
        let comment = self.comment.is_none() || self.comment == response.comment;
        if Content::from(response) != self.content || !comment {
            return Outcome::Conflict;
        }
        match (response.device_seq.map(DeviceSeq::get), self.seq) {
            (Some(sent), Some(held)) if self.client == response.client.0 => {
                if sent != held {
                    return Outcome::SeqConflict;
                }
            }
            (Some(_), _) => unnumbered(),
            (None, _) => {}
        }
        Outcome::Replayed
    }
}

async fn stored(conn: &mut Conn, known: &HashSet<Uuid>) -> Result<HashMap<Uuid, Stored>> {
    if known.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = known.iter().copied().collect();
    let contents: Vec<(Content, Uuid, Option<i64>)> = responses::table
        .filter(responses::id.eq_any(&ids))
        .select((Content::as_select(), responses::client_id, responses::device_seq))
        .load(conn)
        .await?;
    let mut bodies: HashMap<Uuid, String> =
        comments::table.filter(comments::response_id.eq_any(&ids)).load(conn).await?.into_iter().collect();
    let stored = |(content, client, seq): (Content, Uuid, Option<i64>)| {
        let comment = bodies.remove(&content.id);
        (content.id, Stored { content, client, seq, comment })
    };
    Ok(contents.into_iter().map(stored).collect())
}
