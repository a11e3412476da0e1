//! The life of an account.

use serde_json::{Value, json};
use testkit::{eventually, on_every_store};

use crate::visitor::{Account, PASSWORD, Visitor, is_refused, server_on, server_with};

on_every_store! {
    async fn an_account_is_made_used_and_left(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let body = json!({ "email": "Ada.L@Example.ORG", "password": PASSWORD, "name": "Ada Lovelace" });
        let first = Account::from(&visitor.auth("register", body).await, 201);
        let me = visitor.ask("GET", "/api/users/me", &first.token, Value::Null).await;
        assert_eq!((me.status, me.header("cache-control")), (200, Some("no-store")));
        assert_eq!(
            me.json(),
            json!({
                "id": first.id, "name": "Ada Lovelace", "email": "ada.l@example.org", "avatar": null,
                "presence": "offline",
            })
        );
        // The case of an email does not count.
        let log_in = json!({ "email": "ADA.L@example.org", "password": PASSWORD });
        let second = Account::from(&visitor.auth("login", log_in).await, 200);
        assert_eq!(second.id, first.id);
        assert!(second.token != first.token && second.refresh_token != first.refresh_token);

        // Presence is that of sockets with a token.
        let mut ada = server.dial().token(&second.token).connect("ada").await.expect("a socket");
        let me = visitor.ask("GET", "/api/users/me", &second.token, Value::Null).await.json();
        assert_eq!(me["presence"], "online");

        // To log out ends this log-in with its socket, and no other.
        let out = visitor.ask("POST", "/api/auth/logout", &second.token, Value::Null).await;
        assert_eq!((out.status, out.json()), (200, json!({ "success": true })));
        ada.hears("error").await;
        ada.is_closed().await;
        assert_eq!([visitor.me(&second.token).await, visitor.me(&first.token).await], [401, 200]);
        is_refused(&visitor.refreshes(&second.refresh_token).await, 401, "AUTH001");
        assert_eq!(visitor.refreshes(&first.refresh_token).await.status, 200);
    }

    async fn to_log_out_everywhere_ends_every_log_in(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let first = visitor.registers("ada").await;
        let second = visitor.logs_in("ada").await;
        let bystander = visitor.registers("bob").await;
        let out = visitor.ask("POST", "/api/auth/logout", &first.token, json!({ "everywhere": true })).await;
        assert_eq!(out.status, 200, "{out:?}");
        for account in [&first, &second] {
            assert_eq!(visitor.me(&account.token).await, 401);
            is_refused(&visitor.refreshes(&account.refresh_token).await, 401, "AUTH001");
        }
        assert_eq!(visitor.me(&bystander.token).await, 200);
        let anew = visitor.logs_in("ada").await;
        assert_eq!(visitor.me(&anew.token).await, 200, "a log-in of the same second is younger");
    }

    async fn a_refresh_token_alone_is_enough_to_log_out_and_to_do_it_twice_is_no_error(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let ada = visitor.registers("ada").await;
        for _ in 0..2 {
            let out = visitor.auth("logout", json!({ "refreshToken": ada.refresh_token })).await;
            assert_eq!(out.status, 200, "{out:?}");
        }
        assert_eq!(visitor.me(&ada.token).await, 401, "its access token ends with it");
        is_refused(&visitor.auth("logout", json!({})).await, 401, "AUTH001");
        is_refused(&visitor.auth("logout", Value::Null).await, 401, "AUTH001");
    }

    async fn another_password_ends_all_other_log_ins_and_the_old_one_is_wrong_from_then_on(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let ada = visitor.registers("ada").await;
        let elsewhere = visitor.logs_in("ada").await;
        let change = async |old: &str, new: &str| {
            let body = json!({ "oldPassword": old, "newPassword": new });
            visitor.ask("POST", "/api/auth/password", &ada.token, body).await
        };
        is_refused(&change("not the password", "another password").await, 401, "AUTH001");
        is_refused(&change(PASSWORD, "short").await, 400, "VALIDATION_ERROR");
        assert_eq!(change(PASSWORD, "another password").await.status, 200);
        assert_eq!(visitor.me(&ada.token).await, 200, "who changed it stays");
        assert_eq!(visitor.refreshes(&ada.refresh_token).await.status, 200);
        is_refused(&visitor.refreshes(&elsewhere.refresh_token).await, 401, "AUTH001");
        let look = async || visitor.me(&elsewhere.token).await;
        eventually("the end of the other log-in", look, |status| *status == 401).await;
        is_refused(&visitor.tries("ada", PASSWORD).await, 401, "AUTH001");
        assert_eq!(visitor.tries("ada", "another password").await.status, 200);
    }

    async fn an_email_has_one_account_however_it_is_written_and_however_many_ask_at_once(backend: Backend) {
        let (server, _database) = server_on(backend, |config| config.auth_failures_per_window = 0).await;
        let visitor = Visitor::of(&server);
        let emails = ["ada@example.org", "Ada@example.org", "ADA@EXAMPLE.ORG", "ada@Example.Org"];
        let asked = emails.map(|email| {
            visitor.auth("register", json!({ "email": email, "password": PASSWORD, "name": "Ada" }))
        });
        let mut answers = futures_util::future::join_all(asked).await;
        answers.sort_by_key(|answer| answer.status);
        assert_eq!(answers[0].status, 201, "{answers:?}");
        for answer in &answers[1..] {
            is_refused(answer, 409, "CONFLICT");
        }
    }

    async fn a_disabled_account_is_out_everywhere_and_looks_like_a_wrong_password(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let (ada, bob) = (visitor.registers("ada").await, visitor.registers("bob").await);
        let store = server.store().await;
        let id = domain::UserId::try_from(ada.id.as_str()).unwrap();
        let now_ms = server::clock::wall_ms();
        assert!(store.set_standing(&id, store::Standing::Disabled, now_ms, now_ms + 900_000).await.unwrap());
        let look = async || visitor.me(&ada.token).await;
        eventually("the end of the token", look, |status| *status == 401).await;
        is_refused(&visitor.refreshes(&ada.refresh_token).await, 401, "AUTH001");
        let (right, wrong) = (visitor.tries("ada", PASSWORD).await, visitor.tries("ada", "a wrong password").await);
        is_refused(&right, 401, "AUTH001");
        assert_eq!(right.body, wrong.body);
        let path = format!("/api/users/{}", ada.id);
        is_refused(&visitor.ask("GET", &path, &bob.token, Value::Null).await, 404, "NOT_FOUND");
        let found = visitor.ask("GET", "/api/users?q=ada@example.org", &bob.token, Value::Null).await.json();
        assert_eq!(found, json!({ "users": [] }));
        let again = json!({ "email": "ada@example.org", "password": PASSWORD, "name": "Ada" });
        is_refused(&visitor.auth("register", again).await, 409, "CONFLICT");
    }

    async fn a_log_in_makes_a_hash_of_yesterday_one_of_today_and_ends_nothing(backend: Backend) {
        let (yesterday, database) = server_on(backend, |_| {}).await;
        let ada = Visitor::of(&yesterday).registers("ada").await;
        yesterday.end().await;
        let today = server_with(&database.url(), |config| config.argon2_memory = 20 << 20).await;
        let visitor = Visitor::of(&today);
        let store = today.store().await;
        let cost = async || {
            let user = store.user_by_email("ada@example.org").await.unwrap().unwrap();
            user.password_hash.as_str().split('$').nth(3).unwrap().to_owned()
        };
        assert_eq!(cost().await, "m=19456,t=2,p=1");
        is_refused(&visitor.tries("ada", "a wrong password").await, 401, "AUTH001");
        assert_eq!(cost().await, "m=19456,t=2,p=1");
        visitor.logs_in("ada").await;
        assert_eq!(cost().await, "m=20480,t=2,p=1");
        visitor.logs_in("ada").await;
        assert_eq!(visitor.refreshes(&ada.refresh_token).await.status, 200);
    }
}
