//! Housekeeping: who lives, what dead nodes left open, what has expired.

use sqlx::AnyConnection;

use crate::error::Error;
use crate::node::NodeId;
use crate::sql::rows::{Columns, execute, query, time};
use crate::sql::texts;
use crate::store::CLOCKS_DIFFER_MS;

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
    let too_new_ms = now_ms.saturating_add(CLOCKS_DIFFER_MS);
    let silent = query(texts::SILENT_NODES)
        .bind(time(silent_since_ms))
        .bind(time(too_new_ms))
        .fetch_all(&mut *link)
        .await?;
    let mut ended = 0;
    for node in silent {
        let heard_at_ms = node.time("heard_at_ms")?.min(now_ms);
        for text in [texts::ORPHANED_PARTICIPATIONS, texts::ORPHANED_ROOMS] {
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

/// How many rows one of [`PURGES`] deletes at most, and how often it is repeated in one call.
pub(super) const PURGE_ROWS: u64 = 500;
pub(super) const PURGE_ROUNDS: u32 = 10;

/// Tokens before their families, which would take them along uncounted.
pub(super) const PURGES: [&str; 3] = [texts::PURGE_REVOCATIONS, texts::PURGE_TOKENS, texts::PURGE_FAMILIES];

pub(super) async fn purge(link: &mut AnyConnection, text: &'static str, now_ms: u64) -> Result<u64, Error> {
    let purge = query(text).bind(time(now_ms)).bind(time(PURGE_ROWS));
    Ok(purge.execute(link).await?.rows_affected())
}
