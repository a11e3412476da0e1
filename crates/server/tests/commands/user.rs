//! `paraclete user`.

use std::time::Instant;

use testkit::{Folder, Program};

use crate::support::{SOON, log_in, paraclete, paraclete_with, printed, server};

const PASSWORD: &str = "correct horse battery";

fn add(folder: &Folder, more: &[&str]) -> String {
    let arguments = [&["user", "add", "--email", "Ada@Example.org", "--name", "Ada Lovelace"], more].concat();
    let done = paraclete_with(folder, &arguments, &format!("{PASSWORD}\n"));
    assert_eq!((done.code, &*done.err), (Some(0), ""), "{done:?}");
    done.out
}

async fn token(server: &Program, password: &str) -> String {
    let answer = log_in(server, "ada@example.org", password).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_account_that_is_made_can_log_in_and_is_listed_and_shown() {
    let folder = Folder::new();
    let server = server(&folder).await;
    assert_eq!(printed(&folder, &["user", "list"]), "");
    let id = add(&folder, &["--admin"]);
    assert_eq!(log_in(&server, "ada@example.org", PASSWORD).await.json()["userId"], *id);
    let row = format!("{id}  admin  active    ada@example.org  Ada Lovelace");
    assert_eq!(printed(&folder, &["user", "list"]), row);
    let shown = printed(&folder, &["user", "show", "ADA@example.org"]);
    assert_eq!(shown, printed(&folder, &["user", "show", &id]));
    for row in [&*format!("id        {id}"), "role      admin", "standing  active", "name      Ada Lovelace"]
    {
        assert!(shown.lines().any(|line| line == row), "{shown}");
    }
    assert!(!shown.contains("argon2"), "{shown}");
}

#[tokio::test]
async fn somebody_who_is_disabled_is_out_within_seconds_until_they_are_enabled() {
    let folder = Folder::new();
    let server = server(&folder).await;
    let id = add(&folder, &[]);
    let token_before = token(&server, PASSWORD).await;
    let mut ada = server.dial().token(&token_before).connect("ada").await.unwrap();
    let start = Instant::now();
    printed(&folder, &["user", "disable", &id]);
    ada.is_closed().await;
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(log_in(&server, "ada@example.org", PASSWORD).await.status, 401);
    assert!(printed(&folder, &["user", "list"]).contains("  disabled  "));

    printed(&folder, &["user", "enable", "ada@example.org"]);
    assert!(server.dial().token(&token_before).connect("ada").await.is_err(), "a token from before");
    let token = token(&server, PASSWORD).await;
    server.dial().token(&token).connect("ada").await.unwrap();
}

#[tokio::test]
async fn another_password_ends_the_log_ins_with_the_one_before() {
    let folder = Folder::new();
    let server = server(&folder).await;
    add(&folder, &[]);
    let mut ada = server.dial().token(&token(&server, PASSWORD).await).connect("ada").await.unwrap();
    let done = paraclete(&folder, &["user", "set-password", "ada@example.org", "--generate"]);
    let made = done.out.strip_prefix("password  ").expect("a password").to_owned();
    assert_eq!((done.code, made.len()), (Some(0), 20), "{done:?}");
    ada.is_closed().await;
    assert_eq!(log_in(&server, "ada@example.org", PASSWORD).await.status, 401);
    token(&server, &made).await;
    let done =
        paraclete_with(&folder, &["user", "set-password", "ada@example.org", "--password-stdin"], PASSWORD);
    assert_eq!((done.code, &*done.out), (Some(0), ""), "{done:?}");
    token(&server, PASSWORD).await;
}

#[test]
fn what_cannot_be_done_is_told_and_changes_nothing() {
    let folder = Folder::new();
    let id = add(&folder, &[]);
    let before = printed(&folder, &["user", "list"]);
    let again = ["user", "add", "--email", "ada@example.org", "--name", "Another"];
    let other = ["user", "add", "--email", "bob@example.org", "--name", "Bob"];
    for (arguments, input, words) in [
        (&again[..], PASSWORD, "ada@example.org has an account"),
        (&other, "short\n", "8 to 128 characters"),
        (&other, "", "8 to 128 characters"),
        (&other, "planted\u{7}secret\n", "8 to 128 characters"),
        (&other, &"x".repeat(100_000), "8 to 128 characters"),
        (&["user", "show", "nobody"], "", "there is no account of nobody"),
        (&["user", "disable", "nobody@example.org"], "", "there is no account of nobody@example.org"),
        (&["user", "set-password", "nobody"], PASSWORD, "there is no account of nobody"),
        (&["user", "set-password", &id], "short", "8 to 128 characters"),
    ] {
        let done = paraclete_with(&folder, arguments, input);
        assert!(
            done.code == Some(1) && done.err.contains(words) && done.out.is_empty(),
            "{arguments:?}: {done:?}"
        );
        assert!(!done.err.contains("secret") && !done.err.contains(PASSWORD), "{done:?}");
    }
    assert_eq!(printed(&folder, &["user", "list"]), before);
}
