//! Devices as those in charge see them: where they stand, what they are, and their newest signs of life.

use super::Conn;
use super::devices::places_list;
use super::paging::Page;
use super::schema::{clients, device_facts, device_signs};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::client::{Client, ClientKind, Terms};
use crate::domain::device::{DeviceState, Facts, Heartbeat, PastPlace, Posting, Signs};
use crate::domain::ids::{AgencyId, ClientId, ServicePointId, SurveyId};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use uuid::Uuid;

/// A device with all that is known of it.
#[derive(Debug, Clone)]
pub struct DeviceRecord {
    /// The device.
    pub device: Client,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// What it said when it enrolled; `None` if it was made on the command line.
    pub facts: Option<Facts>,
    /// Its newest signs of life.
    pub signs: Signs,
}

impl DeviceRecord {
    /// Whether it may work.
    pub const fn state(&self) -> DeviceState {
        match (self.device.revoked_at, self.device.posting.suspended_at) {
            (Some(_), _) => DeviceState::Revoked,
            (None, Some(_)) => DeviceState::Suspended,
            (None, None) => DeviceState::Active,
        }
    }

    /// Whether it should have been heard and was not since an instant.
    pub fn is_silent_since(&self, bound: DateTime<Utc>) -> bool {
        let heard = self.signs.last_seen().map_or(self.created_at, |seen| seen.max(self.created_at));
        self.state() == DeviceState::Active && heard <= bound
    }
}

/// What a list of devices is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeviceFilter {
    /// Those at this desk.
    pub service_point: Option<ServicePointId>,
    /// Those in this state.
    pub state: Option<DeviceState>,
    /// Those that are silent (`true`) or not, and the instant since when that counts.
    pub silent: Option<(bool, DateTime<Utc>)>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients, check_for_backend(Pg))]
struct ClientRow {
    id: Uuid,
    name: String,
    agency_id: Option<i32>,
    service_point_id: Option<i32>,
    survey_id: Option<i32>,
    created_at: DateTime<Utc>,
    suspended_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = device_facts, check_for_backend(Pg))]
struct FactsRow {
    model: String,
    app_version: String,
    os: Option<String>,
    os_version: Option<String>,
    screen_width: Option<i32>,
    screen_height: Option<i32>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = device_signs, check_for_backend(Pg))]
struct SignsRow {
    heartbeat_at: Option<DateTime<Utc>>,
    clock_offset_ms: Option<i64>,
    backlog: Option<i32>,
    oldest_answered_at: Option<DateTime<Utc>>,
    app_version: Option<String>,
    survey: Option<String>,
    questionnaire_version: Option<i16>,
    battery_percent: Option<i16>,
    storage_free_mb: Option<i32>,
    received_on: Option<NaiveDate>,
    received: i64,
    last_response_at: Option<DateTime<Utc>>,
}

type Row = (ClientRow, Option<FactsRow>, Option<SignsRow>);

