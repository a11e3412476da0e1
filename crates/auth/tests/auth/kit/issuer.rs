//! An issuer that serves its keys from this machine.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    routing::get,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::task::TaskTracker;

/// What the issuer answers.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A set of these keys.
    pub(crate) fn keys(keys: &[Value]) -> Answer {
        Answer::text(&json!({ "keys": keys }).to_string())
    }

    pub(crate) fn text(body: &str) -> Answer {
        Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: body.into() }
    }

    pub(crate) fn status(status: StatusCode) -> Answer {
        Answer { status, ..Answer::text("away") }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Answer {
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }
}

/// Serves what it was last told to, and counts who asks.
pub(crate) struct Issuer {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    answer: Mutex<Answer>,
    asked: AtomicUsize,
    arrived: watch::Sender<usize>,
    open: watch::Sender<bool>,
}

impl Issuer {
    pub(crate) async fn serving(answer: Answer) -> Issuer {
        let shared = Arc::new(Shared {
            answer: Mutex::new(answer),
            asked: AtomicUsize::new(0),
            arrived: watch::Sender::new(0),
            open: watch::Sender::new(true),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let app = Router::new().route("/keys", get(answered)).with_state(Arc::clone(&shared));
        TaskTracker::new().spawn(async move { axum::serve(listener, app).await });
        Issuer { url, shared }
    }

    pub(crate) fn answers(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// From now on requests wait, until [`Issuer::let_go`].
    pub(crate) fn hold(&self) {
        self.shared.open.send_replace(false);
    }

    /// Waits until so many have asked.
    pub(crate) async fn until_asked(&self, times: usize) {
        self.shared.arrived.subscribe().wait_for(|asked| *asked >= times).await.unwrap();
    }

    pub(crate) fn let_go(&self) {
        self.shared.open.send_replace(true);
    }
}

async fn answered(State(shared): State<Arc<Shared>>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let asked = shared.asked.fetch_add(1, Ordering::SeqCst) + 1;
    shared.arrived.send_replace(asked);
    shared.open.subscribe().wait_for(|open| *open).await.unwrap();
    let Answer { status, headers, body } = shared.answer.lock().unwrap().clone();
    (status, headers, body)
}
