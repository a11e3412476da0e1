//! What must not be believed any more, although its signature says so.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{Tenant, UserId};
use store::{Cursor, FamilyId, Revocation, Revoked, Store};
use tokio::{
    sync::{Notify, watch},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{Caller, Refused, Sessions};
use crate::clock;

/// Between two looks into the store: what another process revokes holds here after that long.
const BETWEEN_POLLS: Duration = Duration::from_millis(500);

/// How much longer than it says a revocation is kept: tokens may be believed a little beyond their expiry.
const LEEWAY_MS: u64 = 2 * auth::LEEWAY_MS;

/// A clock that goes back by more than that was wrong before: what had expired by it may not have.
const CLOCK_STEP_MS: u64 = 60_000;

/// What was revoked and has not expired. It is as large as what the store keeps of it: each row ends with the last
/// token that it concerns.
#[derive(Debug)]
pub struct Revocations {
    known: Mutex<Known>,
    knowledge: watch::Sender<Knowledge>,
    sessions: Arc<Sessions>,
    wanted: Notify,
}

/// How much of what the store has was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knowledge {
    /// Nothing: it was not asked yet.
    None,
    /// Nothing: it did not answer when it was asked first.
    Away,
    /// All that it had when it answered last.
    Read,
}

impl Revocations {
    /// Nothing is known yet, so that no token is believed. What is revoked later ends among these sessions.
    #[must_use]
    pub fn new(sessions: Arc<Sessions>) -> Self {
        let (knowledge, _) = watch::channel(Knowledge::None);
        Self { known: Mutex::default(), knowledge, sessions, wanted: Notify::new() }
    }

    /// Whether the caller's token still counts.
    ///
    /// # Errors
    /// [`Refused::Invalid`] if it is revoked, [`Refused::Unavailable`] if nobody can say yet.
    pub fn check(&self, caller: &Caller) -> Result<(), Refused> {
        if self.lock().concern(caller) {
            tracing::debug!(user = %caller.user, "a token is refused: it is revoked");
            return Err(Refused::Invalid);
        }
        match *self.knowledge.borrow() {
            Knowledge::Read => Ok(()),
            Knowledge::None | Knowledge::Away => Err(Refused::Unavailable),
        }
    }

    /// Waits until the store was asked for the first time, whatever it said: for who comes while the process starts.
    pub(super) async fn first_look(&self) {
        // It cannot be closed: its sender is here.
        let _ = self.knowledge.subscribe().wait_for(|knowledge| *knowledge != Knowledge::None).await;
    }

    /// Puts a revocation that the store has taken into force here, without waiting for the next look into the store. When this returns,
    /// connections that it concerns are closed.
    pub async fn apply_now(&self, revocation: Revocation) {
        let tenant = revocation.tenant.clone();
        let what = revocation.what.clone();
        self.lock().add(revocation);
        self.sessions.end_revoked(&tenant, &what).await;
    }

    /// Looks into the store at once, for callers who know that there is something new and not what.
    pub fn poll_soon(&self) {
        self.wanted.notify_one();
    }

