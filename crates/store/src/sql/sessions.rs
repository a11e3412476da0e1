//! Refresh tokens.

use domain::UserId;
use sqlx::AnyConnection;

use crate::account::{PasswordHash, Standing};
use crate::error::Error;
use crate::session::{Family, FamilyId, Rotation, TokenHash};
use crate::sql::accounts;
use crate::sql::rows::{Columns, query, time};
use crate::sql::standing::{family_id, revoke_all_beyond, revoke_one};
use crate::sql::texts;
use crate::store::FAMILIES_OF_A_USER;

pub(super) async fn open(
    link: &mut AnyConnection,
    family: &Family,
    token: &TokenHash,
    verified: &PasswordHash,
) -> Result<(), Error> {
    // Changes nothing, and locks the user: whoever disables them or changes the password comes before or after.
    let user = query(texts::LOCK_VERIFIED_USER)
        .bind(family.user.as_str().to_owned())
        .bind(verified.as_str().to_owned())
        .execute(&mut *link)
        .await?;
    if user.rows_affected() == 0 {
        return Err(Error::Conflict);
    }
    query("INSERT INTO refresh_families (id, user_id, created_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4)")
        .bind(family.id.to_string())
        .bind(family.user.as_str().to_owned())
        .bind(time(family.created_at_ms))
        .bind(time(family.expires_at_ms))
        .execute(&mut *link)
        .await?;
    add_token(link, token, family.id, family.expires_at_ms).await?;
    revoke_all_beyond(link, &family.user, FAMILIES_OF_A_USER, family.created_at_ms).await
}

pub(super) async fn rotate(
    link: &mut AnyConnection,
    spent: &TokenHash,
    fresh: &TokenHash,
    now_ms: u64,
    expires_at_ms: u64,
) -> Result<Rotation, Error> {
    let Some((user, family)) = family_of(link, spent).await? else { return Ok(Rotation::Refused) };
    // Locks the family: of those who come with the same token, the first has spent it before the next one looks.
    let lock = query(texts::LOCK_FAMILY).bind(family.to_string()).execute(&mut *link).await?;
    if lock.rows_affected() == 0 {
        return Ok(Rotation::Refused);
    }
    let token = query(texts::TOKEN).bind(spent.as_bytes().to_vec()).fetch_optional(&mut *link).await?;
    let Some(token) = token else { return Ok(Rotation::Refused) };
    let Some(user) = accounts::by_id(link, &user).await? else { return Ok(Rotation::Refused) };
    if token.time("expires_at_ms")? <= now_ms || user.standing == Standing::Disabled {
        return Ok(Rotation::Refused);
    }
    if token.time_or_none("spent_at_ms")?.is_some() {
        revoke_one(link, family, now_ms, expires_at_ms).await?;
        return Ok(Rotation::Reused { user: user.id, family });
    }
    query(texts::SPEND_TOKEN).bind(spent.as_bytes().to_vec()).bind(time(now_ms)).execute(&mut *link).await?;
    query(texts::PROLONG_FAMILY)
        .bind(family.to_string())
        .bind(time(expires_at_ms))
        .execute(&mut *link)
        .await?;
    add_token(link, fresh, family, expires_at_ms).await?;
    Ok(Rotation::Rotated { user, family })
}

async fn add_token(
    link: &mut AnyConnection,
    token: &TokenHash,
    family: FamilyId,
    expires_at_ms: u64,
) -> Result<(), Error> {
    query("INSERT INTO refresh_tokens (hash, family_id, expires_at_ms) VALUES ($1, $2, $3)")
        .bind(token.as_bytes().to_vec())
        .bind(family.to_string())
        .bind(time(expires_at_ms))
        .execute(link)
        .await?;
    Ok(())
}

pub(super) async fn family_of(
    link: &mut AnyConnection,
    token: &TokenHash,
) -> Result<Option<(UserId, FamilyId)>, Error> {
    let row = query(texts::FAMILY_OF_TOKEN).bind(token.as_bytes().to_vec()).fetch_optional(link).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.user_id("user_id")?, family_id(&row, "id")?)))
}
