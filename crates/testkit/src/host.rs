//! Threads for a server, whose log lines are kept apart from everybody else's.

use std::{
    future::Future,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::runtime::{Builder, Runtime};
use tracing::{Dispatch, dispatcher};
use tracing_subscriber::fmt;

/// A runtime that keeps what its tasks log. When it is dropped, an ERROR line among it fails the test.
#[derive(Debug)]
pub struct Host {
    runtime: Option<Runtime>,
    logs: Logs,
}

impl Host {
    /// A host that logs at this level, as `LOG_LEVEL` has it.
    #[must_use]
    pub fn new(level: &str) -> Self {
        let logs = Logs::default();
        let writer = logs.clone();
        let filter = server::telemetry::logs::filter(level).expect("a level");
        let subscriber = fmt().json().with_env_filter(filter).with_writer(move || writer.clone()).finish();
        let dispatch = Dispatch::new(subscriber);
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            // For as long as the thread lives, and not the process, so that each host hears of its own.
            .on_thread_start(move || std::mem::forget(dispatcher::set_default(&dispatch)))
            .build()
            .expect("threads");
        Self { runtime: Some(runtime), logs }
    }

    /// Runs a task, and waits for what it makes.
    pub async fn run<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> T {
        let runtime = self.runtime.as_ref().expect("it is there until the host is dropped");
        runtime.spawn(task).await.expect("a task that does not panic")
    }

    /// What was logged.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        if !thread::panicking() {
            self.logs.judge();
        }
    }
}

/// What a server has logged, as lines of JSON. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Logs(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    expected: Vec<&'static str>,
}

impl Logs {
    /// Everything until now.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.kept().bytes).into_owned()
    }

    /// The test causes an ERROR line with this in it: that line is no failure, and its absence is one.
    pub fn expect_error(&self, part: &'static str) {
        self.kept().expected.push(part);
    }

    fn judge(&self) {
        let (text, kept) = (self.text(), self.kept());
        let errors: Vec<_> = text.lines().filter(|line| line.contains(r#""level":"ERROR""#)).collect();
        let unexpected: Vec<_> =
            errors.iter().filter(|line| !kept.expected.iter().any(|part| line.contains(part))).collect();
        assert!(unexpected.is_empty(), "the server logged errors: {unexpected:#?}");
        for part in &kept.expected {
            assert!(errors.iter().any(|line| line.contains(part)), "no ERROR line says {part:?}");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.kept().bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
