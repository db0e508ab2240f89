//! Visits that have rated, and with which response.

use super::Conn;
use super::schema::visit_uses;
use crate::domain::response::Response;
use crate::domain::visit::VisitId;
use crate::error::Result;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use uuid::Uuid;

/// Which responses these visits were used for.
#[derive(Debug, Default)]
pub struct VisitHolders(HashMap<Uuid, Uuid>);

impl VisitHolders {
    /// Whether the visit that the response shows has rated with another.
    pub fn other(&self, response: &Response) -> bool {
        self.of(response).is_some_and(|holder| holder != response.id.uuid())
    }

    /// Whether the visit that the response shows has rated with it.
    pub fn itself(&self, response: &Response) -> bool {
        self.of(response) == Some(response.id.uuid())
    }

    fn of(&self, response: &Response) -> Option<Uuid> {
        self.0.get(&response.visit?.uuid()).copied()
    }
}

/// Looks up what the visits that responses show were used for; asks nothing if none does.
pub async fn visit_uses_holders(conn: &mut Conn, responses: &[&Response]) -> Result<VisitHolders> {
    let visits: Vec<Uuid> =
        responses.iter().filter_map(|response| response.visit).map(|visit| visit.uuid()).collect();
    if visits.is_empty() {
        return Ok(VisitHolders::default());
    }
    let rows: Vec<(Uuid, Uuid)> =
        visit_uses::table.filter(visit_uses::visit_id.eq_any(visits)).load(conn).await?;
    Ok(VisitHolders(rows.into_iter().collect()))
}

/// Whether a visit has rated.
pub async fn visit_uses_exist(conn: &mut Conn, visit: VisitId) -> Result<bool> {
    let used = visit_uses::table.filter(visit_uses::visit_id.eq(visit.uuid()));
    Ok(diesel::select(exists(used)).get_result(conn).await?)
}

/// Forgets the visits issued before an instant; gives how many. Their ids sort by time.
pub async fn visit_uses_delete_before(conn: &mut Conn, limit: Uuid) -> Result<usize> {
    Ok(diesel::delete(visit_uses::table.filter(visit_uses::visit_id.lt(limit))).execute(conn).await?)
}
