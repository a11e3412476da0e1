//! WebSocket frames (RFC 6455, section 5), as a pure decoder over a buffer that the transport owns.
//!
//! Payloads are unmasked where they lie. Nothing is kept of a message that came in one frame; only fragments are
//! gathered, and both their bytes and their number are bounded: a million empty fragments are as hostile as one
//! of a million bytes.

use crate::{endpoint::Reason, limits::Limits};

/// What a frame, or the last fragment of a message, brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Ping(&'a [u8]),
    Pong,
    /// With the status code the peer gave, if it gave one.
    Close(Option<u16>),
    /// A fragment that does not complete its message.
    Fragment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    Text = 1,
    Binary = 2,
    Close = 8,
    Pong = 10,
}

/// The state between two frames of one connection.
#[derive(Debug)]
pub(crate) struct Decoder {
    max_payload_bytes: usize,
    max_fragments: usize,
    message: Option<Box<Fragments>>,
}

#[derive(Debug)]
struct Fragments {
    opcode: Opcode,
    bytes: Vec<u8>,
    count: usize,
    complete: bool,
}

const CONTROL_PAYLOAD_BYTES: u64 = 125;

impl Decoder {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            max_payload_bytes: limits.max_payload_bytes,
            max_fragments: limits.max_fragments,
            message: None,
        }
    }

    /// Reads the frame at the head of `input` and says how many bytes it took; None if it is not all there yet.
    /// A frame that announces more than may be sent is refused as soon as its header is there.
    pub(crate) fn next<'a>(&'a mut self, input: &'a mut [u8]) -> Result<Option<(usize, Frame<'a>)>, Reason> {
        if self.message.as_ref().is_some_and(|message| message.complete) {
            self.message = None;
        }
        let Some(header) = Header::read(input)? else { return Ok(None) };
        let gathered = self.message.as_ref().map_or(0, |message| message.bytes.len());
        let allowed = (self.max_payload_bytes - gathered) as u64;
        if header.opcode_bits < 8 && header.payload_bytes > allowed {
            return Err(Reason::TooLarge);
        }
        let end = header.bytes + header.payload_bytes as usize;
        if input.len() < end {
            return Ok(None);
        }
        let (head, payload) = input[..end].split_at_mut(header.bytes);
        if let Some(key) = head.last_chunk::<4>() {
            unmask(payload, *key);
        }
        Ok(Some((end, self.frame(&header, payload)?)))
    }

    fn frame<'a>(&'a mut self, header: &Header, payload: &'a [u8]) -> Result<Frame<'a>, Reason> {
        match (header.opcode_bits, self.message.is_some()) {
            (0, true) => self.gather(header.fin, payload),
            (1, false) if header.fin => text(payload),
            (2, false) if header.fin => Ok(Frame::Binary(payload)),
            (bits @ (1 | 2), false) => {
                let opcode = if bits == 1 { Opcode::Text } else { Opcode::Binary };
                self.message =
                    Some(Box::new(Fragments { opcode, bytes: payload.to_vec(), count: 1, complete: false }));
                Ok(Frame::Fragment)
            }
            (8, _) => close(payload),
            (9, _) => Ok(Frame::Ping(payload)),
            (10, _) => Ok(Frame::Pong),
            // A continuation of nothing, a message inside a message, or an opcode that is reserved.
            _ => Err(Reason::Protocol),
        }
    }

    fn gather(&mut self, fin: bool, payload: &[u8]) -> Result<Frame<'_>, Reason> {
        let Some(message) = self.message.as_mut() else { return Err(Reason::Protocol) };
        message.count += 1;
        if message.count > self.max_fragments {
            return Err(Reason::TooManyFragments);
        }
        message.bytes.extend_from_slice(payload);
        message.complete = fin;
        match (fin, message.opcode) {
            (false, _) => Ok(Frame::Fragment),
            (true, Opcode::Text) => text(&message.bytes),
            (true, _) => Ok(Frame::Binary(&message.bytes)),
        }
    }
}

struct Header {
    fin: bool,
    opcode_bits: u8,
    payload_bytes: u64,
    /// Of the header itself, the masking key included.
    bytes: usize,
}

impl Header {
    /// None if it is not all there yet. What can be refused is refused by the first byte that shows it.
    fn read(input: &[u8]) -> Result<Option<Self>, Reason> {
        let [first, second, rest @ ..] = input else { return Ok(None) };
        let (fin, reserved, opcode_bits) = (first & 0x80 != 0, first & 0x70, first & 0x0f);
        let (masked, short) = (second & 0x80 != 0, u64::from(second & 0x7f));
        let control = opcode_bits >= 8;
        let known = matches!(opcode_bits, 0..=2 | 8..=10);
        if !known || reserved != 0 || !masked || (control && (!fin || short > CONTROL_PAYLOAD_BYTES)) {
            return Err(Reason::Protocol);
        }
        let (payload_bytes, bytes) = match short {
            126 => match rest.first_chunk::<2>() {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
                None => return Ok(None),
            },
            127 => match rest.first_chunk::<8>() {
                Some(length) => (u64::from_be_bytes(*length), 10),
                None => return Ok(None),
            },
            _ => (short, 2),
        };
        // The key may still be under way; the announced length is judged without it.
        Ok(Some(Self { fin, opcode_bits, payload_bytes, bytes: bytes + 4 }))
    }
}

fn text(payload: &[u8]) -> Result<Frame<'_>, Reason> {
    std::str::from_utf8(payload).map(Frame::Text).map_err(|_| Reason::NotUtf8)
}

/// RFC 6455, sections 5.5.1 and 7.4.
fn close(payload: &[u8]) -> Result<Frame<'_>, Reason> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Ok(Frame::Close(None)) } else { Err(Reason::Protocol) };
    };
    std::str::from_utf8(reason).map_err(|_| Reason::NotUtf8)?;
    match u16::from_be_bytes(*code) {
        code @ (1000..=1003 | 1007..=1014 | 3000..=4999) => Ok(Frame::Close(Some(code))),
        _ => Err(Reason::Protocol),
    }
}

fn unmask(payload: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// Appends the header of an unmasked, unfragmented frame, as a server sends it.
pub(crate) fn encode_header(out: &mut Vec<u8>, opcode: Opcode, payload_bytes: usize) {
    let first = 0x80 | opcode as u8;
    match (u8::try_from(payload_bytes), u16::try_from(payload_bytes)) {
        (Ok(short @ 0..=125), _) => out.extend_from_slice(&[first, short]),
        (_, Ok(medium)) => {
            out.extend_from_slice(&[first, 126]);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        (_, Err(_)) => {
            out.extend_from_slice(&[first, 127]);
            out.extend_from_slice(&(payload_bytes as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
