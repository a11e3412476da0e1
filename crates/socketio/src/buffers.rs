//! Spare buffers of a thread: a connection holds one while it has something to say, and gives it back.
//!
//! So a relay allocates nothing in steady state, and an idle connection holds no buffer at all.

use std::cell::RefCell;

/// Spare buffers that a thread keeps at the most.
const KEPT: usize = 64;
/// A buffer that has grown larger is not kept.
const KEPT_BYTES: usize = 16 << 10;
/// Room of the buffer that a thread reads into.
const READ_BYTES: usize = 64 << 10;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static READ: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer.
pub(crate) fn take() -> Vec<u8> {
    SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(1 << 10))
}

/// Gives a buffer back. It need not be empty, nor have come from [`take`].
pub(crate) fn give(mut buffer: Vec<u8>) {
    if buffer.capacity() == 0 || buffer.capacity() > KEPT_BYTES {
        return;
    }
    buffer.clear();
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < KEPT {
            spare.push(buffer);
        }
    });
}

/// Lends the buffer that this thread reads into. `use_it` must not lend it again.
pub(crate) fn with_read_buffer<R>(use_it: impl FnOnce(&mut [u8]) -> R) -> R {
    READ.with_borrow_mut(|buffer| {
        if buffer.is_empty() {
            buffer.resize(READ_BYTES, 0);
        }
        use_it(buffer)
    })
}
