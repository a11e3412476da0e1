//! How much of the hub's queue one connection may take.
//!
//! The queue itself is unbounded, and bounded all the same: each connection has a few places in it and no more. A
//! connection that has used them up is not read from until the hub has caught up with it, so a flood from one
//! waits in that one's socket, and everyone else's next event stands behind a few of its events at the most.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
};

use socketio::Flow;

/// Commands of one connection that may wait for the hub.
const PLACES: u32 = 64;

/// One connection's places in the queue, shared with the hub.
#[derive(Debug, Default)]
pub struct Credit {
    waiting: AtomicU32,
    /// The connection's task, while it is not read from.
    paused: Mutex<Option<Waker>>,
}

impl Credit {
    /// A command is about to be put in the queue. Says whether another one may follow at once.
    pub(super) fn spend(&self) -> Flow {
        let waiting = self.waiting.fetch_add(1, Ordering::AcqRel) + 1;
        if waiting < PLACES { Flow::Continue } else { Flow::Pause }
    }

    /// The hub has taken a command out of the queue.
    pub fn give_back(&self) {
        // Wakes once, when half of the places are free: each wake then brings a batch.
        if self.waiting.fetch_sub(1, Ordering::AcqRel) == PLACES / 2 + 1 {
            let waker = self.paused.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Ready when the connection may be read from again.
    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked at under the lock, behind which the hub looks for the waker: neither can miss the other.
        if self.waiting.load(Ordering::Acquire) <= PLACES / 2 {
            return Poll::Ready(());
        }
        *paused = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicUsize};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_connection_pauses_when_its_places_are_taken_and_goes_on_when_half_are_free() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut cx = Context::from_waker(&waker);
        let credit = Credit::default();
        assert!((1..PLACES).all(|_| credit.spend() == Flow::Continue));
        assert_eq!(credit.spend(), Flow::Pause);
        assert_eq!(credit.poll_ready(&mut cx), Poll::Pending);

        (1..PLACES / 2).for_each(|_| credit.give_back());
        assert_eq!((credit.poll_ready(&mut cx), wakes.0.load(Ordering::SeqCst)), (Poll::Pending, 0));
        credit.give_back();
        assert_eq!((credit.poll_ready(&mut cx), wakes.0.load(Ordering::SeqCst)), (Poll::Ready(()), 1));
    }

    #[test]
    fn commands_beyond_the_places_are_waited_for_too() {
        let mut cx = Context::from_waker(Waker::noop());
        let credit = Credit::default();
        let paused = (0..PLACES * 2).filter(|_| credit.spend() == Flow::Pause).count();
        assert_eq!(paused, PLACES as usize + 1);
        (0..PLACES).for_each(|_| credit.give_back());
        assert_eq!(credit.poll_ready(&mut cx), Poll::Pending);
        (0..PLACES / 2).for_each(|_| credit.give_back());
        assert_eq!(credit.poll_ready(&mut cx), Poll::Ready(()));
    }
}
