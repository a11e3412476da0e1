//! Who a client is, by the credentials it connects with.
//!
//! A token stands in `auth.token`, else in the header `Authorization: Bearer`, else, if `TOKEN_IN_QUERY` says so, in the
//! query's `token`: the first of these that is there counts. One that does not count refuses the client, wherever it stood;
//! nobody who shows a token is ever taken for a guest.

use axum::http::{
    HeaderMap,
    header::{AUTHORIZATION, HeaderValue},
    request::Parts,
};
use domain::{Code, Identity, Refusal, Tenant, UserId, Username, messages::handshake};
use rawjson::{Kind, Value};
use secrecy::{ExposeSecret as _, SecretString};
use socketio::ConnectError;

use crate::{
    config::{Auth, Config},
    facts::Unwritten,
    identity::{Access, ConnectionId, Refused, Session},
};

/// What there is of a token.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    /// None.
    Nothing,
    /// This text, which may be one.
    Token(SecretString),
    /// Something that cannot be one.
    Garbage,
}

/// Who decides.
#[derive(Debug)]
pub(super) struct Door {
    access: Access,
    /// Who was seen, and stands in no store yet.
    unwritten: Unwritten,
    auth: Auth,
    locale: domain::Locale,
    query: Query,
}

/// `TOKEN_IN_QUERY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Query {
    /// The query is looked at.
    Read,
    /// It is not.
    Ignored,
}

/// Someone who is let in.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) identity: Identity,
    /// None for a guest.
    pub(super) session: Option<Session>,
}

impl Door {
    pub(super) fn new(config: &Config, access: Access, unwritten: Unwritten) -> Self {
        let query = if config.token_in_query { Query::Read } else { Query::Ignored };
        Self { access, unwritten, auth: config.auth, locale: config.locale, query }
    }

    pub(super) fn access(&self) -> &Access {
        &self.access
    }

    /// What a connection's first request shows.
    pub(super) fn shown_by(&self, request: &Parts) -> Shown {
        match (in_header(&request.headers), self.query) {
            (Shown::Nothing, Query::Read) => in_query(request.uri.query().unwrap_or("")),
            (shown, _) => shown,
        }
    }

    /// Lets a client in, or says why not.
    pub(super) async fn admit(
        &self,
        tenant: &Tenant,
        connection: ConnectionId,
        auth: &str,
        shown_by_request: &Shown,
    ) -> Result<Admitted, ConnectError> {
        let credentials = Credentials::read(auth);
        let shown = match &credentials {
            Ok(Credentials { shown: Shown::Nothing, .. }) | Err(_) => shown_by_request,
            Ok(Credentials { shown, .. }) => shown,
        };
        match shown {
            Shown::Garbage => Err(self.refused(Refused::Invalid)),
            Shown::Token(token) => {
                let token = token.clone();
                self.admit_bearer(tenant, connection, &token, credentials.map_err(|it| self.refusal(&it))?)
                    .await
            }
            Shown::Nothing => match self.auth {
                Auth::Required => Err(self.refused(Refused::NoToken)),
                Auth::Optional => {
                    self.admit_guest(tenant, credentials.map_err(|it| self.refusal(&it))?).await
                }
            },
        }
    }

    async fn admit_bearer(
        &self,
        tenant: &Tenant,
        connection: ConnectionId,
        token: &SecretString,
        credentials: Credentials,
    ) -> Result<Admitted, ConnectError> {
        let Access { authenticator, revocations, sessions, .. } = &self.access;
        let verified = authenticator.verify(tenant, token.expose_secret()).await;
        let mut caller = verified.map_err(|refused| self.refused(refused))?;
        if sessions.end_with_their_tokens() && caller.expires_at_ms <= crate::clock::wall_ms() {
            // It would be closed at once.
            return Err(self.refused(Refused::Expired));
        }
        let user = credentials.user.map_err(|it| self.refusal(&it))?;
        if user.is_some_and(|claimed| claimed != caller.user) {
            tracing::debug!(user = %caller.user, "refused: it claims to be another one");
            return Err(self.refused(Refused::Forbidden));
        }
        if caller.username.is_none() {
            caller.username = credentials.username.map_err(|it| self.refusal(&it))?;
        }
        let identity = caller.identity();
        let entered = sessions.enter(caller.clone(), connection);
        let session = entered.map_err(|_| self.too_many())?;
        // What was revoked before it was entered nobody else looks for.
        revocations.check(&caller).map_err(|refused| self.refused(refused))?;
        Ok(Admitted { identity, session: Some(session) })
    }

