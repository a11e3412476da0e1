//! Facts, a batch at a time: each kind is one list of rows, whatever the number of facts.
//!
//! Rows have the ids of facts, so a batch that comes again changes nothing. Within a batch kinds go in the order in which they can
//! follow from each other, and rows of one kind in the order of their keys, so that no two batches wait for each other.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::{Fact, Standing};
use sqlx::AnyConnection;

use crate::error::Error;
use crate::node::NodeId;
use crate::sql::rows::{Bulk, query, tenant_text, time};
use crate::sql::texts;

pub(super) async fn append(link: &mut AnyConnection, node: NodeId, facts: &[Fact]) -> Result<(), Error> {
    let batch = Batch::of(node, facts);
    // Who has rows open has to be on the list, for the case that nothing more is ever heard.
    query("INSERT INTO nodes (id, heard_at_ms) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
        .bind(node.to_string())
        .bind(batch.newest_ms)
        .execute(&mut *link)
        .await?;
    let Batch { opened, joined, left, closed, seen, .. } = batch;

    OPENED
        .run(link, &opened, |query, row| {
            let [id, tenant, room, node] = row.texts.clone();
            query.bind(id).bind(tenant).bind(room).bind(node).bind("open").bind(row.at_ms)
        })
        .await?;
    JOINED
        .run(link, &joined, |query, row| {
            let [id, sitting, tenant, room, user, node] = row.texts.clone();
            let query = query.bind(id).bind(sitting).bind(tenant).bind(room).bind(user);
            query.bind(row.username.clone()).bind(row.standing).bind(node).bind(row.at_ms)
        })
        .await?;
    LEFT.run(link, &left, |query, (id, at_ms)| query.bind(id.clone()).bind(*at_ms)).await?;
    CLOSED.run(link, &closed, |query, (id, at_ms)| query.bind(id.clone()).bind(*at_ms)).await?;
    SEEN.run(link, &seen, |query, ((tenant, user), at_ms)| {
        query.bind(tenant.clone()).bind(user.clone()).bind(*at_ms)
    })
    .await
}

static OPENED: LazyLock<Bulk> = LazyLock::new(|| {
    let columns = "id, tenant, room, node, status, opened_at_ms";
    Bulk::new(&format!("INSERT INTO rooms ({columns}) VALUES {{rows}} ON CONFLICT (id) DO NOTHING"), 6)
});

static JOINED: LazyLock<Bulk> = LazyLock::new(|| {
    let columns = "id, sitting, tenant, room, user_id, username, standing, node, joined_at_ms";
    Bulk::new(
        &format!("INSERT INTO room_participants ({columns}) VALUES {{rows}} ON CONFLICT (id) DO NOTHING"),
        9,
    )
});

// The true end replaces one that was assumed, so nothing is asked about what is there.
static LEFT: LazyLock<Bulk> = LazyLock::new(|| Bulk::new(texts::END_PARTICIPATIONS, 2));

static CLOSED: LazyLock<Bulk> = LazyLock::new(|| Bulk::new(texts::END_ROOMS, 2));

static SEEN: LazyLock<Bulk> = LazyLock::new(|| {
    let text = "INSERT INTO subjects (tenant, user_id, seen_at_ms) VALUES {rows}
        ON CONFLICT (tenant, user_id) DO UPDATE SET seen_at_ms = excluded.seen_at_ms
        WHERE excluded.seen_at_ms > subjects.seen_at_ms";
    Bulk::new(text, 3)
});

/// A batch, sorted by kind.
#[derive(Default)]
struct Batch {
    opened: Vec<Opened>,
    joined: Vec<Joined>,
    left: Vec<(String, i64)>,
    closed: Vec<(String, i64)>,
    /// The newest of each only: a statement may not change a row twice.
    seen: Vec<((String, String), i64)>,
    newest_ms: i64,
}

struct Opened {
    texts: [String; 4],
    at_ms: i64,
}

struct Joined {
    texts: [String; 6],
    username: Option<String>,
    standing: &'static str,
    at_ms: i64,
}

impl Batch {
    fn of(node: NodeId, facts: &[Fact]) -> Batch {
        let mut batch = Batch::default();
        let mut seen = BTreeMap::new();
        let node = node.to_string();
        for fact in facts {
            let at_ms = batch.add(&node, fact, &mut seen);
            batch.newest_ms = batch.newest_ms.max(at_ms);
        }
        batch.left.sort();
        batch.left.dedup_by(|later, earlier| later.0 == earlier.0);
        batch.closed.sort();
        batch.closed.dedup_by(|later, earlier| later.0 == earlier.0);
        batch.seen = seen.into_iter().collect();
        batch
    }

    /// Returns when it happened.
    fn add(&mut self, node: &str, fact: &Fact, seen: &mut BTreeMap<(String, String), i64>) -> i64 {
        match fact {
            Fact::RoomOpened { sitting, tenant, room, opened_at_ms } => {
                let at_ms = time(*opened_at_ms);
                let texts = [sitting.to_string(), tenant_text(tenant), room.to_string(), node.to_owned()];
                self.opened.push(Opened { texts, at_ms });
                at_ms
            }
            Fact::Joined { participation, sitting, tenant, room, user, username, standing, joined_at_ms } => {
                let at_ms = time(*joined_at_ms);
                let names = [tenant_text(tenant), room.to_string(), user.to_string()];
                let [tenant, room, user] = names;
                let texts =
                    [participation.to_string(), sitting.to_string(), tenant, room, user, node.to_owned()];
                let username = username.as_ref().map(ToString::to_string);
                self.joined.push(Joined { texts, username, standing: standing_text(*standing), at_ms });
                at_ms
            }
            Fact::Left { participation, left_at_ms } => {
                self.left.push((participation.to_string(), time(*left_at_ms)));
                time(*left_at_ms)
            }
            Fact::RoomClosed { sitting, closed_at_ms } => {
                self.closed.push((sitting.to_string(), time(*closed_at_ms)));
                time(*closed_at_ms)
            }
            Fact::Seen { tenant, user, at_ms } => {
                let newest = seen.entry((tenant_text(tenant), user.to_string())).or_default();
                *newest = time(*at_ms).max(*newest);
                time(*at_ms)
            }
        }
    }
}

const fn standing_text(standing: Standing) -> &'static str {
    match standing {
        Standing::Guest => "guest",
        Standing::Verified => "verified",
    }
}
