//! A real PostgreSQL that goes away and comes back.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::Value;
use testkit::{Pair, Postgres, Server, eventually, within};

use crate::visitor::{PASSWORD, Visitor, is_refused, server_with};

/// How long the database may take to answer, by configuration.
const TIMEOUT: Duration = Duration::from_secs(1);

/// What a busy machine may add to that, and to anything else.
const SLACK: Duration = Duration::from_secs(2);

/// From when the database is back to when the service is.
const RECOVERY: Duration = Duration::from_secs(5);

async fn server_of(url: &str) -> (Server, Visitor) {
    let server = server_with(url, |config| {
        config.database_timeout = TIMEOUT;
        (config.api_requests_per_window, config.auth_failures_per_window) = (0, 0);
    })
    .await;
    let visitor = Visitor::of(&server);
    (server, visitor)
}

/// Everything that needs the store gets 503 in time, and everything else goes on.
async fn is_without_its_store(server: &Server, visitor: Visitor, token: &str) {
    let asked = Instant::now();
    let calls = [visitor.tries("ada", PASSWORD), visitor.tries("nobody", PASSWORD)];
    for answer in join_all(calls).await {
        is_refused(&answer, 503, "UNAVAILABLE");
    }
    let me = visitor.ask("GET", "/api/users/me", token, Value::Null).await;
    is_refused(&me, 503, "UNAVAILABLE");
    is_refused(
        &visitor.refreshes("pr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await,
        503,
        "UNAVAILABLE",
    );
    // Three one after the other.
    assert!(asked.elapsed() < 3 * TIMEOUT + SLACK, "{:?}", asked.elapsed());
    // What was known of it a moment ago counts for a second.
    let look = async || server.http().await.get("/readyz").await;
    let ready = eventually("a server that says so", look, |ready| ready.status == 503).await;
    assert_eq!(ready.json()["components"]["store"], "unavailable");
    assert_eq!(server.http().await.get("/livez").await.status, 200);
}

/// The service comes back by itself, soon.
async fn is_back(server: &Server, visitor: Visitor, token: &str) {
    let back = Instant::now();
    let look = async || server.http().await.get("/readyz").await.status;
    eventually("a server that is ready again", look, |status| *status == 200).await;
    let look = async || visitor.me(token).await;
    eventually("calls that are answered", look, |status| *status == 200).await;
    assert!(back.elapsed() < RECOVERY, "{:?}", back.elapsed());
}

#[tokio::test]
async fn without_its_database_calls_get_503_in_time_connections_stay_and_all_that_was_acknowledged_is_there_after()
 {
    let postgres = Arc::new(Postgres::start());
    let database = postgres.database();
    let (server, visitor) = server_of(&database.url()).await;
    let ada = visitor.registers("ada").await;
    let mut pair = Pair::meet(server.address()).await;
    let mut bearer = server.dial().token(&ada.token).connect("ada").await.expect("a socket");
    bearer.join("standup").await;

    // Registrations under way, of which some are acknowledged and some are not.
    let busy = async |stream: usize| {
        let mut acknowledged = Vec::new();
        for number in 0_u32.. {
            let name = format!("user-{stream}-{number}");
            let body = serde_json::json!({ "email": format!("{name}@example.org"), "password": PASSWORD, "name": name });
            match visitor.auth("register", body).await.status {
                201 => acknowledged.push(name),
                503 => break,
                other => panic!("{name}: {other}"),
            }
        }
        acknowledged
    };
    let kill = async {
        let look = async || visitor.tries("user-0-1", PASSWORD).await.status;
        eventually("some registrations", look, |status| *status == 200).await;
        postgres.kill();
    };
    let streams = join_all((0..3).map(busy));
    let (acknowledged, ()) =
        within("the end of the registrations", async { tokio::join!(streams, kill) }).await;
    let acknowledged: Vec<String> = acknowledged.into_iter().flatten().collect();
    assert!(!acknowledged.is_empty());

    pair.while_others(is_without_its_store(&server, visitor, &ada.token)).await;
    postgres.start_again();
    pair.while_others(is_back(&server, visitor, &ada.token)).await;
    for name in &acknowledged {
        visitor.logs_in(name).await;
    }
    bearer.leave("standup").await;
    bearer.join("standup").await;
}

#[tokio::test]
async fn a_database_that_stands_still_is_waited_for_no_longer_than_configured() {
    let postgres = Arc::new(Postgres::start());
    let database = postgres.database();
    let (server, visitor) = server_of(&database.url()).await;
    let ada = visitor.registers("ada").await;
    let mut pair = Pair::meet(server.address()).await;
    for _ in 0..2 {
        postgres.pause();
        pair.while_others(is_without_its_store(&server, visitor, &ada.token)).await;
        postgres.resume();
        pair.while_others(is_back(&server, visitor, &ada.token)).await;
        visitor.logs_in("ada").await;
    }
}
