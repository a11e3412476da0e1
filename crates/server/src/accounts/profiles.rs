//! Who somebody is to others.

use auth::Source;
use domain::{Tenant, UserId, Username};
use store::{ProfileChange, Standing, User};

use super::{Accounts, Refused};
use crate::{clock, config::Environment, identity::Caller};

/// How many accounts a search finds at most.
pub const MAX_FOUND: u32 = 20;

/// What is shown of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Who.
    pub id: UserId,
    /// What others see them called; `None` for the bearer of another issuer's token that says no name.
    pub name: Option<String>,
    /// To themselves alone.
    pub email: Option<String>,
    /// Where their picture is.
    pub avatar: Option<String>,
    /// Whether they are here. Of others nothing is told yet: they always seem to be away.
    pub presence: Presence,
}

/// Whether somebody is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// With a token, at least once.
    Online,
    /// Not, or it is none of the asker's business.
    Offline,
}

/// The URL of a picture: https (in development http too), 2,048 characters of ASCII, without a user or password in it.
///
/// It is handed to browsers of others as it is and never fetched by this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar(String);

impl Avatar {
    /// The longest, in characters.
    pub const MAX_LENGTH: usize = 2_048;

    /// Reads a URL; `None` if it breaks the rule.
    #[must_use]
    pub fn read(text: &str, environment: Environment) -> Option<Self> {
        let rest = match environment {
            Environment::Development => {
                text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))
            }
            Environment::Production => text.strip_prefix("https://"),
        }?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let is_host = !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
            && host.starts_with(|c: char| c.is_ascii_alphanumeric())
            && host.ends_with(|c: char| c.is_ascii_alphanumeric());
        let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
        let is_path =
            path.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'()*+,./:;=?@_~[]-".contains(&b));
        (text.len() <= Self::MAX_LENGTH && is_host && is_port && is_path).then(|| Self(text.to_owned()))
    }
}

impl Accounts {
    /// Which environment's rules hold.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// The caller's own profile. The bearer of another issuer's token has what the token says.
    ///
    /// # Errors
    /// [`Refused::Unavailable`], [`Refused::NoSuchUser`].
    pub async fn own_profile(&self, caller: &Caller) -> Result<Profile, Refused> {
        match self.account_of(caller).await {
            Ok(user) => Ok(self.own(user)),
            Err(Refused::NotAnAccount) => Ok(Profile {
                id: caller.user.clone(),
                name: caller.username.as_ref().map(ToString::to_string),
                email: None,
                avatar: None,
                presence: self.presence(&caller.tenant, &caller.user),
            }),
            Err(refused) => Err(refused),
        }
    }

    /// Changes the caller's own profile.
    ///
    /// # Errors
    /// [`Refused::NotAnAccount`] for the bearer of another issuer's token.
    pub async fn change_profile(
        &self,
        caller: &Caller,
        name: Option<&Username>,
        avatar: Option<Option<Avatar>>,
    ) -> Result<Profile, Refused> {
        let id = self.account_of(caller).await?.id;
        let name = name.map(|name| name.as_str().to_owned());
        let change = ProfileChange { name, avatar: avatar.map(|avatar| avatar.map(|Avatar(url)| url)) };
        let user = self.store.update_profile(&id, &change, clock::wall_ms()).await?;
        user.map(|user| self.own(user)).ok_or(Refused::NoSuchUser)
    }

    /// Somebody's profile, as `caller` may see it.
    ///
    /// # Errors
    /// [`Refused::NoSuchUser`] for one who was disabled, too.
    pub async fn profile(&self, caller: &Caller, id: &UserId) -> Result<Profile, Refused> {
        if *id == caller.user {
            return self.own_profile(caller).await;
        }
        let user = self.store.user(id).await?;
        let user = user.filter(|user| user.standing == Standing::Active);
        user.map(others).ok_or(Refused::NoSuchUser)
    }

    /// Accounts by the beginning of a word of their name, or by their whole email address; at most [`MAX_FOUND`].
    ///
    /// # Errors
    /// [`Refused::Unavailable`].
    pub async fn search(&self, caller: &Caller, query: &str) -> Result<Vec<Profile>, Refused> {
        // Emails are kept in lower case, and of names case does not count.
        let found = self.store.search_users(&query.to_lowercase(), MAX_FOUND).await?;
        let is_own = |user: &User| caller.source == Source::Account && user.id == caller.user;
        Ok(found.into_iter().map(|user| if is_own(&user) { self.own(user) } else { others(user) }).collect())
    }

    fn own(&self, user: User) -> Profile {
        let presence = self.presence(&Tenant::default(), &user.id);
        Profile { email: Some(user.email.clone()), presence, ..others(user) }
    }

    fn presence(&self, tenant: &Tenant, user: &UserId) -> Presence {
        if self.sessions.is_online(tenant, user) { Presence::Online } else { Presence::Offline }
    }
}

fn others(user: User) -> Profile {
    let User { id, name, avatar, .. } = user;
    Profile { id, name: Some(name), email: None, avatar, presence: Presence::Offline }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_avatar_is_an_https_url_and_in_development_http_will_do() {
        for fit in [
            "https://example.org",
            "https://example.org/a.png",
            "https://cdn.example.org:8443/a/b.png?size=2&x=%EA%B0%80#top",
        ] {
            assert!(Avatar::read(fit, Environment::Production).is_some(), "{fit}");
        }
        let plain = "http://localhost:3000/me.png";
        assert!(Avatar::read(plain, Environment::Development).is_some());
        assert!(Avatar::read(plain, Environment::Production).is_none());
    }

    #[test]
    fn other_urls_and_other_texts_are_no_avatar() {
        let long = format!("https://example.org/{}", "a".repeat(2_048));
        for unfit in [
            "",
            "https://",
            "https:///a.png",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "file:///etc/passwd",
            "//example.org/a.png",
            "HTTPS://example.org",
            "https://user:password@example.org/a.png",
            "https://example.org:99999999/",
            "https://example.org/a b",
            "https://example.org/\"><script>",
            "https://example.org/\0",
            "https://example.org/\u{202e}gnp.exe",
            "https://-example.org",
            &long,
        ] {
            assert!(Avatar::read(unfit, Environment::Development).is_none(), "{unfit:.60}");
        }
    }
}
