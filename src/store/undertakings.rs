//! Undertakings and their revisions. Rows are only added; the newest revision holds.

use super::paging::Page;
use super::schema::undertaking_comments as c;
use super::schema::undertaking_revisions::{self, self as r};
use super::schema::undertakings::{self, self as u};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::comment::Standing;
use crate::domain::ids::{AgencyId, ClientId, SurveyId};
use crate::domain::undertaking::{Handles, Said, Undertaking, UndertakingState, Words};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = undertakings, check_for_backend(diesel::pg::Pg))]
struct Head {
    seq: i64,
    id: Uuid,
    agency_id: i32,
    survey_id: i32,
    month: NaiveDate,
    published_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = undertaking_revisions, check_for_backend(diesel::pg::Pg))]
struct Revision {
    revision: i16,
    state: String,
    topic: Option<String>,
    you_said_vi: Option<String>,
    you_said_en: Option<String>,
    we_did_vi: Option<String>,
    we_did_en: Option<String>,
    due_on: Option<NaiveDate>,
    reason: Option<String>,
    published_at: DateTime<Utc>,
}

fn undertaking((head, revision): (Head, Revision)) -> Result<Undertaking> {
    let state =
        UndertakingState::parse(&revision.state).map_err(|_| corrupt("undertaking_revisions.state"))?;
    let said = match (revision.topic, revision.you_said_vi, revision.we_did_vi, revision.due_on) {
        (Some(topic), Some(you_said), Some(we_did), Some(day)) => Some(Said {
            topic,
            you_said: Words { vi: you_said, en: revision.you_said_en },
            we_did: Words { vi: we_did, en: revision.we_did_en },
            state,
            day,
        }),
        _ => None,
    };
    Ok(Undertaking {
        seq: head.seq,
        id: head.id,
        agency: AgencyId(head.agency_id),
        survey: SurveyId(head.survey_id),
        month: head.month,
        first_published_at: head.published_at,
        revision: revision.revision,
        said,
        reason: revision.reason,
        published_at: revision.published_at,
    })
}

/// What is published for the first time.
#[derive(Debug, Clone, Copy)]
pub struct NewUndertaking {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub agency: AgencyId,
    /// The survey people wrote to.
    pub survey: SurveyId,
    /// First day of the month they wrote in.
    pub month: NaiveDate,
    /// When.
    pub at: DateTime<Utc>,
}

/// Enters an undertaking without its first revision; gives its number, `None` if the id is taken.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`] for an agency outside the scope.
pub async fn undertaking_insert(
    conn: &mut Conn,
    scope: &AgencyScope,
    new: &NewUndertaking,
) -> Result<Option<i64>> {
    if !scope.allows(new.agency) {
        return Err(Error::new(ErrorCode::AgencyNotFound));
    }
    let row = (
        u::id.eq(new.id),
        u::agency_id.eq(new.agency.0),
        u::survey_id.eq(new.survey.0),
        u::month.eq(new.month),
        u::published_at.eq(new.at),
    );
    let insert = diesel::insert_into(u::table).values(row).on_conflict(u::id).do_nothing();
    Ok(insert.returning(u::seq).get_result(conn).await.optional()?)
}

/// A revision to be entered.
#[derive(Debug, Clone, Copy)]
pub struct NewRevision<'a> {
    /// Number of the undertaking.
    pub seq: i64,
    /// Number of the revision.
    pub revision: i16,
    /// What it says; `None` withdraws it.
    pub said: Option<&'a Said>,
    /// Why.
    pub reason: Option<&'a str>,
    /// The comments it answers.
    pub handles: &'a Handles,
    /// Who publishes it.
    pub by: ClientId,
    /// When.
    pub at: DateTime<Utc>,
}

/// Enters a revision; gives whether it was not there before.
pub async fn undertaking_revise(conn: &mut Conn, new: &NewRevision<'_>) -> Result<bool> {
    let said = new.said;
    let row = (
        r::seq.eq(new.seq),
        r::revision.eq(new.revision),
        r::state.eq(said.map_or(UndertakingState::Withdrawn, |said| said.state).as_str()),
        r::topic.eq(said.map(|said| &said.topic)),
        r::you_said_vi.eq(said.map(|said| &said.you_said.vi)),
        r::you_said_en.eq(said.and_then(|said| said.you_said.en.as_ref())),
        r::we_did_vi.eq(said.map(|said| &said.we_did.vi)),
        r::we_did_en.eq(said.and_then(|said| said.we_did.en.as_ref())),
        r::due_on.eq(said.map(|said| said.day)),
        r::reason.eq(new.reason),
        r::client_id.eq(new.by.0),
        r::published_at.eq(new.at),
    );
    let insert = diesel::insert_into(r::table).values(row).on_conflict((r::seq, r::revision)).do_nothing();
    if insert.execute(conn).await? == 0 {
        return Ok(false);
    }
    let link = |handle: &Standing| {
        (c::seq.eq(new.seq), c::revision.eq(new.revision), c::handle.eq(handle.bytes().to_vec()))
    };
    let links: Vec<_> = new.handles.iter().map(link).collect();
    diesel::insert_into(c::table).values(links).execute(conn).await?;
    Ok(true)
}

