//! The statement that stores a batch: responses with their comments, numbers, visits and place in the unfolded tail, and
//! with the receipt of a bulk request.

use crate::domain::ids::DeviceSeq;
use crate::domain::receipt::Receipt;
use crate::domain::response::{AgeBand, Channel, Gender, ProcedureCode, Response};
use crate::domain::visit::VisitId;
use crate::store::Conn;
use crate::store::ingest_batches::pack;
use crate::store::receipts::columns_of;
use chrono::{DateTime, Utc};
use diesel::result::Error as DieselError;
use diesel_async::RunQueryDsl;
use functions::{store_receipted_responses, store_responses, store_visit_responses};
use std::collections::HashSet;
use uuid::Uuid;

#[expect(clippy::too_many_arguments, reason = "one array for each column of a response")]
mod functions {
    use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid};

    macro_rules! storing {
        ($(#[$doc:meta])* $name:ident $(, $last:ident: $kind:ty)*) => {
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
                    packed: Binary,
                    $($last: $kind,)*
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
    storing! {
        /// The same with a receipt; see the migration.
        store_receipted_responses, receipt: Uuid, sender: Uuid, receipted_at: Timestamptz, sent: Array<Nullable<Uuid>>,
        outcomes: Binary, problems: Text
    }
}

/// Stores responses that are distinct and sorted by id, but for those whose ids are known, which it gives.
///
/// # Errors
/// Those of the database; see [`is_taken`](super::taken::is_taken).
pub(super) async fn insert<'r>(
    conn: &mut Conn,
    batch: impl Iterator<Item = &'r Response>,
    received_at: DateTime<Utc>,
) -> std::result::Result<HashSet<Uuid>, DieselError> {
    let (mut batch, mut known): (Vec<&Response>, _) = (batch.collect(), HashSet::new());
    // Each turn but the last finds ids that were stored meanwhile.
    while !batch.is_empty() {
        let found = insert_new(conn, &batch, received_at).await?;
        if found.is_empty() {
            break;
        }
        known.extend(found);
        batch.retain(|response| !known.contains(&response.id.uuid()));
    }
    Ok(known)
}

/// Calls a statement with the columns of a batch, and with what else it takes.
macro_rules! known {
    ($conn:ident, $statement:ident, $received_at:ident, $columns:ident $(, $last:expr)*) => {
        diesel::select($statement(
            $received_at,
            $columns.ids,
            $columns.surveys,
            $columns.agencies,
            $columns.desks,
            $columns.clients,
            $columns.seqs,
            $columns.answers,
            $columns.channels,
            $columns.procedures,
            $columns.genders,
            $columns.ages,
            $columns.assisted,
            $columns.comments,
            $columns.packed
            $(, $last)*
        ))
        .load::<Uuid>($conn)
        .await
    };
}

/// Stores all of them, or, where ids are known, none, and gives those. Which statement it is depends on whether somebody
/// shows a visit, so that those who show none do not pay for it.
async fn insert_new(
    conn: &mut Conn,
    batch: &[&Response],
    received_at: DateTime<Utc>,
) -> std::result::Result<Vec<Uuid>, DieselError> {
    let columns = Columns::of(batch);
    if columns.visits.is_empty() {
        known!(conn, store_responses, received_at, columns)
    } else {
        known!(conn, store_visit_responses, received_at, columns, columns.visits)
    }
}

/// Stores responses that are distinct, sorted by id and show no visit, and the receipt, which says that all of them are new;
/// `false` if ids are known, and then nothing is stored.
///
/// # Errors
/// As [`insert`].
pub(super) async fn insert_with_receipt(
    conn: &mut Conn,
    batch: &[&Response],
    received_at: DateTime<Utc>,
    receipt: &Receipt,
) -> std::result::Result<bool, DieselError> {
    let (columns, (ids, outcomes)) = (Columns::of(batch), columns_of(receipt));
    let known = known!(
        conn,
        store_receipted_responses,
        received_at,
        columns,
        receipt.id,
        receipt.client.0,
        receipt.received_at,
        ids,
        outcomes,
        receipt.problems.as_str()
    );
    Ok(known?.is_empty())
}

/// A batch turned on its side, as the statement takes it.
struct Columns<'r> {
    ids: Vec<Uuid>,
    surveys: Vec<i32>,
    agencies: Vec<i32>,
    desks: Vec<Option<i32>>,
    clients: Vec<Uuid>,
    seqs: Vec<Option<i64>>,
    answers: Vec<&'r [u8]>,
    channels: Vec<Option<&'static str>>,
    procedures: Vec<Option<&'r str>>,
    genders: Vec<Option<&'static str>>,
    ages: Vec<Option<&'static str>>,
    assisted: Vec<Option<bool>>,
    comments: Vec<Option<&'r str>>,
    visits: Vec<Option<Uuid>>,
    packed: Vec<u8>,
}

impl<'r> Columns<'r> {
    fn of(batch: &[&'r Response]) -> Self {
        Self {
            ids: each(batch, |response| response.id.uuid()),
            surveys: short(each(batch, |response| response.survey.id.0)),
            agencies: short(each(batch, |response| response.rated_agency.0)),
            desks: short(told(batch, |response| response.service_point.map(|desk| desk.0))),
            clients: short(each(batch, |response| response.client.0)),
            seqs: told(batch, |response| response.device_seq.map(DeviceSeq::get)),
            answers: each(batch, |response| response.answers.ordinals()),
            channels: short(told(batch, |response| response.facets.channel.map(Channel::as_str))),
            procedures: told(batch, |response| response.facets.procedure.as_ref().map(ProcedureCode::as_str)),
            genders: told(batch, |response| response.facets.gender.map(Gender::as_str)),
            ages: told(batch, |response| response.facets.age_band.map(AgeBand::as_str)),
            assisted: told(batch, |response| response.facets.assisted_by_staff),
            comments: told(batch, |response| response.comment.as_deref()),
            visits: told(batch, |response| response.visit.map(VisitId::uuid)),
            packed: pack(batch),
        }
    }
}

fn each<'r, T>(batch: &[&'r Response], value: impl Fn(&'r Response) -> T) -> Vec<T> {
    batch.iter().map(|response| value(response)).collect()
}

/// Empty if nobody says anything: an array that is shorter than its neighbours is filled up with NULL.
fn told<'r, T>(batch: &[&'r Response], value: impl Fn(&'r Response) -> Option<T>) -> Vec<Option<T>> {
    if batch.iter().all(|response| value(response).is_none()) { Vec::new() } else { each(batch, value) }
}

/// What a device says of itself is the same in all of them; then it is sent once, see the migration.
fn short<T: PartialEq>(mut column: Vec<T>) -> Vec<T> {
    if column.windows(2).all(|pair| matches!(pair, [before, now] if before == now)) {
        column.truncate(1);
    }
    column
}
