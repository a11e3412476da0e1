//! `paraclete user add`, `list`, `show`, `disable`, `enable` and `set-password`.

use anyhow::{Context as _, bail};
use auth::{Password, Passwords};
use store::{PasswordHash, Role, Standing, Store, User};

use super::{password, print, say};
use crate::{
    accounts,
    cli::{NewUser, PasswordFrom, Whom},
    clock,
    config::Config,
};

/// Accounts that are read in one go.
const PAGE: u32 = 500;

/// Makes an account and prints its id.
pub(super) async fn add(wanted: NewUser, config: &Config) -> anyhow::Result<()> {
    let store = super::store(config).await?;
    // Before anybody types a password in vain.
    let is_taken = store.user_by_email(wanted.email.as_str()).await?.is_some();
    let taken = || format!("{} has an account: see `paraclete user show`", wanted.email.as_str());
    if is_taken {
        bail!(taken());
    }
    let password = password::from(wanted.password)?;
    let password_hash = hash(&password, config).await?;
    let now_ms = clock::wall_ms();
    let user = User {
        id: accounts::new_user_id()?,
        email: wanted.email.as_str().to_owned(),
        name: wanted.name.as_str().to_owned(),
        avatar: None,
        role: wanted.role,
        standing: Standing::Active,
        password_hash,
        created_at_ms: now_ms,
        updated_at_ms: now_ms,
    };
    match store.create_user(&user).await {
        Ok(()) => print(user.id.as_str()),
        Err(store::Error::Conflict) => bail!(taken()),
        Err(error) => Err(error.into()),
    }
}

/// Prints all accounts, the oldest first.
pub(super) async fn list(store: &dyn Store) -> anyhow::Result<()> {
    let mut last = None;
    loop {
        let page = store.list_users(last.as_ref(), PAGE).await?;
        let Some(user) = page.last() else { return Ok(()) };
        last = Some(user.id.clone());
        for user in &page {
            let (role, standing) = (role(user.role), standing(user.standing));
            print(&format!("{:36}  {role:5}  {standing:8}  {}  {}", user.id, user.email, user.name))?;
        }
    }
}

/// Prints an account.
pub(super) async fn show(store: &dyn Store, whom: &Whom) -> anyhow::Result<()> {
    let user = find(store, whom).await?;
    for (what, value) in [
        ("id", user.id.as_str()),
        ("email", &user.email),
        ("name", &user.name),
        ("avatar", user.avatar.as_deref().unwrap_or("none")),
        ("role", role(user.role)),
        ("standing", standing(user.standing)),
        ("created", &clock::iso8601(user.created_at_ms)),
        ("changed", &clock::iso8601(user.updated_at_ms)),
    ] {
        print(&format!("{what:8}  {value}"))?;
    }
    Ok(())
}

/// Lets somebody in, or keeps them out.
pub(super) async fn set_standing(store: &dyn Store, whom: &Whom, standing: Standing) -> anyhow::Result<()> {
    let user = find(store, whom).await?;
    let now_ms = clock::wall_ms();
    store.set_standing(&user.id, standing, now_ms, until_ms(now_ms)).await?;
    say(&match standing {
        Standing::Active => format!("{} may log in", user.email),
        Standing::Disabled => {
            format!("{} is disabled: log-ins and connections end within seconds", user.email)
        }
    })
}

/// Gives an account another password.
pub(super) async fn set_password(whom: &Whom, from: PasswordFrom, config: &Config) -> anyhow::Result<()> {
    let store = super::store(config).await?;
    let user = find(&*store, whom).await?;
    let hash = hash(&password::from(from)?, config).await?;
    let now_ms = clock::wall_ms();
    if !store.set_password(&user.id, &user.password_hash, &hash, None, now_ms, until_ms(now_ms)).await? {
        bail!("{} got another password meanwhile: look who did that, and try again", user.email);
    }
    say(&format!("{} has another password, and all log-ins have ended", user.email))
}

async fn find(store: &dyn Store, whom: &Whom) -> anyhow::Result<User> {
    let (found, name) = match whom {
        Whom::Id(id) => (store.user(id).await?, id.as_str()),
        Whom::Email(email) => (store.user_by_email(email.as_str()).await?, email.as_str()),
    };
    found.with_context(|| format!("there is no account of {name}: `paraclete user list` prints them all"))
}

/// How long what is revoked here is kept: longer than any access token lives.
fn until_ms(now_ms: u64) -> u64 {
    now_ms.saturating_add(super::token::KEPT_MS)
}

async fn hash(password: &Password, config: &Config) -> anyhow::Result<PasswordHash> {
    let passwords = Passwords::new(accounts::cost(config), 1, 0)?;
    Ok(PasswordHash::new(passwords.hash(password).await?))
}

fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Admin => "admin",
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "active",
        Standing::Disabled => "disabled",
    }
}
