//! Files that change under a running server.
//!
//! Certificates are renewed every few weeks by a tool that replaces two files, one after the other. Looking at what the
//! system says of the files every few seconds costs next to nothing, and works for renamed files, rewritten ones,
//! links that point elsewhere, and folders that are mounted anew.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path, sync::Arc, time::Duration};

use tokio::{
    task::spawn_blocking,
    time::{Instant, MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;

use super::{Current, Files, Refused, now, pair::Pair, validity::Validity};

/// Between two looks at the files.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// Sees when the files of a certificate change, and swaps it.
#[derive(Debug)]
pub struct Watch {
    files: Files,
    current: Arc<Current>,
    /// At the last look.
    seen: Prints,
    /// When they were last read, with success or not.
    read: Prints,
    validity: Option<Validity>,
    /// What was last said of the certificate's time.
    complaint: Option<&'static str>,
}

/// What came of a look.
#[derive(Debug)]
enum Look {
    /// Nothing new; or something so new that somebody may still be writing.
    Nothing,
    Swapped,
    /// The new pair is of no use, and the one before stays.
    Kept(Refused),
}

impl Watch {
    pub(super) fn new(
        files: Files,
        prints: Prints,
        current: Arc<Current>,
        validity: Option<Validity>,
    ) -> Self {
        let mut watch = Self { files, current, seen: prints, read: prints, validity, complaint: None };
        watch.complain(now());
        watch
    }

    /// Looks until the drain begins.
    pub async fn run(mut self, stopping: CancellationToken) {
        let mut looks = interval_at(Instant::now() + BETWEEN_LOOKS, BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stopping.run_until_cancelled(looks.tick()).await.is_some() {
            // A disk may hang, and with it this look and no connection.
            let look = spawn_blocking(move || {
                let look = self.look();
                (self, look)
            });
            let Ok((watch, look)) = look.await else { return };
            self = watch;
            let file = self.files.certificate.display();
            match look {
                Look::Nothing => {}
                Look::Swapped => {
                    tracing::info!(%file, "the certificate has changed: new connections get the new one");
                }
                Look::Kept(refused) => {
                    tracing::warn!(reason = %refused, "the certificate has changed and cannot be used: the one before stays");
                }
            }
            self.complain(now());
        }
    }

    /// Reads the files when they have changed, and have not changed since the look before: then whoever replaces
    /// them is done.
    fn look(&mut self) -> Look {
        let prints = Prints::of(&self.files);
        let is_settled = prints == std::mem::replace(&mut self.seen, prints);
        if !is_settled || prints == self.read {
            return Look::Nothing;
        }
        // Taken before the reading: what changes during it is seen at the next look.
        self.read = prints;
        match Pair::read(&self.files) {
            Ok(pair) => {
                self.current.swap(pair.certified);
                self.validity = pair.validity;
                Look::Swapped
            }
            Err(refused) => Look::Kept(refused),
        }
    }

    /// Warns once when the certificate is out of its time, whether it was so from the start or has become it.
    fn complain(&mut self, now: Duration) {
        let complaint = self.validity.and_then(|validity| validity.complaint(now));
        if let Some(complaint) = complaint.filter(|_| complaint != self.complaint) {
            tracing::warn!(file = %self.files.certificate.display(), "the certificate {complaint}");
        }
        self.complaint = complaint;
    }
}

/// What the system says of both files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prints([Option<Print>; 2]);

/// All that changes when a file is written to, replaced, or made readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Print {
    place: (u64, u64),
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Prints {
    pub(super) fn of(files: &Files) -> Self {
        Self([&files.certificate, &files.key].map(|file| Print::of(file)))
    }
}

impl Print {
    /// `None` while there is no such file.
    fn of(file: &Path) -> Option<Self> {
        let file = fs::metadata(file).ok()?;
        Some(Self {
            place: (file.dev(), file.ino()),
            length: file.len(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        })
    }
}

#[cfg(test)]
mod tests;
