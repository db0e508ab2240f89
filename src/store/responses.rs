//! Responses and their comments: stored once, never changed.

use super::Conn;
use super::schema::{comments, responses};
use crate::domain::response::Response;
use crate::domain::tree::AgencyScope;
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::Date;
use diesel_async::RunQueryDsl;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

diesel::define_sql_function! {
    /// Makes the partition of the month that holds the day; see the migration.
    fn ensure_response_partition(day: Date) -> Bool;
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

/// Stores what is not stored yet, in one statement, and tells of each response what became of it, in order.
/// To be called in a transaction together with the tallies. Only ids that collide are looked up.
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
    let rows: Vec<_> = first
        .values()
        .map(|response| {
            let sender = (responses::client_id.eq(response.client.0), responses::received_at.eq(received_at));
            (Content::from(*response), sender)
        })
        .collect();
    let created: HashSet<Uuid> = diesel::insert_into(responses::table)
        .values(rows)
        .on_conflict(responses::id)
        .do_nothing()
        .returning(responses::id)
        .get_results(conn)
        .await?
        .into_iter()
        .collect();
    comments_insert(conn, first.values().copied().filter(|response| created.contains(&response.id.uuid())))
        .await?;
    let stored = stored(conn, batch, &created).await?;
    let mut seen = HashSet::new();
    Ok(batch
        .iter()
        .map(|Admitted(response)| {
            let id = response.id.uuid();
            if created.contains(&id) && seen.insert(id) {
                return Outcome::Created;
            }
            match (stored.get(&id), created.contains(&id).then(|| first.get(&response.id)).flatten()) {
                (_, Some(twin)) if same(response, &Content::from(*twin), twin.comment.as_deref()) => {
                    Outcome::Replayed
                }
                (Some((content, comment)), _) if same(response, content, comment.as_deref()) => {
                    Outcome::Replayed
                }
                _ => Outcome::Conflict,
            }
        })
        .collect())
}

/// A comment may have gone by its own retention; then only its having been there is compared.
fn same(response: &Response, content: &Content, comment: Option<&str>) -> bool {
    Content::from(response) == *content && (comment.is_none() || comment == response.comment.as_deref())
}

async fn comments_insert(conn: &mut Conn, created: impl Iterator<Item = &Response>) -> Result<()> {
    let rows: Vec<_> = created
        .filter_map(|response| {
            let body = response.comment.as_ref()?;
            Some((comments::response_id.eq(response.id.uuid()), comments::body.eq(body)))
        })
        .collect();
    if !rows.is_empty() {
        diesel::insert_into(comments::table).values(rows).execute(conn).await?;
    }
    Ok(())
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
