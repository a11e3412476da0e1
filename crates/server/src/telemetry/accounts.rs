//! What is counted of accounts: log-ins, and the hashing of passwords.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use auth::Passwords;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric},
    metrics::{
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::ConstGauge,
    },
    registry::Registry,
};

/// What became of a log-in with email and password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// There are tokens.
    Ok,
    /// Email or password is wrong, or the account is disabled.
    Wrong,
    /// Too many before it were wrong: it was not looked at.
    Limited,
    /// The store is away, or too many passwords are being hashed or waited for.
    Unavailable,
    /// There are no accounts here.
    NotOffered,
    /// A bug or a broken store.
    Failed,
}

impl SignIn {
    const ALL: [Self; 6] =
        [Self::Ok, Self::Wrong, Self::Limited, Self::Unavailable, Self::NotOffered, Self::Failed];

    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Wrong => "wrong",
            Self::Limited => "limited",
            Self::Unavailable => "unavailable",
            Self::NotOffered => "not_offered",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignInLabels {
    outcome: &'static str,
}

/// Log-ins by outcome, and the numbers of whoever hashes passwords. Cloning shares them.
#[derive(Debug, Clone)]
pub struct AccountMetrics {
    sign_ins: [Counter; SignIn::ALL.len()],
    by_outcome: Family<SignInLabels, Counter>,
    hashing: Hashing,
}

impl AccountMetrics {
    /// Counts a log-in.
    pub fn sign_in(&self, outcome: SignIn) {
        self.sign_ins[outcome as usize].inc();
    }

    /// Shows the numbers of these from now on; the first that are named stay.
    pub fn show(&self, passwords: Arc<Passwords>) {
        // One process hashes in one place.
        let _ = self.hashing.0.set(passwords);
    }

    /// Gives them their names.
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("sign_ins", "Log-ins with email and password by outcome", self.by_outcome.clone());
        registry.register_collector(Box::new(self.hashing.clone()));
    }
}

impl Default for AccountMetrics {
    fn default() -> Self {
        let by_outcome = Family::<SignInLabels, Counter>::default();
        let sign_ins = SignIn::ALL
            .map(|outcome| by_outcome.get_or_create_owned(&SignInLabels { outcome: outcome.as_str() }));
        Self { sign_ins, by_outcome, hashing: Hashing::default() }
    }
}

/// Numbers at the moment of asking; zeros until it is known who hashes.
#[derive(Debug, Clone, Default)]
struct Hashing(Arc<OnceLock<Arc<Passwords>>>);

impl Collector for Hashing {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let now = self.0.get().map(|passwords| passwords.stats());
        let [running, waiting] = now.map_or([0, 0], |now| [now.running, now.waiting]);
        for (name, help, count) in [
            ("password_hashes_running", "Password hashes being computed", running),
            ("password_hashes_waiting", "Callers that wait for a password hash", waiting),
        ] {
            let gauge = ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let refused = ConstCounter::new(now.map_or(0, |now| now.refused));
        refused.encode(encoder.encode_descriptor(
            "password_hashes_refused",
            "Callers that were turned away as too many waited for a password hash",
            None,
            refused.metric_type(),
        )?)
    }
}
