//! How often one may ask, and how often one may fail.

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{Answer, Server, on_every_store};

use crate::visitor::{PASSWORD, Visitor, is_refused, server_on};

/// What the headers say: limit, remaining, seconds to the reset, policy.
fn told(answer: &Answer) -> (u64, u64, u64, &str) {
    let number = |name| answer.header(name).expect("a header").parse().expect("a number");
    let policy = answer.header("ratelimit-policy").expect("a header");
    (number("ratelimit-limit"), number("ratelimit-remaining"), number("ratelimit-reset"), policy)
}

async fn nowhere(visitor: Visitor, token: &str) -> Answer {
    visitor.ask("GET", "/api/nowhere", token, Value::Null).await
}

on_every_store! {
    async fn after_five_wrong_passwords_the_address_is_out_and_the_owner_elsewhere_is_not(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let owner = Visitor::of(&server);
        owner.registers("ada").await;
        owner.registers("bob").await;
        let attacker = owner.at("198.51.100.7");
        for left in (0..5).rev() {
            let answer = attacker.tries("ada", "a wrong password").await;
            is_refused(&answer, 401, "AUTH001");
            let (limit, remaining, _, policy) = told(&answer);
            assert_eq!((limit, remaining, policy), (5, left, "5;w=900"));
        }
        for password in ["a wrong password", PASSWORD] {
            let answer = attacker.tries("ada", password).await;
            is_refused(&answer, 429, "RATE_LIMIT");
            let after: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((890..=900).contains(&after), "{answer:?}");
            assert_eq!(told(&answer).1, 0);
        }
        owner.logs_in("ada").await;
        attacker.logs_in("bob").await;
    }

    async fn thirty_guesses_at_once_are_no_more_than_five(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let attacker = Visitor::of(&server).at("198.51.100.7");
        Visitor::of(&server).registers("ada").await;
        let answers = join_all((0..30).map(|_| attacker.tries("ada", "a wrong password"))).await;
        let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
        let refused = answers.iter().filter(|answer| matches!(answer.status, 429 | 503)).count();
        assert_eq!((looked_at, refused), (5, 25), "{answers:?}");
    }

    async fn an_unknown_email_is_counted_and_answered_as_a_wrong_password_is(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        visitor.registers("ada").await;
        for _ in 0..5 {
            let wrong = visitor.tries("ada", "a wrong password").await;
            let unknown = visitor.tries("nobody", "a wrong password").await;
            assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
            // The reset is counted from each one's own first failure.
            let ((limit, left, _, policy), other) = (told(&wrong), told(&unknown));
            assert_eq!((limit, left, policy), (other.0, other.1, other.3));
        }
        is_refused(&visitor.tries("nobody", PASSWORD).await, 429, "RATE_LIMIT");
    }

    async fn one_password_for_many_accounts_ends_too(backend: Backend) {
        let (server, _database) = server_on(backend, |config| config.api_requests_per_window = 0).await;
        let attacker = Visitor::of(&server).at("198.51.100.7");
        // Too short to be anybody's, so that nothing is hashed.
        for number in 0..50 {
            is_refused(&attacker.tries(&format!("user{number}"), "123456").await, 401, "AUTH001");
        }
        is_refused(&attacker.tries("user50", "123456").await, 429, "RATE_LIMIT");
        is_refused(&attacker.at("198.51.100.8").tries("user50", "123456").await, 401, "AUTH001");
    }

    async fn an_email_that_is_taken_cannot_be_asked_for_without_end(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        visitor.registers("ada").await;
        let asks = async || {
            let body = json!({ "email": "ada@example.org", "password": PASSWORD, "name": "Ada" });
            visitor.auth("register", body).await
        };
        for _ in 0..5 {
            is_refused(&asks().await, 409, "CONFLICT");
        }
        is_refused(&asks().await, 429, "RATE_LIMIT");
    }

    async fn guesses_at_the_old_password_count_too(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let ada = visitor.registers("ada").await;
        let body = json!({ "oldPassword": "a wrong password", "newPassword": "another password" });
        let guess = async |at: Visitor| at.ask("POST", "/api/auth/password", &ada.token, body.clone()).await;
        for _ in 0..5 {
            is_refused(&guess(visitor).await, 401, "AUTH001");
        }
        is_refused(&guess(visitor).await, 429, "RATE_LIMIT");
        is_refused(&guess(visitor.at("198.51.100.7")).await, 401, "AUTH001");
    }
}