    /// Looks into the store again and again until `stopping`. However it ends, no token is believed behind it.
    pub async fn watch(self: Arc<Self>, store: Arc<dyn Store>, stopping: CancellationToken) {
        let _blind = Blind(&self.knowledge);
        let mut looks = interval(BETWEEN_POLLS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut reading, mut was_away) = (Reading::default(), false);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = looks.tick() => {}
                () = self.wanted.notified() => {}
            }
            match self.catch_up(&*store, &mut reading, clock::wall_ms()).await {
                Ok(()) => {
                    self.knowledge.send_replace(Knowledge::Read);
                    if was_away {
                        tracing::info!("the store says again what is revoked");
                    }
                    was_away = false;
                }
                Err(error) => {
                    self.knowledge.send_if_modified(Knowledge::was_away);
                    // Said once: whoever asks the store for more than this says it too.
                    if !was_away {
                        tracing::warn!(%error, "what was revoked since cannot be read: what is known stays in force");
                    }
                    was_away = true;
                }
            }
        }
    }

    /// Reads what is new in the store; all that there is, if the clock went back.
    async fn catch_up(
        &self,
        store: &dyn Store,
        reading: &mut Reading,
        wall_ms: u64,
    ) -> Result<(), store::Error> {
        reading.begin_again_if_the_clock_went_back(wall_ms);
        let now_ms = wall_ms.saturating_sub(LEEWAY_MS);
        loop {
            let (rows, next) = store.revocations(reading.cursor, now_ms).await?;
            reading.cursor = next;
            let is_last = rows.is_empty();
            for row in rows {
                self.apply_now(row).await;
            }
            if is_last {
                self.lock().forget_expired(now_ms);
                return Ok(());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far the store was read.
#[derive(Debug, Default)]
struct Reading {
    cursor: Cursor,
    /// The latest time of a look since the cursor was the first one.
    latest_ms: u64,
}

impl Reading {
    /// What had expired was passed over, or forgotten, while the clock was ahead.
    fn begin_again_if_the_clock_went_back(&mut self, wall_ms: u64) {
        if wall_ms.saturating_add(CLOCK_STEP_MS) < self.latest_ms {
            tracing::info!("the clock went back: what is revoked is read again");
            *self = Self::default();
        }
        self.latest_ms = self.latest_ms.max(wall_ms);
    }
}

/// When nobody looks any more, nobody knows.
struct Blind<'a>(&'a watch::Sender<Knowledge>);

impl Drop for Blind<'_> {
    fn drop(&mut self) {
        self.0.send_replace(Knowledge::Away);
    }
}

impl Knowledge {
    /// The store did not answer: what was read before stays known.
    fn was_away(&mut self) -> bool {
        let is_first = *self == Self::None;
        if is_first {
            *self = Self::Away;
        }
        is_first
    }
}

/// Whether the caller's token is among what is revoked.
pub(super) fn concerns(tenant: &Tenant, what: &Revoked, caller: &Caller) -> bool {
    *tenant == caller.tenant
        && match what {
            Revoked::Token(id) => caller.token.as_ref() == Some(id),
            Revoked::Family(family) => caller.family == Some(*family),
            Revoked::User { user, issued_before_ms } => {
                *user == caller.user && caller.issued_at_ms < *issued_before_ms
            }
            Revoked::All { issued_before_ms } => caller.issued_at_ms < *issued_before_ms,
        }
}

/// By what a token is looked up, each with the time at which the row can be forgotten.
#[derive(Debug, Default)]
struct Known {
    tokens: HashMap<(Tenant, String), u64>,
    families: HashMap<FamilyId, u64>,
    users: HashMap<(Tenant, UserId), Before>,
    all: HashMap<Tenant, Before>,
    tidied_at_ms: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Before {
    issued_before_ms: u64,
    expires_at_ms: u64,
}

impl Known {
    fn add(&mut self, revocation: Revocation) {
        let Revocation { tenant, what, expires_at_ms, .. } = revocation;
        match what {
            Revoked::Token(id) => keep(&mut self.tokens, (tenant, id), expires_at_ms),
            Revoked::Family(family) => keep(&mut self.families, family, expires_at_ms),
            Revoked::User { user, issued_before_ms } => {
                self.users.entry((tenant, user)).or_default().widen(issued_before_ms, expires_at_ms);
            }
            Revoked::All { issued_before_ms } => {
                self.all.entry(tenant).or_default().widen(issued_before_ms, expires_at_ms);
            }
        }
    }

    fn concern(&self, caller: &Caller) -> bool {
        let tenant = &caller.tenant;
        let token = caller.token.clone().map(|id| (tenant.clone(), id));
        let before = [self.users.get(&(tenant.clone(), caller.user.clone())), self.all.get(tenant)];
        token.is_some_and(|token| self.tokens.contains_key(&token))
            || caller.family.is_some_and(|family| self.families.contains_key(&family))
            || before.into_iter().flatten().any(|before| caller.issued_at_ms < before.issued_before_ms)
    }

    /// Looks through all of them, a minute after the last time at the earliest, on a clock that may have gone back since.
    fn forget_expired(&mut self, now_ms: u64) {
        if now_ms.abs_diff(self.tidied_at_ms) < 60_000 {
            return;
        }
        self.tidied_at_ms = now_ms;
        self.tokens.retain(|_, expires_at_ms| *expires_at_ms > now_ms);
        self.families.retain(|_, expires_at_ms| *expires_at_ms > now_ms);
        self.users.retain(|_, before| before.expires_at_ms > now_ms);
        self.all.retain(|_, before| before.expires_at_ms > now_ms);
    }
}

impl Before {
    fn widen(&mut self, issued_before_ms: u64, expires_at_ms: u64) {
        self.issued_before_ms = self.issued_before_ms.max(issued_before_ms);
        self.expires_at_ms = self.expires_at_ms.max(expires_at_ms);
    }
}

/// The same may be revoked twice: the longer time counts.
fn keep<K: Eq + Hash>(map: &mut HashMap<K, u64>, key: K, expires_at_ms: u64) {
    let kept = map.entry(key).or_default();
    *kept = expires_at_ms.max(*kept);
}

#[cfg(test)]
mod tests {
    use auth::Source;
    use store::{Memory, Reach};

    use super::*;
    use crate::{config::Config, config::Environment, identity::ConnectionId};

    const FAMILY: &str = "01977420-dd59-7000-8000-000000000000";

    fn caller(user: &str) -> Caller {
        Caller {
            tenant: Tenant::default(),
            user: user.try_into().unwrap(),
            username: None,
            source: Source::Account,
            grants: None,
            token: Some(format!("{FAMILY}.{user}")),
            family: FAMILY.parse().ok(),
            issued_at_ms: 1_000,
            expires_at_ms: u64::MAX,
        }
    }

    fn row(what: Revoked) -> Revocation {
        let expires_at_ms = clock::wall_ms() + 60_000;
        Revocation { tenant: Tenant::default(), what, revoked_at_ms: 0, expires_at_ms }
    }

    fn revocations() -> Arc<Revocations> {
        let sessions = Sessions::new(&Config::defaults(Environment::Development));
        Arc::new(Revocations::new(Arc::new(sessions)))
    }

    fn known(what: Revoked) -> Known {
        let mut known = Known::default();
        known.add(row(what));
        known
    }

    #[test]
    fn each_kind_concerns_its_tokens_and_no_others() {
        let (alice, bob) = (caller("alice"), caller("bob"));
        let user = || alice.user.clone();
        let other = "01977420-dd59-7000-8000-000000000001".parse().unwrap();
        for (what, concerns_alice, concerns_bob) in [
            (Revoked::Token(format!("{FAMILY}.alice")), true, false),
            (Revoked::Token("alice".to_owned()), false, false),
            (Revoked::Family(FAMILY.parse().unwrap()), true, true),
            (Revoked::Family(other), false, false),
            (Revoked::User { user: user(), issued_before_ms: 1_001 }, true, false),
            (Revoked::User { user: user(), issued_before_ms: 1_000 }, false, false),
            (Revoked::All { issued_before_ms: 1_001 }, true, true),
            (Revoked::All { issued_before_ms: 1_000 }, false, false),
        ] {
            let kept = known(what.clone());
            assert_eq!(
                (kept.concern(&alice), kept.concern(&bob)),
                (concerns_alice, concerns_bob),
                "{what:?}"
            );
            let here = [&alice, &bob].map(|caller| concerns(&Tenant::default(), &what, caller));
            assert_eq!(here, [concerns_alice, concerns_bob], "{what:?}");
            assert!(!concerns(&Tenant::try_from("acme").unwrap(), &what, &alice), "{what:?}");
        }
        // A token without an id or a time of its own is concerned by what is said of its user alone.
        let plain = Caller { token: None, family: None, issued_at_ms: 0, ..alice.clone() };
        assert!(known(Revoked::User { user: user(), issued_before_ms: 1 }).concern(&plain));
        assert!(!known(Revoked::Token(String::new())).concern(&plain));
    }

    #[test]
    fn of_two_times_the_later_one_counts_and_what_has_expired_is_forgotten() {
        let alice = caller("alice");
        let mut known = Known::default();
        for (issued_before_ms, expires_at_ms) in [(2_000, 100_000), (500, 200_000)] {
            let what = Revoked::User { user: alice.user.clone(), issued_before_ms };
            known.add(Revocation { expires_at_ms, ..row(what) });
            known.add(Revocation { expires_at_ms, ..row(Revoked::Token("x".to_owned())) });
        }
        known.forget_expired(199_999);
        assert!(known.concern(&alice) && known.tokens.len() == 1);
        known.forget_expired(199_999 + 60_000);
        assert!(!known.concern(&alice) && known.tokens.is_empty() && known.users.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn until_the_store_has_answered_nobody_is_believed_and_what_it_said_stays() {
        let (store, revocations) = (Arc::new(Memory::new()), revocations());
        assert_eq!(revocations.check(&caller("alice")), Err(Refused::Unavailable));
        store.set_reach(Reach::Away);
        let (tasks, stopping) = (tokio_util::task::TaskTracker::new(), CancellationToken::new());
        tasks.spawn(Arc::clone(&revocations).watch(Arc::clone(&store) as Arc<dyn Store>, stopping.clone()));
        revocations.first_look().await;
        assert_eq!(revocations.check(&caller("alice")), Err(Refused::Unavailable));

        // More than comes at once.
        store.set_reach(Reach::There);
        for number in 0..2_500 {
            store.revoke(&row(Revoked::Token(format!("{number}")))).await.unwrap();
        }
        store.revoke(&row(Revoked::Token(format!("{FAMILY}.bob")))).await.unwrap();
        let mut knowledge = revocations.knowledge.subscribe();
        knowledge.wait_for(|knowledge| *knowledge == Knowledge::Read).await.unwrap();
        assert_eq!(revocations.check(&caller("alice")), Ok(()));
        assert_eq!(revocations.check(&caller("bob")), Err(Refused::Invalid));
        assert_eq!(revocations.lock().tokens.len(), 2_501);

        store.set_reach(Reach::Away);
        knowledge.mark_unchanged();
        revocations.poll_soon();
        assert!(tokio::time::timeout(Duration::from_secs(5), knowledge.changed()).await.is_err());
        assert_eq!(revocations.check(&caller("alice")), Ok(()));
        assert_eq!(revocations.check(&caller("bob")), Err(Refused::Invalid));
        stopping.cancel();
        tasks.close();
        tasks.wait().await;
        assert_eq!(revocations.check(&caller("alice")), Err(Refused::Unavailable), "nobody looks any more");
    }

    #[tokio::test]
    async fn what_was_forgotten_while_the_clock_was_ahead_is_known_again_when_it_is_right() {
        const NOW: u64 = 1_800_000_000_000;
        const DAY: u64 = 86_400_000;
        let (store, revocations, mut reading) = (Memory::new(), revocations(), Reading::default());
        let until = |what, expires_at_ms| Revocation { expires_at_ms, ..row(what) };
        let number = |revocations: &Revocations| revocations.lock().tokens.len();
        store.revoke(&until(Revoked::Token("before".to_owned()), NOW + DAY / 2)).await.unwrap();
        revocations.catch_up(&store, &mut reading, NOW).await.unwrap();
        assert_eq!(number(&revocations), 1);

        store.revoke(&until(Revoked::Token("meanwhile".to_owned()), NOW + DAY / 2)).await.unwrap();
        revocations.catch_up(&store, &mut reading, NOW + DAY).await.unwrap();
        assert_eq!(number(&revocations), 0, "both have expired by that clock");

        store.set_reach(Reach::Away);
        revocations.catch_up(&store, &mut reading, NOW + 1).await.unwrap_err();
        store.set_reach(Reach::There);
        revocations.catch_up(&store, &mut reading, NOW + 2).await.unwrap();
        assert_eq!(number(&revocations), 2);
        revocations.catch_up(&store, &mut reading, NOW + DAY).await.unwrap();
        assert_eq!(number(&revocations), 0, "and are forgotten when it is time");
    }

    #[test]
    fn a_clock_that_is_set_right_by_a_little_begins_nothing_again_until_it_adds_up() {
        let mut reading = Reading::default();
        let read = |ms| (ms, Cursor::default());
        for wall_ms in [100_000, 70_000, 40_000, 100_001] {
            reading.begin_again_if_the_clock_went_back(wall_ms);
            assert!(reading.latest_ms >= 100_000, "{wall_ms}");
        }
        reading.begin_again_if_the_clock_went_back(40_000);
        assert_eq!((reading.latest_ms, reading.cursor), read(40_000));
    }

    #[tokio::test]
    async fn a_token_that_is_revoked_between_its_two_checks_lets_nobody_in() {
        let revocations = revocations();
        revocations.knowledge.send_replace(Knowledge::Read);
        let alice = caller("alice");
        assert_eq!(revocations.check(&alice), Ok(()));
        revocations.apply_now(row(Revoked::Token(format!("{FAMILY}.alice")))).await;
        let session = revocations.sessions.enter(alice.clone(), ConnectionId(1)).unwrap();
        assert_eq!(revocations.check(&alice), Err(Refused::Invalid));
        drop(session);
        assert!(!revocations.sessions.is_online(&alice.tenant, &alice.user));
    }
}
