//! A server in this process.

use std::{future::pending, ops::Deref, path::Path, sync::Arc};

use server::{
    app::{self, Running},
    config::{Config, Environment, Secret},
    lifecycle::{Ending, Lifecycle},
};
use store::Store;

use crate::{
    authority::Authority,
    folder::Folder,
    host::{Host, Logs},
    site::Site,
    token::SECRET,
    wait::DEADLINE,
};

/// A server on a free port, as `paraclete serve` starts it. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    site: Site,
    lifecycle: Lifecycle,
    config: Config,
    // Dropped behind what is served: it looks through the logs.
    host: Host,
    // Dropped behind who writes into it.
    _data: Folder,
}

impl Server {
    /// With every option at its default for development, but for a data folder of its own and [`SECRET`], and logging more than
    /// anybody would.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With some options otherwise.
    pub async fn start_with(edit: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::defaults(Environment::Development);
        let data = Folder::new();
        config.port = 0;
        data.path().clone_into(&mut config.data_dir);
        config.jwt_secret = Some(Secret::from(SECRET));
        "trace".clone_into(&mut config.log_level);
        edit(&mut config);
        let host = Host::new(&config.log_level);
        let for_app = config.clone();
        let started = host.run(async move { app::start(&for_app).await }).await;
        let Running { address, lifecycle, .. } = started.expect("a server that starts");
        Self { site: Site::new(address), lifecycle, config, host, _data: data }
    }

    /// Another way into its database, as another process has one.
    pub async fn store(&self) -> Arc<dyn Store> {
        let url = self.config.database().expose().into();
        let (pool_size, timeout) = (2, DEADLINE);
        let settings = store::Settings { url, pool_size, timeout, slow_query: DEADLINE };
        let store = store::open(&settings).expect("a database");
        store.prepare().await.expect("a database that answers");
        store
    }

    /// Under TLS, with a certificate of this authority, which it writes into this folder, and with some options otherwise.
    pub async fn start_tls(authority: &Authority, folder: &Path, edit: impl FnOnce(&mut Config)) -> Self {
        let (certificate, key) = authority.certificate().write(folder);
        let mut server = Self::start_with(|config| {
            config.tls_cert_file = Some(certificate);
            config.tls_key_file = Some(key);
            edit(config);
        })
        .await;
        server.site.secure(authority.security());
        server
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