    /// A guest may not have the id of somebody who has ever proved theirs.
    async fn admit_guest(&self, tenant: &Tenant, credentials: Credentials) -> Result<Admitted, ConnectError> {
        let user = credentials.user.map_err(|it| self.refusal(&it))?;
        let username = credentials.username.map_err(|it| self.refusal(&it))?;
        if let Some(user) = &user {
            let is_known = self.access.sessions.is_online(tenant, user)
                || self.unwritten.has(tenant, user)
                || self.access.store().is_known(tenant, user).await.map_err(|error| {
                    tracing::debug!(%error, "a guest is refused: nobody can say whose id it claims");
                    self.refused(Refused::Unavailable)
                })?;
            if is_known {
                return Err(self.refusal(&Refusal::IdTaken { user: user.clone() }));
            }
        }
        Ok(Admitted { identity: Identity::guest(user, username), session: None })
    }

    fn refused(&self, refused: Refused) -> ConnectError {
        error(refused.phrase().text(self.locale), refused.code())
    }

    fn refusal(&self, refusal: &Refusal) -> ConnectError {
        error(refusal.display(self.locale).to_string(), refusal.code().as_str())
    }

    fn too_many(&self) -> ConnectError {
        error(handshake::TOO_MANY_CONNECTIONS.text(self.locale), Code::RateLimit.as_str())
    }
}

fn error(message: impl Into<String>, code: &str) -> ConnectError {
    ConnectError { message: message.into(), data: Some(format!(r#"{{"code":"{code}"}}"#)) }
}

/// `{token?, userId?, username?}`; whatever else there is, is not for us.
struct Credentials {
    shown: Shown,
    user: Result<Option<UserId>, Refusal>,
    username: Result<Option<Username>, Refusal>,
}

impl Credentials {
    fn read(auth: &str) -> Result<Self, Refusal> {
        // The packet was validated as it came in.
        let auth = rawjson::validate_str(auth, rawjson::DEEPEST).map_err(|_| Refusal::Internal)?;
        let given = |name| auth.get(name).filter(|value| !value.is_null());
        let shown = match given("token").map(|token| token.string()) {
            None => Shown::Nothing,
            Some(Some(text)) => Shown::of(&text),
            Some(None) => Shown::Garbage,
        };
        let user = given("userId").map(|value| named(value, "userId", UserId::RULE, |text| text.try_into()));
        let username =
            given("username").map(|value| named(value, "username", Username::RULE, |text| text.try_into()));
        Ok(Self { shown, user: user.transpose(), username: username.transpose() })
    }
}

impl Shown {
    /// Nothing is no token; what else it is the verifier says.
    fn of(text: &str) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Token(text.into()) }
    }
}

/// A string, or a number read as its string.
fn named<T>(
    value: Value<'_>,
    field: &'static str,
    rule: domain::messages::Phrase,
    read: impl Fn(&str) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let text = match value.kind() {
        Kind::String => value.string(),
        Kind::Number => Some(value.as_str().into()),
        Kind::Null | Kind::Bool | Kind::Array | Kind::Object => None,
    };
    match text {
        Some(text) => read(&text),
        None => Err(Refusal::unfit(field, value.as_str(), rule)),
    }
}

/// Another scheme than `Bearer` is somebody else's, such as a proxy's.
fn in_header(headers: &HeaderMap) -> Shown {
    let mut shown = Shown::Nothing;
    for value in headers.get_all(AUTHORIZATION) {
        shown = match (shown, bearer(value)) {
            (shown, Shown::Nothing) => shown,
            (Shown::Nothing, found) => found,
            // Which of two is meant nobody can say.
            (Shown::Token(_) | Shown::Garbage, _) => Shown::Garbage,
        };
    }
    shown
}

fn bearer(value: &HeaderValue) -> Shown {
    let bytes = value.as_bytes();
    let Some((scheme, rest)) = bytes.split_at_checked("Bearer".len()) else { return Shown::Nothing };
    if !scheme.eq_ignore_ascii_case(b"Bearer") || rest.first().is_some_and(|byte| *byte != b' ') {
        return Shown::Nothing;
    }
    str::from_utf8(rest).map_or(Shown::Garbage, |rest| Shown::of(rest.trim_matches(' ')))
}

/// A token has no character that a query must write otherwise.
fn in_query(query: &str) -> Shown {
    let mut values = query.split('&').filter_map(|pair| pair.strip_prefix("token="));
    match (values.next(), values.next()) {
        (Some(text), None) => Shown::of(text),
        (Some(_), Some(_)) => Shown::Garbage,
        (None, _) => Shown::Nothing,
    }
}
