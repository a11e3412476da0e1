//! What people change of their accounts.

use domain::UserId;
use sqlx::AnyConnection;

use crate::account::{PasswordHash, ProfileChange, User};
use crate::error::Error;
use crate::sql::accounts::{add_words, user};
use crate::sql::rows::{query, time};
use crate::sql::texts;

pub(super) async fn update(
    link: &mut AnyConnection,
    id: &UserId,
    change: &ProfileChange,
    now_ms: u64,
) -> Result<Option<User>, Error> {
    let row = query(texts::CHANGE_PROFILE)
        .bind(id.as_str().to_owned())
        .bind(change.name.clone())
        .bind(i64::from(change.avatar.is_some()))
        .bind(change.avatar.clone().flatten())
        .bind(time(now_ms))
        .fetch_optional(&mut *link)
        .await?;
    let Some(changed) = row.as_ref().map(user).transpose()? else { return Ok(None) };
    if change.name.is_some() {
        let forget = query(texts::FORGET_WORDS).bind(id.as_str().to_owned());
        forget.execute(&mut *link).await?;
        add_words(link, id, &changed.name).await?;
    }
    Ok(Some(changed))
}

pub(super) async fn replace_hash(
    link: &mut AnyConnection,
    id: &UserId,
    old_hash: &PasswordHash,
    new_hash: &PasswordHash,
    now_ms: u64,
) -> Result<bool, Error> {
    let done = query(texts::REPLACE_HASH)
        .bind(id.as_str().to_owned())
        .bind(old_hash.as_str().to_owned())
        .bind(new_hash.as_str().to_owned())
        .bind(time(now_ms))
        .execute(link)
        .await?;
    Ok(done.rows_affected() == 1)
}
