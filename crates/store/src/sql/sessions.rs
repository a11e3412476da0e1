//! Refresh tokens.

use domain::UserId;
use sqlx::AnyConnection;

use crate::account::{PasswordHash, Standing};
use crate::error::Error;
use crate::session::{Family, FamilyId, Rotation, TokenHash};
use crate::sql::accounts;
use crate::sql::rows::{Columns, query, time};
use crate::sql::standing::{family_id, revoke_one};
use crate::store::FAMILIES_OF_A_USER;

pub(super) async fn open(
    link: &mut AnyConnection,
    family: &Family,
    token: &TokenHash,
    verified: &PasswordHash,
) -> Result<(), Error> {
    // Changes nothing, and locks the user: whoever disables them or changes the password comes before or after.
    let user = query(
        "UPDATE users SET updated_at_ms = updated_at_ms
         WHERE id = $1 AND standing = 'active' AND password_hash = $2",
    )
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
    let beyond = query(BEYOND)
        .bind(family.user.as_str().to_owned())
        .bind(i64::from(FAMILIES_OF_A_USER))
        .fetch_all(&mut *link)
        .await?;
    for row in beyond.iter().rev() {
        let until_ms = row.time("expires_at_ms")?;
        revoke_one(link, family_id(row, "id")?, family.created_at_ms, until_ms).await?;
    }
    Ok(())
}

/// The families of a user that are too many. One comes at a time, so it is one.
pub(super) const BEYOND: &str = "SELECT id, expires_at_ms FROM refresh_families
     WHERE user_id = $1 AND revoked_at_ms IS NULL ORDER BY created_at_ms DESC, id DESC LIMIT 100 OFFSET $2";

pub(super) async fn rotate(
    link: &mut AnyConnection,
    spent: &TokenHash,
    fresh: &TokenHash,
    now_ms: u64,
    expires_at_ms: u64,
) -> Result<Rotation, Error> {
    let Some((user, family)) = family_of(link, spent).await? else { return Ok(Rotation::Refused) };
    // Locks the family: of those who come with the same token, the first has spent it before the next one looks.
    let lock = query(
        "UPDATE refresh_families SET expires_at_ms = expires_at_ms WHERE id = $1 AND revoked_at_ms IS NULL",
    )
    .bind(family.to_string())
    .execute(&mut *link)
    .await?;
    if lock.rows_affected() == 0 {
        return Ok(Rotation::Refused);
    }
    let token = query("SELECT expires_at_ms, spent_at_ms FROM refresh_tokens WHERE hash = $1")
        .bind(spent.as_bytes().to_vec())
        .fetch_optional(&mut *link)
        .await?;
    let Some(token) = token else { return Ok(Rotation::Refused) };
    let Some(user) = accounts::by_id(link, &user).await? else { return Ok(Rotation::Refused) };
    if token.time("expires_at_ms")? <= now_ms || user.standing == Standing::Disabled {
        return Ok(Rotation::Refused);
    }
    if token.time_or_none("spent_at_ms")?.is_some() {
        revoke_one(link, family, now_ms, expires_at_ms).await?;
        return Ok(Rotation::Reused { user: user.id, family });
    }
    query("UPDATE refresh_tokens SET spent_at_ms = $2 WHERE hash = $1")
        .bind(spent.as_bytes().to_vec())
        .bind(time(now_ms))
        .execute(&mut *link)
        .await?;
    query("UPDATE refresh_families SET expires_at_ms = $2 WHERE id = $1 AND expires_at_ms < $2")
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
    let row = query(FAMILY_OF).bind(token.as_bytes().to_vec()).fetch_optional(link).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.user_id("user_id")?, family_id(&row, "id")?)))
}

pub(super) const FAMILY_OF: &str = "SELECT refresh_families.user_id, refresh_families.id FROM refresh_tokens
     JOIN refresh_families ON refresh_families.id = refresh_tokens.family_id WHERE refresh_tokens.hash = $1";
