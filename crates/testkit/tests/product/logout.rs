//! Who logs out, changes the password, or is robbed: which connections end, and which go on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::config::Auth;
use testkit::{Client, Heard, Server};

use crate::tokens::refused;

/// From the answer of the server to the end of the connection, at the latest.
const AT_THE_LATEST: Duration = Duration::from_secs(5);

const PASSWORD: &str = "correct horse battery";

async fn server() -> Server {
    Server::start_with(|config| {
        config.auth = Auth::Required;
        config.api_requests_per_window = 0;
    })
    .await
}

/// One log-in: its two tokens, and a connection by the first.
struct Device {
    token: String,
    refresh: String,
    client: Client,
}

impl Device {
    async fn of(server: &Server, answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        let (token, refresh) = (text("token"), text("refreshToken"));
        let client = server.dial().token(&token).connect("device").await.unwrap();
        Self { token, refresh, client }
    }

    async fn ends(&mut self, server: &Server, since: Instant) {
        let error = self.client.hears("error").await;
        assert_eq!(error, json!({ "code": "AUTH_ERROR", "message": "Invalid token", "event": "connect" }));
        assert!(matches!(self.client.next().await, Heard::Left));
        assert_eq!(self.client.is_closed().await, Some(1008));
        assert!(since.elapsed() < AT_THE_LATEST, "{:?}", since.elapsed());
        // Shown again, it is what it was: nothing.
        let error = refused(server.dial().token(&self.token)).await;
        assert_eq!(error, json!({ "message": "Invalid token", "data": { "code": "AUTH001" } }));
        let profile = ask(server, "GET", "/api/users/me", Some(&self.token), &Value::Null).await;
        assert_eq!(profile.0, 401, "{profile:?}");
    }

    async fn goes_on(&mut self, server: &Server) {
        self.client.hears_nothing().await;
        server.dial().token(&self.token).connect("again").await.unwrap().disconnects().await;
    }
}

async fn ask(server: &Server, method: &str, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = server.http().await.ask(method, path, &headers, &body).await;
    let body = if answer.body.is_empty() { Value::Null } else { answer.json() };
    (answer.status, body)
}

async fn post(server: &Server, path: &str, token: Option<&str>, body: Value) -> Value {
    let (status, answer) = ask(server, "POST", path, token, &body).await;
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    answer
}

async fn register(server: &Server) -> Device {
    let body = json!({ "email": "ada@example.org", "password": PASSWORD, "name": "Ada" });
    Device::of(server, &post(server, "/api/auth/register", None, body).await).await
}

async fn log_in(server: &Server, password: &str) -> Device {
    let body = json!({ "email": "ada@example.org", "password": password });
    Device::of(server, &post(server, "/api/auth/login", None, body).await).await
}

#[tokio::test]
async fn to_log_out_ends_what_this_log_in_opened_and_everywhere_ends_all_of_it() {
    let server = server().await;
    let mut bystander = server.user("bob").await;
    let mut desk = register(&server).await;
    let mut phone = log_in(&server, PASSWORD).await;
    let mut tablet = log_in(&server, PASSWORD).await;

    let since = Instant::now();
    post(&server, "/api/auth/logout", Some(&desk.token), json!({})).await;
    desk.ends(&server, since).await;
    phone.goes_on(&server).await;

    let since = Instant::now();
    post(&server, "/api/auth/logout", Some(&phone.token), json!({ "everywhere": true })).await;
    phone.ends(&server, since).await;
    tablet.ends(&server, since).await;
    for refresh in [&desk.refresh, &phone.refresh, &tablet.refresh] {
        let body = json!({ "refreshToken": refresh });
        assert_eq!(ask(&server, "POST", "/api/auth/refresh", None, &body).await.0, 401);
    }

    // At once, within the same second too.
    let mut again = log_in(&server, PASSWORD).await;
    again.goes_on(&server).await;
    bystander.hears_nothing().await;
}

#[tokio::test]
async fn another_password_ends_all_other_log_ins() {
    let server = server().await;
    let mut desk = register(&server).await;
    let mut phone = log_in(&server, PASSWORD).await;
    let since = Instant::now();
    let body = json!({ "oldPassword": PASSWORD, "newPassword": "another horse battery" });
    post(&server, "/api/auth/password", Some(&desk.token), body).await;
    phone.ends(&server, since).await;
    desk.goes_on(&server).await;
    log_in(&server, "another horse battery").await.goes_on(&server).await;
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_its_log_in() {
    let server = server().await;
    let mut desk = register(&server).await;
    let mut phone = log_in(&server, PASSWORD).await;
    let body = json!({ "refreshToken": desk.refresh });
    let fresh = post(&server, "/api/auth/refresh", None, body.clone()).await;
    let mut renewed = Device::of(&server, &fresh).await;
    desk.goes_on(&server).await;
    // The connection takes the fresh token, and lives as long as that.
    let answer = desk.client.asks("authenticate", json!({ "token": renewed.token })).await;
    assert_eq!(answer["success"], true, "{answer}");
    let since = Instant::now();
    assert_eq!(ask(&server, "POST", "/api/auth/refresh", None, &body).await.0, 401);
    renewed.ends(&server, since).await;
    desk.ends(&server, since).await;
    phone.goes_on(&server).await;
}

#[tokio::test]
async fn a_refresh_token_opens_no_connection() {
    let server = server().await;
    let desk = register(&server).await;
    let error = refused(server.dial().token(&desk.refresh)).await;
    assert_eq!(error, json!({ "message": "Invalid token", "data": { "code": "AUTH001" } }));
}
