//! Accounts: adding and finding them.

use std::sync::LazyLock;

use domain::{Tenant, UserId};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::account::{PasswordHash, Role, SEARCHED_WORDS, Standing, User, searchable, searchable_ends};
use crate::error::Error;
use crate::sql::rows::{Bulk, Columns, damaged, query, tenant_text, time};
use crate::sql::texts;

pub(super) async fn create(link: &mut AnyConnection, user: &User) -> Result<(), Error> {
    query(
        "INSERT INTO users (id, email, name, avatar, role, standing, password_hash, created_at_ms, updated_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(user.id.as_str().to_owned())
    .bind(user.email.clone())
    .bind(user.name.clone())
    .bind(user.avatar.clone())
    .bind(role_text(user.role))
    .bind(standing_text(user.standing))
    .bind(user.password_hash.as_str().to_owned())
    .bind(time(user.created_at_ms))
    .bind(time(user.updated_at_ms))
    .execute(&mut *link)
    .await?;
    add_words(link, &user.id, &user.name).await
}

/// Makes a name findable.
pub(super) async fn add_words(link: &mut AnyConnection, id: &UserId, name: &str) -> Result<(), Error> {
    static WORDS: LazyLock<Bulk> =
        LazyLock::new(|| Bulk::new("INSERT INTO user_words (ending, user_id) VALUES {rows}", 2));
    let rows: Vec<(String, String)> =
        searchable_ends(name).into_iter().map(|end| (end, id.as_str().to_owned())).collect();
    WORDS.run(link, &rows, |query, (end, id)| query.bind(end.clone()).bind(id.clone())).await
}

pub(super) async fn by_id(link: &mut AnyConnection, id: &UserId) -> Result<Option<User>, Error> {
    let found = query(texts::USER_BY_ID).bind(id.as_str().to_owned());
    found.fetch_optional(link).await?.as_ref().map(user).transpose()
}

pub(super) async fn by_email(link: &mut AnyConnection, email: &str) -> Result<Option<User>, Error> {
    let found = query(texts::USER_BY_EMAIL).bind(email.to_owned());
    found.fetch_optional(link).await?.as_ref().map(user).transpose()
}

pub(super) async fn search(link: &mut AnyConnection, text: &str, limit: u32) -> Result<Vec<User>, Error> {
    let beginning = searchable(text);
    if beginning.is_empty() {
        return Ok(Vec::new());
    }
    let mut found: Vec<User> = Vec::new();
    found.extend(by_email(link, text).await?.filter(|user| user.standing == Standing::Active));
    // Everything that begins with a text is in the range from it to it followed by the last of all characters.
    // Each is found once for each of their words that fits, so there may be as many rows for as many people.
    let rows = query(texts::USERS_BY_WORD)
        .bind(beginning.clone())
        .bind(beginning + "\u{10ffff}")
        .bind(i64::from(limit) * SEARCHED_WORDS as i64)
        .fetch_all(link)
        .await?;
    for row in &rows {
        let user = user(row)?;
        if !found.contains(&user) {
            found.push(user);
        }
    }
    found.truncate(limit as usize);
    Ok(found)
}

pub(super) async fn list(
    link: &mut AnyConnection,
    after: Option<&UserId>,
    limit: u32,
) -> Result<Vec<User>, Error> {
    let rows = query(texts::USERS_AFTER)
        .bind(after.map_or("", UserId::as_str).to_owned())
        .bind(i64::from(limit))
        .fetch_all(link)
        .await?;
    rows.iter().map(user).collect()
}

pub(super) async fn is_known(link: &mut AnyConnection, tenant: &Tenant, id: &UserId) -> Result<bool, Error> {
    if tenant.name().is_none() && by_id(link, id).await?.is_some() {
        return Ok(true);
    }
    let seen = query(texts::SUBJECT).bind(tenant_text(tenant)).bind(id.as_str().to_owned());
    Ok(seen.fetch_optional(link).await?.is_some())
}

/// Reads a row of the table.
pub(super) fn user(row: &AnyRow) -> Result<User, Error> {
    Ok(User {
        id: row.user_id("id")?,
        email: row.get_as("email")?,
        name: row.get_as("name")?,
        avatar: row.get_as("avatar")?,
        role: match row.get_as("role")? {
            "user" => Role::User,
            "admin" => Role::Admin,
            _ => return Err(damaged("role")),
        },
        standing: match row.get_as("standing")? {
            "active" => Standing::Active,
            "disabled" => Standing::Disabled,
            _ => return Err(damaged("standing")),
        },
        password_hash: PasswordHash::new(row.get_as("password_hash")?),
        created_at_ms: row.time("created_at_ms")?,
        updated_at_ms: row.time("updated_at_ms")?,
    })
}

const fn role_text(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Admin => "admin",
    }
}

pub(super) const fn standing_text(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "active",
        Standing::Disabled => "disabled",
    }
}