/// An undertaking as its newest revision says, or as an earlier one did.
pub async fn undertaking_find(
    conn: &mut Conn,
    id: Uuid,
    revision: Option<i16>,
) -> Result<Option<Undertaking>> {
    let mut query = u::table
        .inner_join(r::table)
        .filter(u::id.eq(id))
        .order(r::revision.desc())
        .select((Head::as_select(), Revision::as_select()))
        .into_boxed();
    if let Some(revision) = revision {
        query = query.filter(r::revision.eq(revision));
    }
    query.first(conn).await.optional()?.map(undertaking).transpose()
}

/// The comments that a revision answers.
pub async fn undertaking_handles(conn: &mut Conn, seq: i64, revision: i16) -> Result<Handles> {
    let of = c::table.filter(c::seq.eq(seq).and(c::revision.eq(revision)));
    handles(of.select(c::handle).load(conn).await?)
}

fn handles(rows: Vec<Vec<u8>>) -> Result<Handles> {
    let read = |bytes: Vec<u8>| Standing::from_bytes(&bytes);
    rows.into_iter().map(|row| read(row).ok_or_else(|| corrupt("undertaking_comments.handle"))).collect()
}

/// The comments on an agency, to a survey and of a month, that any undertaking answers as it stands.
pub async fn undertakings_answered(
    conn: &mut Conn,
    scope: &AgencyScope,
    (survey, agency): (SurveyId, AgencyId),
    month: NaiveDate,
) -> Result<Handles> {
    if !scope.allows(agency) {
        return Ok(Handles::new());
    }
    let later = diesel::alias!(undertaking_revisions as later);
    let newer = later.filter(later.field(r::seq).eq(c::seq).and(later.field(r::revision).gt(c::revision)));
    let rows = c::table
        .inner_join(u::table.on(u::seq.eq(c::seq)))
        .filter(u::agency_id.eq(agency.0).and(u::survey_id.eq(survey.0)).and(u::month.eq(month)))
        .filter(not(exists(newer)))
        .select(c::handle)
        .load(conn)
        .await?;
    handles(rows)
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct UndertakingFilter {
    /// About comments to this survey.
    pub survey: Option<SurveyId>,
    /// About comments of the month that begins on this day.
    pub month: Option<NaiveDate>,
    /// In this state.
    pub state: Option<UndertakingState>,
}

/// A page of the undertakings of some agencies, that which was published first the latest before others.
pub async fn undertakings_list(
    conn: &mut Conn,
    scope: &AgencyScope,
    filter: &UndertakingFilter,
    page: &Page,
) -> Result<Vec<Undertaking>> {
    let later = diesel::alias!(undertaking_revisions as later);
    let newer = later.filter(later.field(r::seq).eq(r::seq).and(later.field(r::revision).gt(r::revision)));
    let mut query = u::table
        .inner_join(r::table)
        .filter(not(exists(newer)))
        .order(u::seq.desc())
        .limit(page.limit_and_one())
        .select((Head::as_select(), Revision::as_select()))
        .into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(u::agency_id.eq_any(agencies));
    }
    if let Some(after) = &page.after {
        let after: i64 = after.parse().map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(u::seq.lt(after));
    }
    if let Some(survey) = filter.survey {
        query = query.filter(u::survey_id.eq(survey.0));
    }
    if let Some(month) = filter.month {
        query = query.filter(u::month.eq(month));
    }
    if let Some(state) = filter.state {
        query = query.filter(r::state.eq(state.as_str()));
    }
    query.load(conn).await?.into_iter().map(undertaking).collect()
}

/// How many comments each of these undertakings answers, by number.
pub async fn undertakings_counts(conn: &mut Conn, shown: &[Undertaking]) -> Result<HashMap<i64, u64>> {
    let seqs: Vec<i64> = shown.iter().map(|one| one.seq).collect();
    let newest: HashMap<i64, i16> = shown.iter().map(|one| (one.seq, one.revision)).collect();
    let rows: Vec<(i64, i16, i64)> = c::table
        .filter(c::seq.eq_any(seqs))
        .group_by((c::seq, c::revision))
        .select((c::seq, c::revision, diesel::dsl::count_star()))
        .load(conn)
        .await?;
    let of_newest = rows.into_iter().filter(|(seq, revision, _)| newest.get(seq) == Some(revision));
    Ok(of_newest.map(|(seq, _, count)| (seq, u64::try_from(count).unwrap_or(0))).collect())
}
