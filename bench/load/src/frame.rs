//! RFC 6455 frames as a client sends and gets them.

use anyhow::bail;

/// A whole frame from a server.
pub(crate) enum Incoming<'a> {
    Text(&'a [u8]),
    Ping(&'a [u8]),
}

/// The header of a client's frame for a payload of this length, mask included.
pub(crate) fn header(opcode: u8, length: usize, mask: [u8; 4]) -> Vec<u8> {
    let mut header = vec![0x80 | opcode];
    match u16::try_from(length) {
        Ok(short) if short < 126 => header.push(0x80 | short as u8),
        Ok(medium) => {
            header.push(0x80 | 126);
            header.extend_from_slice(&medium.to_be_bytes());
        }
        Err(_) => {
            header.push(0x80 | 127);
            header.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    header.extend_from_slice(&mask);
    header
}

/// A whole frame as a client sends it.
pub(crate) fn masked(opcode: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = header(opcode, payload.len(), mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// A text frame.
pub(crate) fn masked_text(payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    masked(1, payload, mask)
}

/// The answer to a PING frame.
pub(crate) fn masked_pong(payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    masked(10, payload, mask)
}

/// The first frame of `input` and its length, or nothing while it is not whole.
///
/// # Errors
/// On a frame that no server here has reason to send: fragmented, masked, binary, CLOSE.
pub(crate) fn first(input: &[u8]) -> anyhow::Result<Option<(Incoming<'_>, usize)>> {
    let &[start, second, ..] = input else { return Ok(None) };
    let (length, header) = match second {
        126 => {
            let Some(&bytes) = input[2..].first_chunk() else { return Ok(None) };
            (usize::from(u16::from_be_bytes(bytes)), 4)
        }
        127 => {
            let Some(&bytes) = input[2..].first_chunk() else { return Ok(None) };
            (usize::try_from(u64::from_be_bytes(bytes))?, 10)
        }
        short if short < 126 => (usize::from(short), 2),
        _ => bail!("the server sent a masked frame"),
    };
    if length > 1 << 20 {
        bail!("the server sent a frame of {length} bytes");
    }
    let Some(payload) = input.get(header..header + length) else { return Ok(None) };
    let frame = match start {
        0x81 => Incoming::Text(payload),
        0x89 => Incoming::Ping(payload),
        0x88 => bail!("the server closed: {}", closing(payload)),
        other => bail!("the server sent a frame that begins with {other:#x}"),
    };
    Ok(Some((frame, header + length)))
}

fn closing(payload: &[u8]) -> String {
    match payload.split_first_chunk() {
        Some((&code, reason)) => format!("{} {}", u16::from_be_bytes(code), String::from_utf8_lossy(reason)),
        None => "no code".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_cut_anywhere_waits_for_more() {
        let mut whole = vec![0x81, 126, 1, 12];
        whole.extend_from_slice(&[b'x'; 268]);
        for cut in 0..whole.len() {
            assert!(first(&whole[..cut]).unwrap().is_none());
        }
        assert!(matches!(first(&whole).unwrap(), Some((Incoming::Text(text), 272)) if text.len() == 268));
    }

    #[test]
    fn a_close_frame_is_told_with_its_code_and_reason() {
        let error = first(&[0x88, 4, 0x03, 0xf1, b'n', b'o']).err().unwrap();
        assert_eq!(error.to_string(), "the server closed: 1009 no");
    }
}
