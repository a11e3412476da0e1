//! What was written down about rooms.

use domain::{RoomId, Standing, Tenant, Username};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::Error;
use crate::history::{ParticipationRecord, RoomRecord};
use crate::sql::rows::{Columns, damaged, query, tenant_text};

pub(super) async fn rooms(
    link: &mut AnyConnection,
    tenant: &Tenant,
    room: &RoomId,
    limit: u32,
) -> Result<Vec<RoomRecord>, Error> {
    let named = query(ROOMS).bind(tenant_text(tenant)).bind(room.to_string()).bind(i64::from(limit));
    named.fetch_all(link).await?.iter().map(room_record).collect()
}

pub(super) const ROOMS: &str = "SELECT id, opened_at_ms, ended_at_ms FROM rooms
     WHERE tenant = $1 AND room = $2 ORDER BY opened_at_ms DESC LIMIT $3";

pub(super) async fn participations(
    link: &mut AnyConnection,
    tenant: &Tenant,
    room: &RoomId,
    limit: u32,
) -> Result<Vec<ParticipationRecord>, Error> {
    let named = query(PARTICIPATIONS).bind(tenant_text(tenant)).bind(room.to_string()).bind(i64::from(limit));
    named.fetch_all(link).await?.iter().map(participation).collect()
}

pub(super) const PARTICIPATIONS: &str = "SELECT * FROM room_participants
     WHERE tenant = $1 AND room = $2 ORDER BY joined_at_ms DESC LIMIT $3";

fn room_record(row: &AnyRow) -> Result<RoomRecord, Error> {
    Ok(RoomRecord {
        id: row.get_as("id")?,
        opened_at_ms: row.time("opened_at_ms")?,
        ended_at_ms: row.time_or_none("ended_at_ms")?,
    })
}

fn participation(row: &AnyRow) -> Result<ParticipationRecord, Error> {
    let username = row.get_as::<Option<&str>>("username")?;
    Ok(ParticipationRecord {
        id: row.get_as("id")?,
        sitting: row.get_as("sitting")?,
        user: row.user_id("user_id")?,
        username: username.map(Username::try_from).transpose().map_err(|_| damaged("username"))?,
        standing: match row.get_as("standing")? {
            "guest" => Standing::Guest,
            "verified" => Standing::Verified,
            _ => return Err(damaged("standing")),
        },
        joined_at_ms: row.time("joined_at_ms")?,
        left_at_ms: row.time_or_none("left_at_ms")?,
        duration_ms: row.time_or_none("duration_ms")?,
    })
}
