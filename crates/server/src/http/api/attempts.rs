//! Attempts that may fail only so often.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};

use super::Api;
use crate::{
    accounts::Refused,
    http::failure::Failure,
    limits::{self, Attempt, Level},
    telemetry::SignIn,
};

/// A failure, and how many more there may be.
#[derive(Debug)]
pub(super) struct Failed {
    failure: Failure,
    level: Option<Level>,
}

impl Api {
    /// Begins an attempt at an account from an address.
    pub(super) async fn attempt(&self, account: &str, address: IpAddr) -> Result<Attempt, Failed> {
        self.0.attempts.begin(account, address).await.map_err(|refused| match refused {
            limits::Refused::Exceeded(level) => {
                tracing::debug!(%address, "too many failed attempts");
                Failed { failure: Failure::TooManyFailures(level), level: Some(level) }
            }
            limits::Refused::Busy => Failed { failure: Failure::Busy, level: None },
        })
    }

    /// Ends it. What failed for other reasons than what was claimed does not count.
    pub(super) fn settle<T>(
        &self,
        attempt: Attempt,
        account: &str,
        address: IpAddr,
        result: Result<T, Refused>,
    ) -> Result<T, Failed> {
        let refused = match result {
            Ok(value) => return Ok(value),
            Err(refused) => refused,
        };
        let level = match refused {
            Refused::WrongCredentials | Refused::EmailTaken | Refused::InvalidRefreshToken => {
                attempt.failed();
                self.0.attempts.level(account, address)
            }
            Refused::NotAnAccount
            | Refused::ChangedMeanwhile
            | Refused::NotOffered
            | Refused::NoSuchUser
            | Refused::Unavailable
            | Refused::Failed => None,
        };
        Err(Failed { failure: refused.into(), level })
    }
}

impl Failed {
    /// What became of a log-in that failed so.
    pub(super) fn of_a_sign_in(&self) -> SignIn {
        match &self.failure {
            Failure::Account(Refused::WrongCredentials) => SignIn::Wrong,
            Failure::TooManyFailures(_) => SignIn::Limited,
            Failure::Account(Refused::Unavailable) | Failure::Busy => SignIn::Unavailable,
            Failure::Account(Refused::NotOffered) => SignIn::NotOffered,
            Failure::Account(
                Refused::EmailTaken
                | Refused::InvalidRefreshToken
                | Refused::NotAnAccount
                | Refused::ChangedMeanwhile
                | Refused::NoSuchUser
                | Refused::Failed,
            )
            | Failure::Invalid(_)
            | Failure::NoJson { .. }
            | Failure::NoObject
            | Failure::NoJsonType
            | Failure::BodyTooLong
            | Failure::BodyCut
            | Failure::Token(_)
            | Failure::WrongPassword
            | Failure::RateLimited(_) => SignIn::Failed,
        }
    }

    /// Says of a wrong password that it was the old one.
    pub(super) fn of_a_password(self) -> Self {
        if self.failure == Failure::Account(Refused::WrongCredentials) {
            return Self { failure: Failure::WrongPassword, ..self };
        }
        self
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let mut response = self.failure.into_response();
        if let Some(level) = self.level {
            response.extensions_mut().insert(level);
        }
        response
    }
}
