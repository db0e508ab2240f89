//! Responses and their comments: stored once, never changed.

use super::ingest_batches::Unfolded;
use super::schema::{comments, responses};
use super::{Conn, corrupt};
use crate::domain::ids::{AgencyId, ResponseId, SurveyId};
use crate::domain::response::Response;
use crate::domain::tree::AgencyScope;
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::Date;
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

diesel::define_sql_function! {
    /// Makes the partition of the month that holds the day; see the migration.
    fn ensure_response_partition(day: Date) -> Bool;
}

#[expect(clippy::too_many_arguments, reason = "one array for each column of a response")]
mod statement {
    use diesel::sql_types::{Array, Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid};

    diesel::define_sql_function! {
        /// Stores a batch in one statement; see the migration.
        fn store_responses(
            arrived: Timestamptz,
            ids: Array<Uuid>,
            surveys: Array<Integer>,
            agencies: Array<Integer>,
            desks: Array<Nullable<Integer>>,
            clients: Array<Uuid>,
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

/// Stores what is not stored yet with its comments and its place in the unfolded tail, in one statement, and
/// tells of each response what became of it, in order. Durable when it returns. Only ids that collide are
/// looked up.
pub async fn responses_insert_once(
    conn: &mut Conn,
    batch: &[Admitted],
    received_at: DateTime<Utc>,
) -> Result<Vec<Outcome>> {
    // Sorted by id: two instances with the same ids in their batches lock them in the same order.
    let mut first = BTreeMap::new();
    for admitted in batch {
        first.entry(admitted.0.id).or_insert(&admitted.0);
    }
    let created = insert(conn, first.values().copied(), received_at).await?;
    let stored = stored(conn, batch, &created).await?;
    let mut seen = HashSet::new();
    let outcome = |Admitted(response): &Admitted| {
        let id = response.id.uuid();
        if !created.contains(&id) {
            let same =
                stored.get(&id).is_some_and(|(content, comment)| same(response, content, comment.as_deref()));
            return if same { Outcome::Replayed } else { Outcome::Conflict };
        }
        if seen.insert(id) {
            return Outcome::Created;
        }
        // The same id again in this very batch.
        let same = first
            .get(&response.id)
            .is_some_and(|twin| same(response, &Content::from(*twin), twin.comment.as_deref()));
        if same { Outcome::Replayed } else { Outcome::Conflict }
    };
    Ok(batch.iter().map(outcome).collect())
}

async fn insert(
    conn: &mut Conn,
    batch: impl Iterator<Item = &Response>,
    received_at: DateTime<Utc>,
) -> Result<HashSet<Uuid>> {
    let mut columns = Columns::default();
    batch.for_each(|response| columns.push(response));
    let Columns {
        ids,
        surveys,
        agencies,
        desks,
        clients,
        answers,
        channels,
        procedures,
        genders,
        ages,
        assisted,
        comments,
    } = columns;
    let created = diesel::select(statement::store_responses(
        received_at,
        ids,
        surveys,
        agencies,
        desks,
        clients,
        answers,
        channels,
        procedures,
        genders,
        ages,
        assisted,
        comments,
    ));
    Ok(created.load::<Uuid>(conn).await?.into_iter().collect())
}

/// A batch turned on its side, as the statement takes it.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    surveys: Vec<i32>,
    agencies: Vec<i32>,
    desks: Vec<Option<i32>>,
    clients: Vec<Uuid>,
    answers: Vec<Vec<u8>>,
    channels: Vec<Option<String>>,
    procedures: Vec<Option<String>>,
    genders: Vec<Option<String>>,
    ages: Vec<Option<String>>,
    assisted: Vec<Option<bool>>,
    comments: Vec<Option<String>>,
}

impl Columns {
    fn push(&mut self, response: &Response) {
        let content = Content::from(response);
        self.ids.push(content.id);
        self.surveys.push(content.survey_id);
        self.agencies.push(content.rated_agency_id);
        self.desks.push(content.service_point_id);
        self.clients.push(response.client.0);
        self.answers.push(content.answers);
        self.channels.push(content.channel);
        self.procedures.push(content.procedure);
        self.genders.push(content.gender);
        self.ages.push(content.age_band);
        self.assisted.push(content.assisted_by_staff);
        self.comments.push(response.comment.clone());
    }
}

/// A comment may have gone by its own retention; then only its having been there is compared.
fn same(response: &Response, content: &Content, comment: Option<&str>) -> bool {
    Content::from(response) == *content && (comment.is_none() || comment == response.comment.as_deref())
}

async fn stored(
    conn: &mut Conn,
    batch: &[Admitted],
    created: &HashSet<Uuid>,
) -> Result<HashMap<Uuid, (Content, Option<String>)>> {
    let ids: Vec<Uuid> = batch
        .iter()
        .map(|Admitted(response)| response.id.uuid())
        .filter(|id| !created.contains(id))
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let contents: Vec<Content> =
        responses::table.filter(responses::id.eq_any(&ids)).select(Content::as_select()).load(conn).await?;
    let mut bodies: HashMap<Uuid, String> =
        comments::table.filter(comments::response_id.eq_any(&ids)).load(conn).await?.into_iter().collect();
    let pair = |content: Content| {
        let body = bodies.remove(&content.id);
        (content.id, (content, body))
    };
    Ok(contents.into_iter().map(pair).collect())
}

/// Number of responses stored; for the demonstration, which must not add to real ones.
pub async fn responses_count(conn: &mut Conn) -> Result<i64> {
    Ok(responses::table.count().get_result(conn).await?)
}

/// Makes the partitions of the months that hold these days.
pub async fn partitions_ensure(conn: &mut Conn, days: &[NaiveDate]) -> Result<()> {
    for day in days {
        diesel::select(ensure_response_partition(*day)).get_result::<bool>(conn).await?;
    }
    Ok(())
}

/// Reads every stored response, one by one in no order, without holding them in memory.
pub async fn responses_each(conn: &mut Conn, mut each: impl FnMut(Unfolded) -> Result<()>) -> Result<()> {
    type Row = (Uuid, i32, i32, Vec<u8>, DateTime<Utc>);
    let mut rows = responses::table
        .select((
            responses::id,
            responses::survey_id,
            responses::rated_agency_id,
            responses::answers,
            responses::received_at,
        ))
        .load_stream::<Row>(conn)
        .await?;
    while let Some((id, survey, agency, answers, received_at)) = rows.try_next().await? {
        let id = ResponseId::new(id).ok_or_else(|| corrupt("responses.id"))?;
        each(Unfolded { survey: SurveyId(survey), agency: AgencyId(agency), id, answers, received_at })?;
    }
    Ok(())
}
