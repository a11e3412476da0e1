//! Who is who, and whose business that is.

use serde_json::{Value, json};
use testkit::on_every_store;

use crate::visitor::{Visitor, is_refused, server_on};

on_every_store! {
    async fn a_profile_is_changed_by_its_owner_member_by_member(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let ada = visitor.registers("ada").await;
        let change = async |body: Value| visitor.ask("PATCH", "/api/users/me", &ada.token, body).await;
        let picture = "https://example.org/ada.png?size=64";
        let both = change(json!({ "name": "Ada K. 러브레이스 👩‍🚀", "avatar": picture })).await;
        assert_eq!(both.status, 200, "{both:?}");
        assert_eq!(both.json()["name"], "Ada K. 러브레이스 👩‍🚀");
        assert_eq!(both.json()["avatar"], picture);
        let renamed = change(json!({ "name": "Ada" })).await.json();
        assert_eq!((&renamed["name"], &renamed["avatar"]), (&"Ada".into(), &picture.into()));
        let bare = change(json!({ "avatar": null })).await.json();
        assert_eq!((&bare["name"], &bare["avatar"]), (&"Ada".into(), &Value::Null));
        // Neither the email nor what one may do is changed here.
        let same = change(json!({ "email": "eve@example.org", "role": "admin", "id": "eve" })).await;
        assert_eq!((same.status, same.json()), (200, bare.clone()));
        assert_eq!(visitor.ask("GET", "/api/users/me", &ada.token, Value::Null).await.json(), bare);
    }

    async fn others_see_no_email_and_can_change_nothing(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let (ada, bob) = (visitor.registers("ada").await, visitor.registers("bob").await);
        let path = format!("/api/users/{}", ada.id);
        let seen = visitor.ask("GET", &path, &bob.token, Value::Null).await;
        let others = json!({ "id": ada.id, "name": "ada Example", "avatar": null, "presence": "offline" });
        assert_eq!((seen.status, seen.json()), (200, others.clone()));
        let own = visitor.ask("GET", &path, &ada.token, Value::Null).await.json();
        assert_eq!(own["email"], "ada@example.org");
        for method in ["PATCH", "PUT", "DELETE", "POST"] {
            let answer = visitor.ask(method, &path, &bob.token, json!({ "name": "Eve" })).await;
            is_refused(&answer, 405, "VALIDATION_ERROR");
            assert_eq!(answer.header("allow"), Some("GET,HEAD"));
        }
        // To name somebody else in a body changes oneself.
        let body = json!({ "id": ada.id, "userId": ada.id, "name": "Robert" });
        let changed = visitor.ask("PATCH", "/api/users/me", &bob.token, body).await.json();
        assert_eq!((&changed["id"], &changed["name"]), (&bob.id.as_str().into(), &"Robert".into()));
        assert_eq!(visitor.ask("GET", &path, &bob.token, Value::Null).await.json(), others);
        for stranger in ["", "garbage", &bob.refresh_token] {
            for (method, path) in [("GET", path.as_str()), ("GET", "/api/users?q=ada"), ("PATCH", "/api/users/me")] {
                is_refused(&visitor.ask(method, path, stranger, Value::Null).await, 401, "AUTH001");
            }
        }
        is_refused(&visitor.ask("GET", "/api/users/nobody", &bob.token, Value::Null).await, 404, "NOT_FOUND");
    }

    async fn people_are_found_by_the_beginning_of_a_word_or_by_their_whole_email(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let ada = visitor.registers("ada").await;
        for name in ["grace", "graham", "igor"] {
            visitor.registers(name).await;
        }
        let search = async |query: &str| {
            let answer = visitor.ask("GET", &format!("/api/users?q={query}"), &ada.token, Value::Null).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let users = answer.json()["users"].as_array().unwrap().clone();
            let is_other = |user: &&Value| user["id"] != ada.id.as_str();
            assert!(users.iter().filter(is_other).all(|user| user.get("email").is_none()), "{users:?}");
            let mut names: Vec<_> = users.iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(search("GRA").await, ["grace Example", "graham Example"]);
        assert_eq!(search("exam").await.len(), 4);
        assert_eq!(search("igor@example.org").await, ["igor Example"]);
        assert_eq!(search("igor@example").await, Vec::<String>::new());
        assert_eq!(search("%25%25%25").await, Vec::<String>::new());
        for short in ["", "?q=", "?q=ab", "?query=grace"] {
            let answer = visitor.ask("GET", &format!("/api/users{short}"), &ada.token, Value::Null).await;
            is_refused(&answer, 400, "VALIDATION_ERROR");
            assert_eq!(answer.json()["error"]["details"][0]["field"], "q");
        }
    }

    async fn a_search_finds_twenty_at_most(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        for number in 0..22 {
            visitor.registers(&format!("user{number}")).await;
        }
        let ada = visitor.registers("ada").await;
        let found = visitor.ask("GET", "/api/users?q=user", &ada.token, Value::Null).await.json();
        assert_eq!(found["users"].as_array().unwrap().len(), 20);
    }

    async fn the_token_of_another_issuer_has_a_profile_and_no_account(backend: Backend) {
        let (server, _database) = server_on(backend, |_| {}).await;
        let visitor = Visitor::of(&server);
        let token = server.token_of("alice");
        let me = visitor.ask("GET", "/api/users/me", &token, Value::Null).await;
        assert_eq!((me.status, &me.json()["id"]), (200, &"alice".into()));
        let renamed = visitor.ask("PATCH", "/api/users/me", &token, json!({ "name": "Alice" })).await;
        is_refused(&renamed, 403, "AUTH003");
        let body = json!({ "oldPassword": "12345678", "newPassword": "123456789" });
        is_refused(&visitor.ask("POST", "/api/auth/password", &token, body).await, 403, "AUTH003");
        let out = visitor.ask("POST", "/api/auth/logout", &token, Value::Null).await;
        assert_eq!(out.status, 200, "{out:?}");
        assert_eq!(visitor.me(&token).await, 401);
    }
}