/// One page of the devices of a scope, the oldest first.
///
/// # Errors
/// [`ErrorCode::InvalidCursor`].
pub async fn fleet_list(
    conn: &mut Conn,
    scope: &AgencyScope,
    filter: &DeviceFilter,
    page: &Page,
) -> Result<Vec<DeviceRecord>> {
    let mut query = clients::table
        .left_join(device_facts::table.on(device_facts::client_id.eq(clients::id)))
        .left_join(device_signs::table.on(device_signs::client_id.eq(clients::id)))
        .filter(clients::kind.eq(ClientKind::Device.as_str()))
        .select((ClientRow::as_select(), Option::<FactsRow>::as_select(), Option::<SignsRow>::as_select()))
        .order(clients::id)
        .limit(page.limit_and_one())
        .into_boxed::<Pg>();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(clients::agency_id.eq_any(agencies));
    }
    if let Some(after) = &page.after {
        let after = Uuid::parse_str(after).map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(clients::id.gt(after));
    }
    if let Some(desk) = filter.service_point {
        query = query.filter(clients::service_point_id.eq(desk.0));
    }
    query = match filter.state {
        None => query,
        Some(DeviceState::Revoked) => query.filter(clients::revoked_at.is_not_null()),
        Some(DeviceState::Suspended) => {
            query.filter(clients::revoked_at.is_null().and(clients::suspended_at.is_not_null()))
        }
        Some(DeviceState::Active) => {
            query.filter(clients::revoked_at.is_null().and(clients::suspended_at.is_null()))
        }
    };
    if let Some((silent, bound)) = filter.silent {
        // greatest() passes over what is NULL.
        let heard = sql::<Bool>(
            "(clients.revoked_at IS NULL AND clients.suspended_at IS NULL AND greatest(clients.created_at, \
             device_signs.heartbeat_at, device_signs.last_response_at) <= ",
        )
        .bind::<Timestamptz, _>(bound)
        .sql(")");
        query = if silent { query.filter(heard) } else { query.filter(diesel::dsl::not(heard)) };
    }
    let rows: Vec<Row> = query.load(conn).await?;
    let ids: Vec<ClientId> = rows.iter().map(|(client, ..)| ClientId(client.id)).collect();
    let mut places = places_list(conn, &ids).await?;
    Ok(rows.into_iter().map(|row| record(row, &mut places)).collect())
}

/// One device of a scope, with its earlier places, if there is one of this id.
pub async fn fleet_find(conn: &mut Conn, scope: &AgencyScope, id: ClientId) -> Result<Option<DeviceRecord>> {
    let row: Option<Row> = clients::table
        .left_join(device_facts::table.on(device_facts::client_id.eq(clients::id)))
        .left_join(device_signs::table.on(device_signs::client_id.eq(clients::id)))
        .filter(clients::id.eq(id.0).and(clients::kind.eq(ClientKind::Device.as_str())))
        .select((ClientRow::as_select(), Option::<FactsRow>::as_select(), Option::<SignsRow>::as_select()))
        .first(conn)
        .await
        .optional()?;
    let mut places = places_list(conn, &[id]).await?;
    let found = row.map(|row| record(row, &mut places));
    Ok(found.filter(|found| found.device.agency.is_some_and(|agency| scope.allows(agency))))
}

fn record((client, facts, signs): Row, places: &mut HashMap<ClientId, Vec<PastPlace>>) -> DeviceRecord {
    DeviceRecord {
        device: Client {
            id: ClientId(client.id),
            kind: ClientKind::Device,
            name: client.name,
            agency: client.agency_id.map(AgencyId),
            service_point: client.service_point_id.map(ServicePointId),
            revoked_at: client.revoked_at,
            terms: Terms::default(),
            posting: Posting {
                survey: client.survey_id.map(SurveyId),
                suspended_at: client.suspended_at,
                earlier: places.remove(&ClientId(client.id)).unwrap_or_default(),
            },
        },
        created_at: client.created_at,
        facts: facts.map(facts_of),
        signs: signs.map(signs_of).unwrap_or_default(),
    }
}

fn facts_of(row: FactsRow) -> Facts {
    Facts {
        model: row.model,
        app_version: row.app_version,
        os: row.os,
        os_version: row.os_version,
        screen: row.screen_width.zip(row.screen_height),
    }
}

fn signs_of(row: SignsRow) -> Signs {
    let beat = row.clock_offset_ms.zip(row.backlog).zip(row.app_version);
    let beat = beat.map(|((clock_offset_ms, backlog), app_version)| Heartbeat {
        clock_offset_ms,
        backlog,
        oldest_answered_at: row.oldest_answered_at,
        app_version,
        survey: row.survey,
        questionnaire_version: row.questionnaire_version,
        battery_percent: row.battery_percent,
        storage_free_mb: row.storage_free_mb,
    });
    Signs {
        heartbeat: row.heartbeat_at.zip(beat),
        last_response_at: row.last_response_at,
        received: row.received_on.map(|day| (day, row.received)),
    }
}
