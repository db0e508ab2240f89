//! Flags on responses, and what reviewers decided about them.

use super::paging::Page;
use super::schema::flag_reviews as w;
use super::schema::response_flags::{self, self as f};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::flagging::{Evidence, Rule};
use crate::domain::ids::{AgencyId, ClientId, ResponseId, SurveyId};
use crate::domain::period::start_of;
use crate::domain::standing::{Flag, FlagState};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// Flags entered in one statement: a parameter for each value.
const ROWS: usize = 2000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = response_flags, check_for_backend(diesel::pg::Pg))]
struct Row {
    seq: i64,
    response_id: Uuid,
    rule: String,
    survey_id: i32,
    agency_id: i32,
    client_id: Uuid,
    parameters: String,
    from_at: DateTime<Utc>,
    to_at: DateTime<Utc>,
    count: i32,
    flagged_at: DateTime<Utc>,
    state: String,
}

impl TryFrom<Row> for Flag {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            seq: row.seq,
            response: ResponseId::new(row.response_id)
                .ok_or_else(|| corrupt("response_flags.response_id"))?,
            rule: Rule::parse(&row.rule).map_err(|_| corrupt("response_flags.rule"))?,
            survey: SurveyId(row.survey_id),
            agency: AgencyId(row.agency_id),
            client: ClientId(row.client_id),
            parameters: row.parameters,
            evidence: Evidence {
                from: row.from_at,
                to: row.to_at,
                count: usize::try_from(row.count).map_err(|_| corrupt("response_flags.count"))?,
            },
            flagged_at: row.flagged_at,
            state: FlagState::parse(&row.state).map_err(|_| corrupt("response_flags.state"))?,
        })
    }
}

/// Enters flags (their numbers and states are not looked at), each response once for a rule. Gives the responses that
/// got one now: not those whose flag by the same rule was there before, lifted or not.
pub async fn flags_insert(conn: &mut Conn, flags: &[Flag]) -> Result<Vec<ResponseId>> {
    let mut flagged = Vec::new();
    for flags in flags.chunks(ROWS) {
        let rows: Vec<_> = flags
            .iter()
            .map(|flag| {
                (
                    f::response_id.eq(flag.response.uuid()),
                    f::rule.eq(flag.rule.as_str()),
                    f::survey_id.eq(flag.survey.0),
                    f::agency_id.eq(flag.agency.0),
                    f::client_id.eq(flag.client.0),
                    f::parameters.eq(&flag.parameters),
                    f::from_at.eq(flag.evidence.from),
                    f::to_at.eq(flag.evidence.to),
                    f::count.eq(i32::try_from(flag.evidence.count).unwrap_or(i32::MAX)),
                    f::flagged_at.eq(flag.flagged_at),
                )
            })
            .collect();
        let entered: Vec<Uuid> = diesel::insert_into(f::table)
            .values(rows)
            .on_conflict((f::response_id, f::rule))
            .do_nothing()
            .returning(f::response_id)
            .get_results(conn)
            .await?;
        flagged.extend(entered.into_iter().filter_map(ResponseId::new));
    }
    flagged.sort_unstable();
    flagged.dedup();
    Ok(flagged)
}

/// The flags of a response, in order.
pub async fn flags_of(conn: &mut Conn, response: ResponseId) -> Result<Vec<Flag>> {
    let of = f::table.filter(f::response_id.eq(response.uuid())).order(f::seq);
    of.select(Row::as_select()).load(conn).await?.into_iter().map(Flag::try_from).collect()
}

/// Writes down what a reviewer decided about all flags of a response.
pub async fn flags_review(
    conn: &mut Conn,
    response: ResponseId,
    (decision, reason): (FlagState, &str),
    (by, at): (ClientId, DateTime<Utc>),
) -> Result<()> {
    diesel::insert_into(w::table)
        .values((
            w::response_id.eq(response.uuid()),
            w::decision.eq(decision.as_str()),
            w::reason.eq(reason),
            w::client_id.eq(by.0),
            w::reviewed_at.eq(at),
        ))
        .execute(conn)
        .await?;
    diesel::update(f::table.filter(f::response_id.eq(response.uuid())))
        .set(f::state.eq(decision.as_str()))
        .execute(conn)
        .await?;
    Ok(())
}

/// What a list of flags is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct FlagFilter {
    /// By this rule.
    pub rule: Option<Rule>,
    /// In this state.
    pub state: Option<FlagState>,
    /// On responses answered on this day or later.
    pub from: Option<NaiveDate>,
    /// On responses answered before this day.
    pub to: Option<NaiveDate>,
}

/// A page of flags in the scope, the newest first.
pub async fn flags_list(
    conn: &mut Conn,
    scope: &AgencyScope,
    filter: &FlagFilter,
    page: &Page,
) -> Result<Vec<Flag>> {
    let mut query =
        f::table.select(Row::as_select()).order(f::seq.desc()).limit(page.limit_and_one()).into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(f::agency_id.eq_any(agencies));
    }
    if let Some(after) = &page.after {
        let after: i64 = after.parse().map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(f::seq.lt(after));
    }
    if let Some(rule) = filter.rule {
        query = query.filter(f::rule.eq(rule.as_str()));
    }
    if let Some(state) = filter.state {
        query = query.filter(f::state.eq(state.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(f::response_id.ge(ResponseId::floor(start_of(from).to_utc())));
    }
    if let Some(to) = filter.to {
        query = query.filter(f::response_id.lt(ResponseId::floor(start_of(to).to_utc())));
    }
    query.load(conn).await?.into_iter().map(Flag::try_from).collect()
}
