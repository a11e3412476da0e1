//! Revocations, in an order that no reader can miss one of.
//!
//! Numbers that a sequence gives out become visible in the order of commits, which is another one: a reader who has seen 8
//! would never look for 7 again. So the number comes from a row, which whoever adds a revocation holds until it commits.

use std::sync::LazyLock;

use domain::Tenant;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::Error;
use crate::revocation::{Cursor, Revocation, Revoked};
use crate::sql::rows::{Bulk, Columns, damaged, query, tenant_text, time};
use crate::sql::texts;
use crate::store::REVOCATIONS_PAGE;

/// To be the last that a transaction does: others wait meanwhile.
pub(super) async fn add(link: &mut AnyConnection, added: &[Revocation]) -> Result<(), Error> {
    static INSERT: LazyLock<Bulk> = LazyLock::new(|| {
        let columns = "number, tenant, kind, subject, issued_before_ms, revoked_at_ms, expires_at_ms";
        Bulk::new(&format!("INSERT INTO revocations ({columns}) VALUES {{rows}}"), 7)
    });
    let count = i64::try_from(added.len()).unwrap_or(i64::MAX);
    if count == 0 {
        return Ok(());
    }
    let last = query(texts::NEXT_REVOCATIONS).bind(count).fetch_one(&mut *link).await?;
    let first = last.get_as::<i64>("value")? - count + 1;
    let rows: Vec<(i64, &Revocation)> = (first..).zip(added).collect();
    let bind = |query: Statement, (number, row): &(i64, &Revocation)| {
        let (kind, subject, issued_before_ms) = parts(&row.what);
        query
            .bind(*number)
            .bind(tenant_text(&row.tenant))
            .bind(kind)
            .bind(subject)
            .bind(issued_before_ms)
            .bind(time(row.revoked_at_ms))
            .bind(time(row.expires_at_ms))
    };
    INSERT.run(link, &rows, bind).await
}

type Statement = sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments>;

pub(super) async fn since(
    link: &mut AnyConnection,
    since: Cursor,
    now_ms: u64,
) -> Result<(Vec<Revocation>, Cursor), Error> {
    let rows = query(texts::REVOCATIONS_AFTER)
        .bind(time(since.0))
        .bind(time(now_ms))
        .bind(i64::from(REVOCATIONS_PAGE))
        .fetch_all(&mut *link)
        .await?;
    let cursor = match rows.last() {
        Some(row) => Cursor(row.time("number")?),
        None => not_beyond_the_last(link, since).await?,
    };
    Ok((rows.iter().map(revocation).collect::<Result<_, _>>()?, cursor))
}

/// The cursor as it was, or the first one if the database has not come that far: an older state of it was restored, and what
/// is numbered anew would be passed over.
async fn not_beyond_the_last(link: &mut AnyConnection, since: Cursor) -> Result<Cursor, Error> {
    let last = query(texts::LAST_REVOCATION).fetch_one(link).await?.time("value")?;
    Ok(if last < since.0 { Cursor::default() } else { since })
}

fn parts(what: &Revoked) -> (&'static str, String, Option<i64>) {
    match what {
        Revoked::Token(id) => ("token", id.clone(), None),
        Revoked::Family(id) => ("family", id.to_string(), None),
        Revoked::User { user, issued_before_ms } => {
            ("user", user.as_str().to_owned(), Some(time(*issued_before_ms)))
        }
        Revoked::All { issued_before_ms } => ("all", String::new(), Some(time(*issued_before_ms))),
    }
}

fn revocation(row: &AnyRow) -> Result<Revocation, Error> {
    let tenant = match row.get_as("tenant")? {
        "" => Tenant::default(),
        name => Tenant::try_from(name).map_err(|_| damaged("tenant"))?,
    };
    let what = match row.get_as("kind")? {
        "token" => Revoked::Token(row.get_as("subject")?),
        "family" => Revoked::Family(row.get_as::<&str>("subject")?.parse().map_err(|_| damaged("subject"))?),
        "user" => {
            Revoked::User { user: row.user_id("subject")?, issued_before_ms: row.time("issued_before_ms")? }
        }
        "all" => Revoked::All { issued_before_ms: row.time("issued_before_ms")? },
        _ => return Err(damaged("kind")),
    };
    let (revoked_at_ms, expires_at_ms) = (row.time("revoked_at_ms")?, row.time("expires_at_ms")?);
    Ok(Revocation { tenant, what, revoked_at_ms, expires_at_ms })
}
