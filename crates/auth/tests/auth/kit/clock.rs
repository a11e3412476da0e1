//! A clock that stands still until it is told to go on.

use std::{sync::mpsc, time::Duration};

/// The clock of the test's runtime, stopped for as long as this lives.
///
/// A clock that is only paused leaps to the next deadline whenever nothing runs, and so while a request is on its way;
/// it does not while a blocking task runs. There is one, which ends when this is dropped.
pub(crate) struct Clock {
    _running: mpsc::Sender<()>,
}

impl Clock {
    pub(crate) fn stopped() -> Clock {
        let (running, ended) = mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || ended.recv().is_err());
        tokio::time::pause();
        Clock { _running: running }
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::advance(time).await;
    }
}
