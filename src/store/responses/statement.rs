//! The statement that stores a batch: responses with their comments, numbers, visits and place in the unfolded tail.

use crate::domain::ids::DeviceSeq;
use crate::domain::response::{AgeBand, Channel, Gender, ProcedureCode, Response};
use crate::domain::visit::VisitId;
use crate::store::Conn;
use chrono::{DateTime, Utc};
use diesel::result::Error as DieselError;
use diesel_async::RunQueryDsl;
use functions::{store_responses, store_visit_responses};
use std::collections::HashSet;
use uuid::Uuid;

#[expect(clippy::too_many_arguments, reason = "one array for each column of a response")]
mod functions {
    use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid};

    macro_rules! storing {
        ($(#[$doc:meta])* $name:ident $(, $last:ident: $kind:ty)?) => {
            diesel::define_sql_function! {
                $(#[$doc])*
                fn $name(
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
                    $($last: $kind,)?
                ) -> Uuid;
            }
        };
    }

    storing! {
        /// Stores a batch in one statement; see the migration.
        store_responses
    }
    storing! {
        /// The same with the visits that were shown; see the migration.
        store_visit_responses, visits: Array<Nullable<Uuid>>
    }
}

/// Stores responses that are distinct and sorted by id; gives the ids that were known. Which statement it is depends on
/// whether somebody shows a visit, so that those who show none do not pay for it.
///
/// # Errors
/// Those of the database; see [`is_taken`](super::taken::is_taken).
pub(super) async fn insert<'r>(
    conn: &mut Conn,
    batch: impl Iterator<Item = &'r Response>,
    received_at: DateTime<Utc>,
) -> std::result::Result<HashSet<Uuid>, DieselError> {
    let mut columns = Columns::default();
    batch.for_each(|response| columns.push(response));
    if columns.ids.is_empty() {
        return Ok(HashSet::new());
    }
    macro_rules! load {
        ($statement:ident $(, $last:expr)?) => {
            diesel::select($statement(
                received_at,
                columns.ids,
                columns.surveys,
                columns.agencies,
                columns.desks,
                columns.clients,
                columns.seqs,
                columns.answers,
                columns.channels,
                columns.procedures,
                columns.genders,
                columns.ages,
                columns.assisted,
                columns.comments
                $(, $last)?
            ))
            .load::<Uuid>(conn)
            .await?
        };
    }
    let known = if columns.visits.iter().any(Option::is_some) {
        load!(store_visit_responses, columns.visits)
    } else {
        load!(store_responses)
    };
    Ok(known.into_iter().collect())
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
    visits: Vec<Option<Uuid>>,
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
        self.visits.push(response.visit.map(VisitId::uuid));
    }
}
