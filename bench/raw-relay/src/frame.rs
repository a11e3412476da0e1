//! RFC 6455 framing, as little of it as a relay of unfragmented messages needs.

use anyhow::bail;

/// The longest payload that is relayed, in bytes: a frame always fits the shared read buffer.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 32 * 1024;

/// The longest header of a client's frame here: two bytes, a 16-bit length, a mask.
pub(crate) const MAX_HEADER_BYTES: usize = 8;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

/// What the first frame of a buffer asks for.
pub(crate) enum Step {
    /// The frame is not whole yet.
    More,
    /// A text or binary message was appended to the output; it took this many bytes of input.
    Relayed(usize),
    /// The client closes.
    Close,
}

/// Takes the first frame of `input` (unmasking it in place) and appends it, as a server sends it, to `output`.
///
/// # Errors
/// On a frame that is fragmented, unmasked, or longer than [`MAX_PAYLOAD_BYTES`].
pub(crate) fn relay_first(input: &mut [u8], output: &mut Vec<u8>) -> anyhow::Result<Step> {
    let &[first, second, ..] = &*input else { return Ok(Step::More) };
    if first & FIN == 0 || second & MASKED == 0 {
        bail!("a frame that is fragmented or not masked");
    }
    let (length, header) = match second & !MASKED {
        LENGTH_64 => bail!("a frame over {MAX_PAYLOAD_BYTES} bytes"),
        LENGTH_16 => {
            let &[_, _, high, low, ..] = &*input else { return Ok(Step::More) };
            (usize::from(u16::from_be_bytes([high, low])), 4)
        }
        short => (usize::from(short), 2),
    };
    if length > MAX_PAYLOAD_BYTES {
        bail!("a frame over {MAX_PAYLOAD_BYTES} bytes");
    }
    let end = header + 4 + length;
    let Some(frame) = input.get_mut(header..end) else { return Ok(Step::More) };
    let (mask, payload) = frame.split_at_mut(4);
    match first & 0x0f {
        0x1 | 0x2 => {}
        0x8 => return Ok(Step::Close),
        opcode => bail!("opcode {opcode}: only messages are relayed"),
    }
    unmask(payload, [mask[0], mask[1], mask[2], mask[3]]);
    output.push(first);
    if length < usize::from(LENGTH_16) {
        output.push(length as u8);
    } else {
        output.push(LENGTH_16);
        output.extend_from_slice(&(length as u16).to_be_bytes());
    }
    output.extend_from_slice(payload);
    Ok(Step::Relayed(end))
}

/// Exclusive-or with the mask, eight bytes at a step (which the compiler widens further).
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(payload: &[u8]) -> Vec<u8> {
        let mask = [7, 31, 255, 1];
        let mut frame = vec![0x81];
        if payload.len() < 126 {
            frame.push(0x80 | payload.len() as u8);
        } else {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(payload.len() as u16).to_be_bytes());
        }
        frame.extend_from_slice(&mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
        frame
    }

    #[test]
    fn a_masked_frame_leaves_unmasked_and_byte_equal() {
        for length in [0, 1, 7, 8, 125, 126, 268, 3072] {
            let payload: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let mut input = masked(&payload);
            let whole = input.len();
            let mut output = Vec::new();

            let step = relay_first(&mut input, &mut output).unwrap();

            assert!(matches!(step, Step::Relayed(taken) if taken == whole));
            assert_eq!(output.len(), length + if length < 126 { 2 } else { 4 });
            assert!(output.ends_with(&payload));
        }
    }

    #[test]
    fn a_frame_cut_anywhere_waits_for_more() {
        let whole = masked(&[42; 268]);
        for cut in 0..whole.len() {
            let mut output = Vec::new();
            assert!(matches!(relay_first(&mut whole[..cut].to_vec(), &mut output).unwrap(), Step::More));
            assert!(output.is_empty());
        }
    }
}
