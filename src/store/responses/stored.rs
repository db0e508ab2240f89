//! Responses as they are stored, and what becomes of one that is sent again.

use super::Outcome;
use crate::domain::ids::DeviceSeq;
use crate::domain::redaction::RULES;
use crate::domain::response::Response;
use crate::error::Result;
use crate::store::Conn;
use crate::store::schema::{comments, responses};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

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

/// A response as it is stored: what a repetition is compared with.
pub(super) struct Stored {
    content: Content,
    client: Uuid,
    seq: Option<i64>,
    /// Its words, if they are held and went through the same rules as what is compared with them. Otherwise, gone by
    /// its own retention or redacted by older rules, only its having been there is compared: a repetition must not become
    /// a conflict because the rules have changed, and the words as they were sent are not known.
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
    pub(super) fn outcome(&self, response: &Response, unnumbered: impl FnOnce()) -> Outcome {
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

/// The stored responses of these ids.
pub(super) async fn stored(conn: &mut Conn, known: &HashSet<Uuid>) -> Result<HashMap<Uuid, Stored>> {
    if known.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = known.iter().copied().collect();
    let contents: Vec<(Content, Uuid, Option<i64>)> = responses::table
        .filter(responses::id.eq_any(&ids))
        .select((Content::as_select(), responses::client_id, responses::device_seq))
        .load(conn)
        .await?;
    let mut bodies: HashMap<Uuid, String> = comments::table
        .filter(comments::response_id.eq_any(&ids).and(comments::rules.eq(RULES)))
        .select((comments::response_id, comments::body))
        .load(conn)
        .await?
        .into_iter()
        .collect();
    let stored = |(content, client, seq): (Content, Uuid, Option<i64>)| {
        let comment = bodies.remove(&content.id);
        (content.id, Stored { content, client, seq, comment })
    };
    Ok(contents.into_iter().map(stored).collect())
}
