//! More log-ins than the machine can hash.

use futures_util::future::join_all;
use testkit::{Backend, Pair};

use crate::visitor::{PASSWORD, Visitor, is_refused, server_on};

#[tokio::test]
async fn of_fifty_log_ins_at_once_some_are_told_to_come_again_and_sockets_are_answered_meanwhile() {
    let (server, _database) = server_on(Backend::Sqlite, |config| {
        (config.api_requests_per_window, config.auth_failures_per_window) = (0, 0);
        config.argon2_memory = 46 << 20;
    })
    .await;
    let visitor = Visitor::of(&server);
    visitor.registers("ada").await;
    let mut pair = Pair::meet(server.address()).await;
    let storm = join_all((0..50).map(|_| visitor.tries("ada", PASSWORD)));
    let answers = pair.while_others(storm).await;
    let (served, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    for answer in &busy {
        is_refused(answer, 503, "UNAVAILABLE");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert!(!busy.is_empty() && !served.is_empty(), "{} busy, {} served", busy.len(), served.len());
    visitor.logs_in("ada").await;
}
