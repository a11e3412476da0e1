//! What the store says in the log, and what it never says.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use store::Settings;
use tracing::Level;
use tracing::subscriber::DefaultGuard;

use crate::support::{Backend, LATER, NOW, family, hash, settings, token, user};

/// All that is logged in this thread from now on, of every level.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn keep(&self) -> DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(move || log.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_slow_call_is_logged_by_its_name_and_nothing_else_is_said_at_any_level() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let place = backend.place();
        let log = Log::default();
        let kept = log.keep();
        let url = place.url().replacen("postgres://paraclete@", "postgres://paraclete:hunter2@", 1);
        let store = store::open(&Settings { slow_query: Duration::ZERO, ..settings(&url) }).unwrap();
        store.prepare().await.unwrap();
        let mut alice = user("alice");
        alice.password_hash = hash("$argon2id$secret");
        store.create_user(&alice).await.unwrap();
        store.create_user(&alice).await.unwrap_err();
        store.user_by_email(&alice.email).await.unwrap();
        store.search_users("ali", 3).await.unwrap();
        store.open_family(&family(1, "alice"), &token(b'Z'), &alice.password_hash).await.unwrap();
        store.rotate(&token(b'Z'), &token(b'Y'), NOW, LATER).await.unwrap();
        drop(kept);

        let text = log.text();
        for operation in ["create_user", "user_by_email", "search_users", "open_family", "rotate"] {
            let told = text.lines().any(|line| {
                line.contains(" WARN ")
                    && line.contains(&format!("operation=\"{operation}\""))
                    && line.contains("elapsed_ms=")
            });
            assert!(told, "{operation}: {text}");
        }
        for secret in ["alice", "argon2id", "hunter2", "ZZZZ", "5a5a", "INSERT INTO users"] {
            assert!(!text.contains(secret), "{backend:?} {secret}: {text}");
        }
        assert!(!text.contains("ERROR"), "{text}");
    }
}

#[tokio::test]
async fn a_call_that_is_not_slow_is_not_logged() {
    let log = Log::default();
    let _kept = log.keep();
    let fresh = Backend::Sqlite.fresh().await;
    fresh.create_user(&user("alice")).await.unwrap();
    assert!(!log.text().contains("WARN"), "{}", log.text());
}
