//! A server in this process.

use std::{future::pending, ops::Deref};

use server::{
    app::{self, Running},
    config::{Config, Environment},
    lifecycle::{Ending, Lifecycle},
};

use crate::{
    host::{Host, Logs},
    site::Site,
    wait::DEADLINE,
};

/// A server on a free port, as `paraclete serve` starts it. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    site: Site,
    lifecycle: Lifecycle,
    // Dropped last: it looks through the logs.
    host: Host,
}

impl Server {
    /// With every option at its default for development, and logging more than anybody would.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With some options otherwise.
    pub async fn start_with(edit: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::defaults(Environment::Development);
        config.port = 0;
        "trace".clone_into(&mut config.log_level);
        edit(&mut config);
        let host = Host::new(&config.log_level);
        let started = host.run(async move { app::start(&config) }).await;
        let Running { address, lifecycle } = started.expect("a server that starts");
        Self { site: Site::new(address), lifecycle, host }
    }

    /// What it has logged.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        self.host.logs()
    }

    /// Begins the drain, as a signal does.
    pub fn drain(&self) {
        self.lifecycle.drain();
    }

    /// Drains to the end, which must come by itself.
    pub async fn end(self) {
        let lifecycle = self.lifecycle.clone();
        let ending = self.host.run(async move { lifecycle.run(async || pending().await, DEADLINE).await });
        self.lifecycle.drain();
        assert_eq!(ending.await, Ending::Drained, "it hangs: {}", self.logs().text());
    }
}

impl Deref for Server {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.lifecycle.drain();
    }
}
