//! The clock of the shell. What is pure takes the time as an argument.

use std::time::Instant;

/// Tokio's clock, so that a test can hold it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
