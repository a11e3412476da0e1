//! Disabling accounts, and ending families.

use domain::{Tenant, UserId};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::account::Standing;
use crate::error::Error;
use crate::revocation::{Revocation, Revoked};
use crate::session::{Families, FamilyId};
use crate::sql::accounts::standing_text;
use crate::sql::revocations;
use crate::sql::rows::{Columns, damaged, query, time};
use crate::sql::texts;

pub(super) async fn set(
    link: &mut AnyConnection,
    id: &UserId,
    standing: Standing,
    now_ms: u64,
    until_ms: u64,
) -> Result<bool, Error> {
    let done = query(texts::SET_STANDING)
        .bind(id.as_str().to_owned())
        .bind(standing_text(standing))
        .bind(time(now_ms))
        .execute(&mut *link)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    match standing {
        Standing::Active => {}
        Standing::Disabled => {
            revoke_all_but(link, id, None, now_ms, until_ms).await?;
            let everything = Revocation {
                tenant: Tenant::default(),
                what: Revoked::User { user: id.clone(), issued_before_ms: now_ms },
                revoked_at_ms: now_ms,
                expires_at_ms: until_ms,
            };
            revocations::add(link, &[everything]).await?;
        }
    }
    Ok(true)
}

pub(super) async fn revoke(
    link: &mut AnyConnection,
    which: &Families,
    now_ms: u64,
    until_ms: u64,
) -> Result<(), Error> {
    match which {
        Families::One(id) => {
            let row = query(texts::REVOKE_FAMILY)
                .bind(id.to_string())
                .bind(time(now_ms))
                .fetch_optional(&mut *link)
                .await?;
            tell(link, row.as_slice(), now_ms, until_ms).await
        }
        Families::OfUser(user) => {
            lock_user(link, user).await?;
            revoke_all_but(link, user, None, now_ms, until_ms).await
        }
    }
}

/// For a transaction that holds the lock of the user.
pub(super) async fn revoke_all_but(
    link: &mut AnyConnection,
    user: &UserId,
    keep: Option<&FamilyId>,
    now_ms: u64,
    until_ms: u64,
) -> Result<(), Error> {
    let rows = query(texts::REVOKE_FAMILIES_BUT)
        .bind(user.as_str().to_owned())
        .bind(time(now_ms))
        .bind(keep.map(FamilyId::to_string).unwrap_or_default())
        .fetch_all(&mut *link)
        .await?;
    tell(link, &rows, now_ms, until_ms).await
}

/// Revokes the oldest families of a user until so many are left, each until it would have expired. For a transaction that holds
/// the lock of the user.
pub(super) async fn revoke_all_beyond(
    link: &mut AnyConnection,
    user: &UserId,
    left: u32,
    now_ms: u64,
) -> Result<(), Error> {
    let rows = query(texts::REVOKE_FAMILIES_BEYOND)
        .bind(user.as_str().to_owned())
        .bind(time(now_ms))
        .bind(i64::from(left))
        .fetch_all(&mut *link)
        .await?;
    let mut oldest = Vec::new();
    for row in &rows {
        oldest.push((row.time("created_at_ms")?, family_id(row, "id")?, row.time("expires_at_ms")?));
    }
    oldest.sort();
    let told: Vec<Revocation> =
        oldest.into_iter().map(|(_, id, until_ms)| of_family(id, now_ms, until_ms)).collect();
    revocations::add(link, &told).await
}

/// Revokes one family of a user, in a transaction that holds the locks that come before it.
pub(super) async fn revoke_one(
    link: &mut AnyConnection,
    id: FamilyId,
    now_ms: u64,
    until_ms: u64,
) -> Result<(), Error> {
    revoke(link, &Families::One(id), now_ms, until_ms).await
}

/// Keeps others from changing anything of that user until the end of the transaction.
async fn lock_user(link: &mut AnyConnection, id: &UserId) -> Result<(), Error> {
    let lock = query(texts::LOCK_USER).bind(id.as_str().to_owned());
    lock.execute(link).await?;
    Ok(())
}

/// Adds a revocation for each of those rows.
async fn tell(link: &mut AnyConnection, rows: &[AnyRow], now_ms: u64, until_ms: u64) -> Result<(), Error> {
    let mut families = rows.iter().map(|row| family_id(row, "id")).collect::<Result<Vec<_>, Error>>()?;
    families.sort();
    let told: Vec<Revocation> = families.into_iter().map(|id| of_family(id, now_ms, until_ms)).collect();
    revocations::add(link, &told).await
}

fn of_family(id: FamilyId, revoked_at_ms: u64, expires_at_ms: u64) -> Revocation {
    Revocation { tenant: Tenant::default(), what: Revoked::Family(id), revoked_at_ms, expires_at_ms }
}

/// Which family.
pub(super) fn family_id(row: &AnyRow, column: &'static str) -> Result<FamilyId, Error> {
    row.get_as::<&str>(column)?.parse().map_err(|_| damaged(column))
}