#[tokio::test]
async fn a_hundred_requests_in_a_window_for_a_user_wherever_and_for_an_address_without_a_token() {
    let (server, _database) = server_on(testkit::Backend::Sqlite, |_| {}).await;
    let visitor = Visitor::of(&server);
    let ada = visitor.registers("ada").await;
    for left in (0..99).rev() {
        let answer = nowhere(visitor, "").await;
        assert_eq!((answer.status, told(&answer).1), (404, left));
    }
    let over = nowhere(visitor, "").await;
    is_refused(&over, 429, "RATE_LIMIT");
    let (limit, remaining, reset, policy) = told(&over);
    assert_eq!((limit, remaining, policy), (100, 0, "100;w=900"));
    assert_eq!(over.header("retry-after"), Some(reset.to_string().as_str()));
    assert_eq!(visitor.me("garbage").await, 429, "a token that is not good is none");
    assert_eq!(nowhere(visitor.at("198.51.100.7"), "").await.status, 404, "another address");

    // The user has a count of their own, wherever they are.
    let first = nowhere(visitor, &ada.token).await;
    let second = nowhere(visitor.at("198.51.100.7"), &ada.token).await;
    assert_eq!([told(&first).1, told(&second).1], [99, 98]);

    // What is not of this API, and what describes it, is not counted.
    for path in ["/health", "/api/openapi.json", "/api/docs/"] {
        assert_eq!(visitor.ask("GET", path, "", Value::Null).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_token_buys_no_more_registrations_log_ins_or_refreshes_for_its_address() {
    let (server, _database) = server_on(testkit::Backend::Sqlite, |config| {
        (config.api_requests_per_window, config.auth_failures_per_window) = (6, 0);
    })
    .await;
    let visitor = Visitor::of(&server);
    let ada = visitor.registers("ada").await;
    let calls = ["login", "refresh", "register", "login", "refresh"];
    for (call, left) in calls.iter().zip((0..5).rev()) {
        let path = format!("/api/auth/{call}");
        let answer = visitor.ask("POST", &path, &ada.token, json!({})).await;
        assert_eq!((answer.status, told(&answer).1), (400, left), "{call}");
    }
    let body = json!({ "email": "bob@example.org", "password": PASSWORD, "name": "Bob" });
    is_refused(&visitor.ask("POST", "/api/auth/register", &ada.token, body).await, 429, "RATE_LIMIT");
    assert_eq!(visitor.me(&ada.token).await, 200, "what is one's own is counted for oneself");
}

#[tokio::test]
async fn nobody_gets_another_address_by_saying_so() {
    // Without trusted proxies, as by default.
    let server = Server::start().await;
    let visitor = Visitor::of(&server);
    for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"] {
        is_refused(&visitor.at(address).tries("ada", "a wrong password").await, 401, "AUTH001");
    }
    is_refused(&visitor.at("192.0.2.6").tries("ada", "a wrong password").await, 429, "RATE_LIMIT");
}

#[tokio::test]
async fn limits_of_zero_are_off_and_no_header_speaks_of_them() {
    let (server, _database) = server_on(testkit::Backend::Sqlite, |config| {
        (config.api_requests_per_window, config.auth_failures_per_window) = (0, 0);
    })
    .await;
    let visitor = Visitor::of(&server);
    for _ in 0..150 {
        let answer = visitor.tries("nobody", "123456").await;
        is_refused(&answer, 401, "AUTH001");
        assert_eq!(answer.header("ratelimit-limit"), None);
    }
}
