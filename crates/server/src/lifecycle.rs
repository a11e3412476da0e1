//! From the start to the end of the process: starting, ready, draining, gone.
//!
//! A signal begins the drain: readiness turns 503, listeners stop accepting, and every task that asked for
//! [`Lifecycle::stopping`] winds up what it is doing. The process ends when all tracked tasks have ended,
//! after the shutdown timeout at the latest, or at once at a second signal.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{
    signal::unix::{SignalKind, signal},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Where in its life the process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not yet able to serve.
    Starting,
    /// Serving.
    Ready,
    /// Finishing what is under way; nothing new is taken.
    Draining,
}

/// How the process came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every task ended by itself.
    Drained,
    /// The shutdown timeout ran out first.
    TimedOut,
    /// A second signal asked for the end at once.
    Forced,
}

/// The life of the process, shared by everything in it.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    phase: Arc<AtomicU8>,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// A process that is starting.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Where in its life the process is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.stopping.is_cancelled() {
            return Phase::Draining;
        }
        match self.phase.load(SeqCst) {
            0 => Phase::Starting,
            _ => Phase::Ready,
        }
    }

    /// Declares the process able to serve.
    pub fn ready(&self) {
        self.phase.store(1, SeqCst);
    }

    /// Cancelled when the drain begins. Whoever holds a connection or a listener waits on it.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Runs a task under the tracker, so that the end waits for it.
    pub fn spawn<F>(&self, task: F)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tasks.spawn(task);
    }

    /// The tracker itself, for tasks that spawn tasks.
    #[must_use]
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Begins the drain without a signal.
    pub fn drain(&self) {
        self.stopping.cancel();
        self.tasks.close();
    }

    /// Waits for a signal (or for [`drain`](Self::drain)), drains, and returns when all is over.
    ///
    /// `next_signal` completes at each signal with its name; [`Signals::next`] is the real one.
    pub async fn run(
        &self,
        mut next_signal: impl AsyncFnMut() -> &'static str,
        shutdown_timeout: Duration,
    ) -> Ending {
        tokio::select! {
            name = next_signal() => {
                tracing::info!(signal = name, timeout_s = shutdown_timeout.as_secs_f32(), "draining");
            }
            () = self.stopping.cancelled() => tracing::info!("draining"),
        }
        self.drain();
        let ending = tokio::select! {
            drained = timeout(shutdown_timeout, self.tasks.wait()) => match drained {
                Ok(()) => Ending::Drained,
                Err(_) => Ending::TimedOut,
            },
            _ = next_signal() => Ending::Forced,
        };
        match ending {
            Ending::Drained => tracing::info!("drained"),
            Ending::TimedOut => {
                tracing::warn!(tasks = self.tasks.len(), "shutdown timeout: ending with tasks under way");
            }
            Ending::Forced => tracing::warn!(tasks = self.tasks.len(), "second signal: ending at once"),
        }
        ending
    }
}

/// SIGTERM and SIGINT.
#[derive(Debug)]
pub struct Signals {
    term: tokio::signal::unix::Signal,
    int: tokio::signal::unix::Signal,
}

impl Signals {
    /// Begins to listen; from now on the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When the system refuses the handler.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? })
    }

    /// The name of the next signal.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.int.recv() => "SIGINT",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn a_process_starts_gets_ready_and_drains() {
        let life = Lifecycle::new();
        assert_eq!(life.phase(), Phase::Starting);
        life.ready();
        assert_eq!(life.phase(), Phase::Ready);
        life.drain();
        assert_eq!(life.phase(), Phase::Draining);
    }

    #[tokio::test]
    async fn the_first_signal_stops_the_tasks_and_the_process_ends_when_they_have_ended() {
        let life = Lifecycle::new();
        let stopping = life.stopping();
        life.spawn(async move { stopping.cancelled().await });
        let mut signals = vec!["SIGTERM"];
        let next = async || match signals.pop() {
            Some(name) => name,
            None => pending().await,
        };
        assert_eq!(life.run(next, LONG).await, Ending::Drained);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_is_left_behind_after_the_timeout() {
        let life = Lifecycle::new();
        life.spawn(pending::<()>());
        life.drain();
        let before = tokio::time::Instant::now();
        assert_eq!(life.run(async || pending().await, LONG).await, Ending::TimedOut);
        assert_eq!(before.elapsed(), LONG);
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_ends_the_process_at_once() {
        let life = Lifecycle::new();
        life.spawn(pending::<()>());
        let (send, mut receive) = mpsc::channel(2);
        send.send("SIGINT").await.unwrap();
        send.send("SIGINT").await.unwrap();
        let before = tokio::time::Instant::now();
        let next = async || receive.recv().await.unwrap();
        assert_eq!(life.run(next, LONG).await, Ending::Forced);
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
}
