//! Ways in for the fuzz targets, to what is not public. No part of the interface.

use crate::{
    limits::Limits,
    websocket::frame::{Decoder, Frame},
};

/// Reads a stream of frames, and sees to it that it reads the same in whatever pieces it arrives.
///
/// # Panics
/// If it does not.
pub fn websocket_frames(stream: &[u8]) {
    let whole = read(stream, stream.len().max(1));
    for piece in [1, 7] {
        assert_eq!(read(stream, piece), whole, "in pieces of {piece}");
    }
}

/// What the frames say, and at last why the stream was closed, if it was.
fn read(stream: &[u8], piece: usize) -> Vec<String> {
    let limits = Limits { max_payload_bytes: 1000, max_fragments: 8, ..Limits::default() };
    let (mut decoder, mut partial, mut said) = (Decoder::new(&limits), Vec::new(), Vec::new());
    for piece in stream.chunks(piece) {
        partial.extend_from_slice(piece);
        let mut used = 0;
        loop {
            match decoder.next(&mut partial[used..]) {
                Ok(Some((bytes, frame))) => {
                    if let Frame::Text(text) = frame {
                        assert!(text.len() <= limits.max_payload_bytes);
                    }
                    said.push(format!("{frame:?}"));
                    used += bytes;
                }
                Ok(None) => break,
                Err(reason) => {
                    said.push(reason.to_string());
                    return said;
                }
            }
        }
        partial.drain(..used);
        assert!(partial.len() <= limits.max_payload_bytes + 14 + piece.len(), "no more is kept than a frame");
    }
    said
}
