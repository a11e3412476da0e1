//! Finding people by their names.

use store::{Standing, Store};

use crate::on_every_backend;
use crate::support::{LATER, NOW, id, unique, user};

async fn enter(store: &dyn Store, name: &str) {
    let mut user = user(&format!("user{:04}", unique()));
    user.name = name.to_owned();
    store.create_user(&user).await.unwrap();
}

async fn found(store: &dyn Store, query: &str) -> Vec<String> {
    let found = store.search_users(query, 20).await.unwrap();
    found.into_iter().map(|user| user.name).collect()
}

on_every_backend! {
    async fn a_name_is_found_by_the_beginning_of_any_of_its_words(store: Fresh) {
        for name in ["Alice Smith", "Bob Alison", "Malice", "김 철수", "ÉMILE Zola"] {
            enter(&*store, name).await;
        }
        assert_eq!(found(&*store, "ali").await, ["Alice Smith", "Bob Alison"]);
        assert_eq!(found(&*store, "ALICE  s").await, ["Alice Smith"]);
        assert_eq!(found(&*store, "smith").await, ["Alice Smith"]);
        assert_eq!(found(&*store, "철").await, ["김 철수"]);
        assert_eq!(found(&*store, "émi").await, ["ÉMILE Zola"]);
        assert_eq!(found(&*store, "alice bob").await, Vec::<String>::new());
        assert_eq!(found(&*store, "lice").await, Vec::<String>::new(), "no middle of a word");
    }

    async fn no_character_has_a_special_meaning(store: Fresh) {
        for name in ["100% Sure", "100x Sure", "snake_case", "snakeXcase", "back\\slash", "O'Brien \"Bo\""] {
            enter(&*store, name).await;
        }
        assert_eq!(found(&*store, "100%").await, ["100% Sure"]);
        assert_eq!(found(&*store, "snake_").await, ["snake_case"]);
        assert_eq!(found(&*store, "back\\").await, ["back\\slash"]);
        assert_eq!(found(&*store, "o'b").await, ["O'Brien \"Bo\""]);
        for nothing in ["%", "_", "%%%", "\\", "*", "' OR 1=1 --", "", "  \t", "\0", "\u{10ffff}"] {
            assert_eq!(found(&*store, nothing).await, Vec::<String>::new(), "{nothing:?}");
        }
    }

    async fn an_address_is_found_whole_and_nobody_twice(store: Fresh) {
        let mut anna = user("anna");
        anna.name = "Anna Anna anna@example.org".to_owned();
        store.create_user(&anna).await.unwrap();
        assert_eq!(found(&*store, "anna").await, [anna.name.clone()]);
        assert_eq!(found(&*store, "anna@example.org").await, [anna.name.clone()]);
        assert_eq!(store.search_users("anna@example.or", 20).await.unwrap().len(), 1, "by the name");

        let mut hidden = user("hidden");
        hidden.name = "Somebody".to_owned();
        store.create_user(&hidden).await.unwrap();
        assert_eq!(found(&*store, "hidden@example.org").await, ["Somebody"]);
        assert_eq!(found(&*store, "hidden@").await, Vec::<String>::new());
    }

    async fn no_more_are_found_than_asked_for(store: Fresh) {
        for number in 0..30 {
            enter(&*store, &format!("Kim Kim Kim {number:02}")).await;
        }
        let found = store.search_users("kim", 20).await.unwrap();
        let names: Vec<_> = found.iter().map(|user| user.name.clone()).collect();
        let first: Vec<_> = (0..20).map(|number| format!("Kim Kim Kim {number:02}")).collect();
        assert_eq!(names, first);
        assert_eq!(store.search_users("kim", 0).await, Ok(vec![]));
    }

    async fn who_is_disabled_or_has_another_name_now_is_not_found(store: Fresh) {
        let alice = crate::support::enter(&*store, "alice").await;
        store.set_standing(&alice.id, Standing::Disabled, NOW, LATER).await.unwrap();
        assert_eq!(found(&*store, "alice").await, Vec::<String>::new());
        assert_eq!(found(&*store, &alice.email).await, Vec::<String>::new());

        store.set_standing(&alice.id, Standing::Active, NOW, LATER).await.unwrap();
        let change = store::ProfileChange { name: Some("Zoe".to_owned()), avatar: None };
        store.update_profile(&id("alice"), &change, NOW).await.unwrap();
        assert_eq!(found(&*store, "alice").await, Vec::<String>::new());
        assert_eq!(found(&*store, "zo").await, ["Zoe"]);
    }
}
