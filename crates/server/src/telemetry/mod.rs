//! What the process says about itself: log lines and metrics.
//!
//! Neither ever holds an SDP, a candidate, a token or a query string. Ids are fields of log lines and never
//! labels of metrics, so that the number of time series is bounded.

mod accounts;
mod facts;
mod histogram;
pub mod logs;
mod metrics;
mod process;

pub use accounts::{AccountMetrics, SignIn};
pub use facts::FactMetrics;
pub use histogram::Histogram;
pub use metrics::{EventIndex, Handshake, HttpLabels, Metrics, Outcome};
pub use process::Process;
