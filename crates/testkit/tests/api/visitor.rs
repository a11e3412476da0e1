//! Somebody who asks `/api/`.

use std::net::SocketAddr;

use serde_json::{Value, json};
use server::config::{Config, Network};
use testkit::{Answer, Backend, Fresh, Http, Server, eventually};

/// Somebody, at an address of their own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visitor {
    server: SocketAddr,
    address: &'static str,
}

/// An account, and what it was given last.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

/// What all accounts here have for a password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A server on this backend that believes its clients on their address, as it believes a proxy on the same machine. The
/// database is gone when it is dropped.
pub(crate) async fn server_on(backend: Backend, edit: impl FnOnce(&mut Config)) -> (Server, Fresh) {
    let database = backend.fresh();
    let server = server_with(&database.url(), edit).await;
    (server, database)
}

/// As [`server_on`], on a database that is there.
pub(crate) async fn server_with(url: &str, edit: impl FnOnce(&mut Config)) -> Server {
    let server = Server::start_with(|config| {
        config.database_url = Some(url.into());
        config.trusted_proxies = vec![Network::parse("127.0.0.1").unwrap()];
        edit(config);
    })
    .await;
    let look = async || server.http().await.get("/readyz").await.status;
    eventually("a server that is ready", look, |status| *status == 200).await;
    server
}

impl Visitor {
    /// Somebody at 192.0.2.1.
    pub(crate) fn of(server: &Server) -> Self {
        Self { server: server.address(), address: "192.0.2.1" }
    }

    /// The same somewhere else.
    pub(crate) fn at(self, address: &'static str) -> Self {
        Self { address, ..self }
    }

    /// Asks for something. No token is "", no body is null.
    pub(crate) async fn ask(self, method: &str, path: &str, token: &str, body: Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask_raw(method, path, token, &body).await
    }

    /// As [`Visitor::ask`], with the body as it is.
    pub(crate) async fn ask_raw(self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("x-forwarded-for", self.address), ("content-type", "application/json")];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        Http::connect(self.server).await.ask(method, path, &headers, body).await
    }

    /// Posts to something below `/api/auth/`, without a token.
    pub(crate) async fn auth(self, what: &str, body: Value) -> Answer {
        self.ask("POST", &format!("/api/auth/{what}"), "", body).await
    }

    /// Makes an account by that name.
    pub(crate) async fn registers(self, name: &str) -> Account {
        let email = format!("{name}@example.org");
        let body = json!({ "email": email, "password": PASSWORD, "name": format!("{name} Example") });
        Account::from(&self.auth("register", body).await, 201)
    }

    /// Tries to log in.
    pub(crate) async fn tries(self, name: &str, password: &str) -> Answer {
        self.auth("login", json!({ "email": format!("{name}@example.org"), "password": password })).await
    }

    /// Logs in.
    pub(crate) async fn logs_in(self, name: &str) -> Account {
        Account::from(&self.tries(name, PASSWORD).await, 200)
    }

    /// Spends a refresh token.
    pub(crate) async fn refreshes(self, token: &str) -> Answer {
        self.auth("refresh", json!({ "refreshToken": token })).await
    }

    /// The status of `GET /api/users/me`: 200 as long as the token is good.
    pub(crate) async fn me(self, token: &str) -> u16 {
        self.ask("GET", "/api/users/me", token, Value::Null).await.status
    }
}

impl Account {
    pub(crate) fn from(answer: &Answer, status: u16) -> Self {
        assert_eq!(answer.status, status, "{answer:?}");
        let json = answer.json();
        let text = |name: &str| json[name].as_str().expect("a text").to_owned();
        Self { id: text("userId"), token: text("token"), refresh_token: text("refreshToken") }
    }
}

/// The status and the code of a refusal, whose form is checked.
pub(crate) fn refusal(answer: &Answer) -> (u16, String) {
    let json = answer.json();
    assert_eq!(json["success"], false, "{answer:?}");
    assert!(json["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    if matches!(answer.status, 429 | 503) {
        let seconds: u64 = answer.header("retry-after").expect("Retry-After").parse().expect("seconds");
        assert!(seconds >= 1, "{answer:?}");
    }
    (answer.status, json["error"]["code"].as_str().expect("a code").to_owned())
}

/// A refusal with this status and code.
pub(crate) fn is_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(refusal(answer), (status, code.to_owned()), "{answer:?}");
}
