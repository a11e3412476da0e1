//! The event `authenticate`: a connection shows another token of the same user.
//!
//! It belongs to no dialect, and is understood in every namespace. Nothing else of the connection is read until it is answered, so
//! that what follows it finds the new token in force.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use domain::{
    Code, Locale, Refusal, Tenant, UserId,
    messages::{Phrase, handshake},
};
use rawjson::Value;
use secrecy::{ExposeSecret as _, SecretString};
use socketio::Socket;

use crate::identity::{Access, Caller, Refused, Session};

/// The event's name.
pub(super) const EVENT: &str = "authenticate";

/// A token that is being verified.
pub(super) struct Renewal {
    ack: Option<u64>,
    verdict: Pin<Box<dyn Future<Output = Result<Caller, Refused>> + Send>>,
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewal").field("ack", &self.ack).finish_non_exhaustive()
    }
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Answer {
    ack: Option<u64>,
    result: Result<Caller, NotRenewed>,
}

/// Why everything stays as it is.
#[derive(Debug)]
pub(super) enum NotRenewed {
    NoToken,
    Guest,
    AnotherUser(Box<Refusal>),
    Refused(Refused),
}

impl Renewal {
    /// Begins to verify the token of `{token}`.
    pub(super) fn begin(
        access: &Access,
        user: &(Tenant, UserId),
        payload: Option<Value<'_>>,
        ack: Option<u64>,
    ) -> Result<Self, NotRenewed> {
        let token = payload.and_then(|payload| payload.get("token")).and_then(|token| token.string());
        let token = SecretString::from(
            token.filter(|token| !token.is_empty()).ok_or(NotRenewed::NoToken)?.into_owned(),
        );
        let (authenticator, tenant) = (access.authenticator.clone(), user.0.clone());
        let verdict = Box::pin(async move { authenticator.verify(&tenant, token.expose_secret()).await });
        Ok(Self { ack, verdict })
    }

    /// Wakes the task when the token is verified.
    pub(super) fn poll(&mut self, user: &(Tenant, UserId), cx: &mut Context<'_>) -> Poll<Answer> {
        let verified = ready!(self.verdict.as_mut().poll(cx));
        let result = verified.map_err(NotRenewed::Refused).and_then(|caller| match caller.user == user.1 {
            true => Ok(caller),
            false => {
                let (claimed, verified) = (caller.user, user.1.clone());
                Err(NotRenewed::AnotherUser(Box::new(Refusal::NotYourIdentity { claimed, verified })))
            }
        });
        Poll::Ready(Answer { ack: self.ack, result })
    }
}

impl Answer {
    /// The answer to what was refused at once.
    pub(super) fn not_renewed(ack: Option<u64>, error: NotRenewed) -> Self {
        Self { ack, result: Err(error) }
    }

    /// Puts the new token into force, and returns whose it is.
    pub(super) fn take_effect(&mut self, access: &Access, session: &Session) -> Option<&Caller> {
        let caller = self.result.as_ref().ok()?;
        session.renew(caller.clone());
        // What was revoked before it was entered nobody else looks for.
        if let Err(refused) = access.revocations.check(caller) {
            session.revoke();
            self.result = Err(NotRenewed::Refused(refused));
        }
        self.result.as_ref().ok()
    }

    /// Whether the token counts.
    pub(super) fn is_ok(&self) -> bool {
        self.result.is_ok()
    }

    /// Tells the client.
    pub(super) fn send(&self, socket: &Socket, locale: Locale) {
        // A socket that is closed has its end told elsewhere.
        let _ = match (&self.result, self.ack) {
            (Ok(caller), Some(id)) => {
                let done = format!(r#"[{{"success":true,"expiresAt":{}}}]"#, caller.expires_at_ms);
                socket.ack(id, done.as_bytes())
            }
            (Ok(_), None) => Ok(()),
            (Err(error), Some(id)) => {
                let error = serde_json::json!([{ "success": false, "error": error.told(locale) }]);
                socket.ack(id, error.to_string().as_bytes())
            }
            (Err(error), None) => {
                let mut error = error.told(locale);
                error["event"] = EVENT.into();
                socket.emit(serde_json::json!(["error", error]).to_string().as_bytes())
            }
        };
    }
}

impl NotRenewed {
    fn told(&self, locale: Locale) -> serde_json::Value {
        let said = |code: Code, phrase: Phrase| (code, phrase.text(locale).to_owned());
        let (code, message) = match self {
            Self::NoToken => said(Code::ValidationError, handshake::TOKEN_MISSING),
            Self::Guest => said(Code::Forbidden, handshake::GUEST_STAYS_GUEST),
            Self::AnotherUser(refusal) => (refusal.code(), refusal.display(locale).to_string()),
            Self::Refused(refused) => match refused {
                Refused::NoToken | Refused::Invalid | Refused::Expired => {
                    said(Code::AuthError, refused.phrase())
                }
                Refused::Forbidden => said(Code::Forbidden, refused.phrase()),
                Refused::Unavailable => said(Code::Unavailable, refused.phrase()),
            },
        };
        serde_json::json!({ "code": code.as_str(), "message": message })
    }
}
