//! The keys of an issuer, fetched when a token needs them and kept.
//!
//! - A key that is not known is asked for at most once in [`REFETCH_AFTER`], however many tokens name it; and however
//!   many come meanwhile, they wait for the one request.
//! - Known keys are good for as long as the answer said, an hour if it said nothing; then the next token asks anew.
//! - A source that is away or sends nonsense takes nothing: the known keys stay until it answers again.
//!
//! The request runs as a task of its own. A connection that goes away while it waits ends nothing.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Client, Response, Url, header::CACHE_CONTROL};
use tokio::{sync::watch, time::Instant};
use tokio_util::task::TaskTracker;

use crate::claims::Refused;
use crate::jwks::KeySet;
use crate::key::{Algorithm, VerifyingKey};

/// How long an unknown key's id is answered from what is known.
const REFETCH_AFTER: Duration = Duration::from_secs(60);
/// The same while nothing is known at all.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How long keys are good if the answer does not say.
const GOOD_FOR: Duration = Duration::from_secs(60 * 60);
/// The longest that an answer may say. What an issuer has withdrawn is gone after it at the latest.
const GOOD_AT_MOST: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a request may take, from the name's look-up to the last byte.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer.
const MAX_BYTES: usize = 256 * 1024;

/// The keys at one address.
#[derive(Debug)]
pub(crate) struct RemoteKeys(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    url: Url,
    client: Client,
    tasks: TaskTracker,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: KeySet,
    /// Until when the keys are good; none before the first answer.
    good_until: Option<Instant>,
    /// When the latest request began, and whether it failed.
    asked_at: Option<Instant>,
    failed: bool,
    /// Closes when the running request has ended.
    running: Option<watch::Receiver<()>>,
}

/// What is known about a key.
enum Known {
    Key(Arc<VerifyingKey>),
    Nothing(Refused),
    /// It will be known when this closes.
    Soon(watch::Receiver<()>),
}

impl RemoteKeys {
    /// Keys at `url`, which has been checked. Nothing is fetched before a token needs it.
    pub(crate) fn new(url: Url, client: Client, tasks: TaskTracker) -> RemoteKeys {
        RemoteKeys(Arc::new(Shared { url, client, tasks, state: Mutex::default() }))
    }

    /// The client that keys are fetched with. It follows no redirect: only the configured address is trusted.
    pub(crate) fn client() -> Result<Client, reqwest::Error> {
        Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("paraclete/", env!("CARGO_PKG_VERSION")))
            .build()
    }

    /// The key with this id for this algorithm, fetched if need be. Waits for [`TIMEOUT`] at most.
    pub(crate) async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<VerifyingKey>, Refused> {
        let mut running = match self.0.look(id, algorithm) {
            Known::Key(key) => return Ok(key),
            Known::Nothing(refused) => return Err(refused),
            Known::Soon(running) => running,
        };
        // An error is what is waited for: nothing is ever sent.
        while running.changed().await.is_ok() {}
        match self.0.look(id, algorithm) {
            Known::Key(key) => Ok(key),
            Known::Nothing(refused) => Err(refused),
            Known::Soon(_) => Err(Refused::Unavailable),
        }
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known now; begins a request where one is due.
    fn look(self: &Arc<Self>, id: Option<&str>, algorithm: Algorithm) -> Known {
        let mut state = self.state();
        let now = Instant::now();
        let key = state.keys.find(id, algorithm).map(Arc::clone);
        let is_good = state.good_until.is_some_and(|until| now < until);
        if let (Some(key), true) = (&key, is_good) {
            return Known::Key(Arc::clone(key));
        }
        // A request that ended without a word, for it panicked, is none that runs.
        if let Some(running) = state.running.as_ref().filter(|running| running.has_changed().is_ok()) {
            return Known::Soon(running.clone());
        }
        let wait = if state.good_until.is_some() { REFETCH_AFTER } else { RETRY_AFTER };
        if state.asked_at.is_none_or(|asked_at| now.duration_since(asked_at) >= wait) {
            return Known::Soon(self.ask(&mut state, now));
        }
        match (key, state.failed) {
            (Some(key), _) => Known::Key(key),
            (None, true) => Known::Nothing(Refused::Unavailable),
            (None, false) => {
                Known::Nothing(Refused::Invalid("signed by a key that its issuer does not have"))
            }
        }
    }

    /// Begins a request.
    fn ask(self: &Arc<Self>, state: &mut State, now: Instant) -> watch::Receiver<()> {
        let (ended, running) = watch::channel(());
        state.asked_at = Some(now);
        state.running = Some(running.clone());
        let shared = Arc::clone(self);
        self.tasks.spawn(async move {
            let answer = shared.fetch().await;
            shared.keep(answer);
            drop(ended);
        });
        running
    }

    async fn fetch(&self) -> Result<(KeySet, Duration), String> {
        let request = self.client.get(self.url.clone()).send();
        // The error of reqwest names the address once more, with its query.
        let mut response = request.await.map_err(|error| error.without_url().to_string())?;
        if !response.status().is_success() {
            return Err(format!("it answered {}", response.status()));
        }
        let good_for = max_age(&response).unwrap_or(GOOD_FOR).clamp(REFETCH_AFTER, GOOD_AT_MOST);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| error.without_url().to_string())? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err("it sent more than 256 KiB".to_owned());
            }
            body.extend_from_slice(&chunk);
        }
        Ok((KeySet::parse(&body)?, good_for))
    }

    fn keep(&self, answer: Result<(KeySet, Duration), String>) {
        let host = self.url.host_str();
        let mut state = self.state();
        state.running = None;
        state.failed = answer.is_err();
        match answer {
            Ok((keys, good_for)) => {
                tracing::debug!(
                    host,
                    keys = keys.len(),
                    good_for_s = good_for.as_secs(),
                    "fetched the keys of an issuer"
                );
                state.keys = keys;
                state.good_until = Some(Instant::now() + good_for);
            }
            Err(why) => {
                let keys = state.keys.len();
                tracing::warn!(
                    host,
                    keys,
                    "the keys of an issuer cannot be fetched, and those known stay: {why}"
                );
            }
        }
    }
}

/// What the answer says about how long it is good (RFC 9111, section 5.2.2.1).
fn max_age(response: &Response) -> Option<Duration> {
    let said = response.headers().get(CACHE_CONTROL)?.to_str().ok()?;
    let seconds = said.split(',').find_map(|part| part.trim().strip_prefix("max-age="))?;
    seconds.trim_matches('"').parse().ok().map(Duration::from_secs)
}
