//! Housekeeping: who lives, what dead nodes left open, what has expired.

use sqlx::AnyConnection;

use crate::error::Error;
use crate::node::NodeId;
use crate::sql::rows::{Columns, execute, query, time};

pub(super) async fn ping(link: &mut AnyConnection) -> Result<(), Error> {
    execute(link, "SELECT 1").await
}

pub(super) async fn beat(link: &mut AnyConnection, node: NodeId, now_ms: u64) -> Result<(), Error> {
    query(
        "INSERT INTO nodes (id, heard_at_ms) VALUES ($1, $2)
         ON CONFLICT (id) DO UPDATE SET heard_at_ms = excluded.heard_at_ms",
    )
    .bind(node.to_string())
    .bind(time(now_ms))
    .execute(link)
    .await?;
    Ok(())
}

pub(super) async fn close_orphans(
    link: &mut AnyConnection,
    now_ms: u64,
    silent_since_ms: u64,
) -> Result<u64, Error> {
    let too_new_ms = now_ms.saturating_add(now_ms.saturating_sub(silent_since_ms));
    let silent =
        query("DELETE FROM nodes WHERE heard_at_ms < $1 OR heard_at_ms > $2 RETURNING id, heard_at_ms")
            .bind(time(silent_since_ms))
            .bind(time(too_new_ms))
            .fetch_all(&mut *link)
            .await?;
    let mut ended = 0;
    for node in silent {
        let heard_at_ms = node.time("heard_at_ms")?.min(now_ms);
        for text in END_OPEN {
            let rows = query(text)
                .bind(node.get_as::<String>("id")?)
                .bind(time(heard_at_ms))
                .execute(&mut *link)
                .await?;
            ended += rows.rows_affected();
        }
    }
    Ok(ended)
}

pub(super) const END_OPEN: [&str; 2] = [
    "UPDATE room_participants SET
         left_at_ms = CASE WHEN joined_at_ms > $2 THEN joined_at_ms ELSE $2 END,
         duration_ms = CASE WHEN joined_at_ms > $2 THEN 0 ELSE $2 - joined_at_ms END
     WHERE node = $1 AND left_at_ms IS NULL",
    "UPDATE rooms SET status = 'closed', ended_at_ms = CASE WHEN opened_at_ms > $2 THEN opened_at_ms ELSE $2 END
     WHERE node = $1 AND ended_at_ms IS NULL",
];

/// How many rows one of [`PURGES`] deletes at most, and how often it is repeated in one call.
pub(super) const PURGE_ROWS: u64 = 500;
pub(super) const PURGE_ROUNDS: u32 = 10;

/// Tokens before their families, which would take them along uncounted.
pub(super) const PURGES: [&str; 3] = [
    "DELETE FROM revocations WHERE number IN
         (SELECT number FROM revocations WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2)",
    "DELETE FROM refresh_tokens WHERE hash IN
         (SELECT hash FROM refresh_tokens WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2)",
    "DELETE FROM refresh_families WHERE id IN
         (SELECT id FROM refresh_families WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2)",
];

pub(super) async fn purge(link: &mut AnyConnection, text: &'static str, now_ms: u64) -> Result<u64, Error> {
    let purge = query(text).bind(time(now_ms)).bind(time(PURGE_ROWS));
    Ok(purge.execute(link).await?.rows_affected())
}
