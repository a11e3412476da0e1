//! Pairs of connections, and the loop that moves bytes between them.

use std::{
    cell::RefCell,
    collections::HashMap,
    future::poll_fn,
    io::{self, ErrorKind, Write},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use anyhow::bail;
use tokio::{
    io::{AsyncRead, ReadBuf},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::spawn_local,
};

use crate::{
    frame::{self, Step},
    handshake,
};

/// One read takes at most this much; any frame that may be relayed fits.
const READ_BYTES: usize = 64 * 1024;
const _: () = assert!(READ_BYTES > frame::MAX_PAYLOAD_BYTES + frame::MAX_HEADER_BYTES);

/// Accepts until the listener fails.
///
/// # Errors
/// When the listener does; a connection that fails ends alone.
pub(crate) async fn serve(listener: TcpListener) -> anyhow::Result<()> {
    let hall = Rc::new(Hall::default());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let hall = Rc::clone(&hall);
        spawn_local(async move {
            if let Err(error) = converse(stream, &hall).await {
                // Nowhere to report a failure to write the report.
                let _ = writeln!(io::stderr(), "a connection ended: {error:#}");
            }
        });
    }
}

/// Who waits for a partner, and the two buffers that the thread's connections share.
#[derive(Default)]
struct Hall {
    waiting: RefCell<HashMap<String, Rc<Seat>>>,
    scratch: RefCell<Scratch>,
}

/// Both are empty between two polls.
struct Scratch {
    input: Box<[u8]>,
    output: Vec<u8>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { input: vec![0; READ_BYTES].into(), output: Vec::with_capacity(READ_BYTES) }
    }
}

/// The two ends of a pair that others may write to.
#[derive(Default)]
struct Seat {
    ends: RefCell<[Option<Rc<OwnedWriteHalf>>; 2]>,
}

async fn converse(mut stream: TcpStream, hall: &Hall) -> anyhow::Result<()> {
    let path = handshake::accept(&mut stream).await?;
    let (reader, writer) = stream.into_split();
    let first = hall.waiting.borrow_mut().remove(&path);
    let (seat, own) = match first {
        Some(seat) => (seat, 1),
        None => {
            let seat = Rc::new(Seat::default());
            hall.waiting.borrow_mut().insert(path, Rc::clone(&seat));
            (seat, 0)
        }
    };
    seat.ends.borrow_mut()[own] = Some(Rc::new(writer));
    let mut connection = Connection { reader, partial: Vec::new(), pending: Vec::new() };
    let outcome = connection.run(hall, &seat, 1 - own).await;
    seat.ends.borrow_mut()[own] = None;
    outcome
}

struct Connection {
    reader: OwnedReadHalf,
    /// The start of a frame whose end has not come.
    partial: Vec<u8>,
    /// What the partner's socket did not take.
    pending: Vec<u8>,
}

impl Connection {
    async fn run(&mut self, hall: &Hall, seat: &Seat, other: usize) -> anyhow::Result<()> {
        loop {
            let more = poll_fn(|context| self.poll_batch(context, hall, seat, other)).await?;
            if !more {
                return Ok(());
            }
            // Not reading while the partner's socket is full bounds what is held for it to one read.
            while !self.pending.is_empty() {
                let Some(target) = seat.ends.borrow()[other].clone() else { return Ok(()) };
                target.writable().await?;
                let written = write_some(&target, &self.pending)?;
                self.pending.drain(..written);
            }
        }
    }

    /// One read, all frames in it, one write. The shared buffers are borrowed for this poll alone.
    fn poll_batch(
        &mut self,
        context: &mut Context<'_>,
        hall: &Hall,
        seat: &Seat,
        other: usize,
    ) -> Poll<anyhow::Result<bool>> {
        let Scratch { input, output } = &mut *hall.scratch.borrow_mut();
        let kept = self.partial.len();
        input[..kept].copy_from_slice(&self.partial);
        let mut buffer = ReadBuf::new(input);
        buffer.set_filled(kept);
        ready!(Pin::new(&mut self.reader).poll_read(context, &mut buffer))?;
        let end = buffer.filled().len();
        if end == kept {
            return Poll::Ready(Ok(false));
        }
        self.partial.clear();
        output.clear();
        let outcome = self.relay(&mut input[..end], output, seat, other);
        Poll::Ready(outcome)
    }

    fn relay(
        &mut self,
        input: &mut [u8],
        output: &mut Vec<u8>,
        seat: &Seat,
        other: usize,
    ) -> anyhow::Result<bool> {
        let mut start = 0;
        loop {
            match frame::relay_first(&mut input[start..], output)? {
                Step::More => break,
                Step::Relayed(taken) => start += taken,
                Step::Close => return Ok(false),
            }
        }
        self.partial.extend_from_slice(&input[start..]);
        if output.is_empty() {
            return Ok(true);
        }
        let ends = seat.ends.borrow();
        let Some(target) = &ends[other] else { bail!("no partner to relay to") };
        let written = write_some(target, output)?;
        self.pending.extend_from_slice(&output[written..]);
        Ok(true)
    }
}

fn write_some(target: &OwnedWriteHalf, bytes: &[u8]) -> io::Result<usize> {
    match target.try_write(bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        outcome => outcome,
    }
}
