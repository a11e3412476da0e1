//! What is counted of the record.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

use super::Histogram;

const APPEND_BOUNDS_S: &[f64] =
    &[0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Facts, and how long the store takes for them. Cloning shares the counts.
#[derive(Debug, Clone)]
pub struct FactMetrics {
    /// Facts that are in the store.
    pub written: Counter,
    /// Facts that never will be.
    pub dropped: Counter,
    /// How long the store took for a batch, whether it took it or not.
    pub append: Histogram,
}

impl FactMetrics {
    /// Gives them their names.
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("signaling_facts_written", "Facts that the store has taken", self.written.clone());
        registry.register(
            "signaling_facts_dropped",
            "Facts that were lost, as the store was away for too long or refused them",
            self.dropped.clone(),
        );
        registry.register(
            "store_append_duration_seconds",
            "How long the store takes to write a batch of facts",
            self.append.clone(),
        );
    }
}

impl Default for FactMetrics {
    fn default() -> Self {
        Self {
            written: Counter::default(),
            dropped: Counter::default(),
            append: Histogram::new(APPEND_BOUNDS_S),
        }
    }
}
