//! What was written down about rooms.

use domain::{RoomId, Standing, Tenant, Username};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::Error;
use crate::history::{ParticipationRecord, RoomRecord};
use crate::sql::rows::{Columns, damaged, query, tenant_text};
use crate::sql::texts;

pub(super) async fn rooms(
    link: &mut AnyConnection,
    tenant: &Tenant,
    room: &RoomId,
    limit: u32,
) -> Result<Vec<RoomRecord>, Error> {
    let named =
        query(texts::ROOMS_BY_NAME).bind(tenant_text(tenant)).bind(room.to_string()).bind(i64::from(limit));
    named.fetch_all(link).await?.iter().map(room_record).collect()
}

pub(super) async fn participations(
    link: &mut AnyConnection,
    tenant: &Tenant,
    room: &RoomId,
    limit: u32,
) -> Result<Vec<ParticipationRecord>, Error> {
    let named = query(texts::PARTICIPATIONS_BY_ROOM)
        .bind(tenant_text(tenant))
        .bind(room.to_string())
        .bind(i64::from(limit));
    named.fetch_all(link).await?.iter().map(participation).collect()
}

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
