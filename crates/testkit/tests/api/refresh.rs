//! Refresh tokens: each is good once.

use futures_util::future::join_all;
use serde_json::json;
use testkit::{eventually, on_every_store};

use crate::visitor::{Account, Visitor, is_refused, server_on, server_with};

on_every_store! {
    async fn a_refresh_gives_the_next_pair_and_a_spent_token_ends_all_that_came_from_it(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let first = visitor.registers("ada").await;
        let bystander = visitor.logs_in("ada").await;
        let second = Account::from(&visitor.refreshes(&first.refresh_token).await, 200);
        let third = Account::from(&visitor.refreshes(&second.refresh_token).await, 200);
        assert_eq!([visitor.me(&second.token).await, visitor.me(&third.token).await], [200, 200]);

        // A thief, or the one whom they stole from: nobody can tell, so both are out.
        is_refused(&visitor.refreshes(&first.refresh_token).await, 401, "AUTH001");
        is_refused(&visitor.refreshes(&third.refresh_token).await, 401, "AUTH001");
        for token in [&first.token, &second.token, &third.token] {
            let look = async || visitor.me(token).await;
            eventually("the end of its access tokens", look, |status| *status == 401).await;
        }
        assert_eq!(visitor.me(&bystander.token).await, 200, "another log-in of the same user goes on");
        assert_eq!(visitor.refreshes(&bystander.refresh_token).await.status, 200);
    }

    async fn of_eight_refreshes_at_once_at_most_one_wins_and_the_family_is_dead(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let ada = visitor.registers("ada").await;
        let answers = join_all((0..8).map(|_| visitor.refreshes(&ada.refresh_token))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(won.len(), 1, "{answers:?}");
        for answer in lost {
            is_refused(answer, 401, "AUTH001");
        }
        let winner = Account::from(won[0], 200);
        is_refused(&visitor.refreshes(&winner.refresh_token).await, 401, "AUTH001");
        let look = async || visitor.me(&winner.token).await;
        eventually("the end of its access token", look, |status| *status == 401).await;
    }

    async fn on_two_nodes_at_once_there_is_one_winner_too(backend: Backend) {
        let (one, database) = server_on(backend, |_| {}).await;
        let other = server_with(&database.url(), |_| {}).await;
        let (here, there) = (Visitor::of(&one), Visitor::of(&other));
        let ada = here.registers("ada").await;
        let asked = (0..8).map(|number| [here, there][number % 2].refreshes(&ada.refresh_token));
        let answers = join_all(asked).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
        for node in [here, there] {
            let look = async || node.me(&ada.token).await;
            eventually("the end of the family on each node", look, |status| *status == 401).await;
        }
    }

    async fn what_is_no_refresh_token_is_refused_and_nothing_else_is_told(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let ada = visitor.registers("ada").await;
        let mut bodies = Vec::new();
        for garbage in [
            "",
            "garbage",
            &ada.token,
            &format!("{}=", ada.refresh_token),
            &format!(" {}", ada.refresh_token),
            &ada.refresh_token.to_uppercase(),
            &ada.refresh_token[..45],
            "pr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "' OR 1=1 --",
        ] {
            let answer = visitor.refreshes(garbage).await;
            is_refused(&answer, 401, "AUTH001");
            bodies.push(answer.body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        assert_eq!(visitor.me(&ada.refresh_token).await, 401, "nor is it an access token");
        let body = json!({ "refreshToken": ada.refresh_token });
        assert_eq!(visitor.auth("refresh", body).await.status, 200, "and none of that has spent it");
    }
}
