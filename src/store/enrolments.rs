//! Invitations and what became of them. Codes are known by their hash only.

use super::Conn;
use super::paging::Page;
use super::schema::enrolments;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::device::{Invitation, Used};
use crate::domain::ids::{AgencyId, ClientId, ServicePointId, SurveyId};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = enrolments, check_for_backend(Pg))]
struct Row {
    id: Uuid,
    agency_id: i32,
    service_point_id: i32,
    survey_id: Option<i32>,
    name: Option<String>,
    invited_by: Uuid,
    invited_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    client_id: Option<Uuid>,
    enrolled_at: Option<DateTime<Utc>>,
    attempt: Option<Uuid>,
}

impl From<Row> for Invitation {
    fn from(row: Row) -> Self {
        let used = row.client_id.zip(row.enrolled_at).zip(row.attempt);
        Self {
            id: row.id,
            agency: AgencyId(row.agency_id),
            service_point: ServicePointId(row.service_point_id),
            survey: row.survey_id.map(SurveyId),
            name: row.name,
            invited_by: ClientId(row.invited_by),
            invited_at: row.invited_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            used: used.map(|((client, at), attempt)| Used { client: ClientId(client), at, attempt }),
        }
    }
}

/// Enters an invitation with the hash of its code.
///
/// # Errors
/// [`ErrorCode::NotPermitted`] for an agency outside the scope.
pub async fn invitation_insert(
    conn: &mut Conn,
    scope: &AgencyScope,
    invitation: &Invitation,
    code_hash: &[u8],
) -> Result<()> {
    if !scope.allows(invitation.agency) {
        return Err(Error::new(ErrorCode::NotPermitted));
    }
    let row = Row {
        id: invitation.id,
        agency_id: invitation.agency.0,
        service_point_id: invitation.service_point.0,
        survey_id: invitation.survey.map(|id| id.0),
        name: invitation.name.clone(),
        invited_by: invitation.invited_by.0,
        invited_at: invitation.invited_at,
        expires_at: invitation.expires_at,
        revoked_at: None,
        client_id: None,
        enrolled_at: None,
        attempt: None,
    };
    let values = (row, enrolments::code_hash.eq(code_hash));
    diesel::insert_into(enrolments::table).values(values).execute(conn).await?;
    Ok(())
}

/// The invitation of a code, if there ever was one.
pub async fn invitation_find(conn: &mut Conn, code_hash: &[u8]) -> Result<Option<Invitation>> {
    let query = enrolments::table.filter(enrolments::code_hash.eq(code_hash)).select(Row::as_select());
    Ok(query.first(conn).await.optional()?.map(Invitation::from))
}

/// Holds an invitation until the transaction ends, if there is one of this id: of two devices with one code the
/// second waits for what becomes of the first.
pub async fn invitation_lock(conn: &mut Conn, id: Uuid) -> Result<Option<Invitation>> {
    let query = enrolments::table.find(id).select(Row::as_select()).for_update();
    Ok(query.first(conn).await.optional()?.map(Invitation::from))
}

/// Takes an invitation back that is held and was not used.
pub async fn invitation_revoke(conn: &mut Conn, id: Uuid, at: DateTime<Utc>) -> Result<()> {
    let row = enrolments::table.find(id).filter(enrolments::revoked_at.is_null());
    diesel::update(row).set(enrolments::revoked_at.eq(at)).execute(conn).await?;
    Ok(())
}

/// Writes down by which device an invitation that is held was used.
pub async fn invitation_use(conn: &mut Conn, id: Uuid, used: Used) -> Result<()> {
    use enrolments as t;
    diesel::update(t::table.find(id))
        .set((t::client_id.eq(used.client.0), t::enrolled_at.eq(used.at), t::attempt.eq(used.attempt)))
        .execute(conn)
        .await?;
    Ok(())
}

/// One page of the invitations of a scope, the newest first.
///
/// # Errors
/// [`ErrorCode::InvalidCursor`].
pub async fn invitations_list(conn: &mut Conn, scope: &AgencyScope, page: &Page) -> Result<Vec<Invitation>> {
    let mut query = enrolments::table
        .select(Row::as_select())
        .order(enrolments::id.desc())
        .limit(page.limit_and_one())
        .into_boxed::<Pg>();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(enrolments::agency_id.eq_any(agencies));
    }
    if let Some(before) = &page.after {
        let before = Uuid::parse_str(before).map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(enrolments::id.lt(before));
    }
    Ok(query.load(conn).await?.into_iter().map(Invitation::from).collect())
}
