//! The messages that are relayed: encoded once, with eight digits in them that number each copy.

use crate::{
    frame,
    scenario::{Flow, Signal},
};

/// Messages of a peer are numbered from here, so that every number has the same eight digits' width.
pub(crate) const FIRST_NUMBER: u32 = 10_000_000;
/// The digits of a number.
pub(crate) const DIGITS: usize = 8;

/// One signal from one peer to another, as it goes on the wire and as it must arrive.
pub(crate) struct Message {
    /// What the client sends, unmasked.
    pub(crate) text: String,
    /// The JSON of the candidate or description in it, which must arrive unchanged.
    pub(crate) body: String,
    /// Where the number stands in `text`.
    number_at: usize,
}

impl Message {
    /// A signal to the peer `to`, padded to the signal's exact size.
    pub(crate) fn new(signal: Signal, to: &str) -> Self {
        let (event, member) = signal.names();
        let wrap = |body: &str| format!(r#"42["{event}",{{"to":"{to}","{member}":{body}}}]"#);
        let shortest = wrap(&body(signal, "")).len();
        let body = body(signal, &"x".repeat(signal.payload_bytes().saturating_sub(shortest)));
        let text = wrap(&body);
        let number_at = text.find(&FIRST_NUMBER.to_string()).expect("every body holds the number");
        Self { text, body, number_at }
    }

    /// The frame around it, masked, to be sent many times.
    pub(crate) fn frame(&self, mask: [u8; 4]) -> MaskedFrame {
        let bytes = frame::masked_text(self.text.as_bytes(), mask);
        let at = bytes.len() - self.text.len() + self.number_at;
        let key = std::array::from_fn(|index| mask[(self.number_at + index) % 4]);
        MaskedFrame { bytes, at, key }
    }

    /// What arrives: for the raw flow what was sent; for the mesh flow that depends on the server's order of members.
    pub(crate) fn arrives_as(&self, flow: Flow) -> Option<&str> {
        match flow {
            Flow::Raw => Some(&self.text),
            Flow::Mesh => None,
        }
    }
}

/// A frame ready to be sent again and again under new numbers.
pub(crate) struct MaskedFrame {
    bytes: Vec<u8>,
    at: usize,
    /// The mask as it falls on the digits.
    key: [u8; DIGITS],
}

impl MaskedFrame {
    /// Appends the frame with this number to `output`.
    pub(crate) fn append(&self, number: u32, output: &mut Vec<u8>) {
        let start = output.len() + self.at;
        output.extend_from_slice(&self.bytes);
        let mut rest = number;
        for (byte, key) in output[start..start + DIGITS].iter_mut().zip(self.key).rev() {
            *byte = (b'0' + (rest % 10) as u8) ^ key;
            rest /= 10;
        }
    }
}

/// What a browser would put there; the number is the foundation of the candidate, the session id of the SDP.
fn body(signal: Signal, padding: &str) -> String {
    match signal {
        Signal::Candidate => format!(
            r#"{{"candidate":"candidate:{FIRST_NUMBER} 1 udp 1677729535 203.0.113.77 46154 typ srflx raddr 192.0.2.10 rport 46154 generation 0","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"{padding}"}}"#
        ),
        Signal::Offer => {
            let mut lines = format!(r"v=0\r\no=- {FIRST_NUMBER} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
            lines.push_str(r"a=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n");
            for payload_type in 35..80 {
                lines.push_str(&format!(
                    r"a=rtpmap:{payload_type} H264/90000\r\na=rtcp-fb:{payload_type} nack pli\r\n"
                ));
            }
            format!(r#"{{"type":"offer","sdp":"{lines}a=x-padding:{padding}\r\n"}}"#)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "abcdefghijklmnopqrst";

    #[test]
    fn every_signal_has_exactly_its_size_and_is_json() {
        for signal in [Signal::Candidate, Signal::Offer] {
            let message = Message::new(signal, PEER);
            assert_eq!(message.text.len(), signal.payload_bytes());
            let json: serde_json::Value = serde_json::from_str(&message.text[2..]).unwrap();
            assert_eq!(json[1]["to"], PEER);
        }
    }

    #[test]
    fn a_frame_carries_the_number_it_is_given() {
        let message = Message::new(Signal::Candidate, PEER);
        let mask = [1, 2, 3, 4];
        let mut output = vec![0xff];

        message.frame(mask).append(12_345_678, &mut output);

        let text = message.text.replace("10000000", "12345678");
        assert_eq!(output[1..], frame::masked_text(text.as_bytes(), mask));
    }
}
