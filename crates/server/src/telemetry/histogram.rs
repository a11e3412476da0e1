//! A histogram without a lock.
//!
//! The metrics library's own takes a lock at each observation; this one is for the way of a message, where
//! two connections on two cores must not wait for each other.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::{MetricType, TypedMetric},
};

/// Durations, counted in buckets. Cloning shares the counts.
#[derive(Debug, Clone)]
pub struct Histogram(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Upper bounds in seconds, rising; what is above the last falls into one more bucket.
    bounds_s: &'static [f64],
    counts: Box<[AtomicU64]>,
    sum_ns: AtomicU64,
}

impl Histogram {
    /// Buckets with these upper bounds in seconds, which must rise.
    #[must_use]
    pub fn new(bounds_s: &'static [f64]) -> Self {
        let counts = (0..=bounds_s.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Inner { bounds_s, counts, sum_ns: AtomicU64::new(0) }))
    }

    /// Counts one duration.
    pub fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = self.0.bounds_s.partition_point(|bound| *bound < seconds);
        self.0.counts[bucket].fetch_add(1, Relaxed);
        self.0.sum_ns.fetch_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let bounds = self.0.bounds_s.iter().copied().chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> =
            bounds.zip(&self.0.counts).map(|(bound, count)| (bound, count.load(Relaxed))).collect();
        // The total is taken from the buckets read, so that the two always agree.
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum_s = Duration::from_nanos(self.0.sum_ns.load(Relaxed)).as_secs_f64();
        encoder.encode_histogram::<NoLabelSet>(sum_s, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}

#[cfg(test)]
mod tests {
    use prometheus_client::{encoding::text::encode, registry::Registry};

    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_bucket_whose_bound_it_does_not_exceed() {
        let histogram = Histogram::new(&[1.0, 5.0]);
        for seconds in [0, 1, 2, 5, 6] {
            histogram.observe(Duration::from_secs(seconds));
        }
        let mut registry = Registry::default();
        registry.register("waits", "Waits", histogram);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "waits_sum 14.0",
            "waits_count 5",
            "waits_bucket{le=\"1.0\"} 2",
            "waits_bucket{le=\"5.0\"} 4",
            "waits_bucket{le=\"+Inf\"} 5",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
        }
    }
}
