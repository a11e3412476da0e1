//! From when until when a certificate is valid, read out of its DER form.
//!
//! The TLS library judges a peer's certificate and keeps this to itself; a server's own is only worth a warning.

use std::time::Duration;

use crate::clock::days_since_1970;

/// The span of time in which a certificate counts, in seconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before_s: i64,
    pub(super) not_after_s: i64,
}

impl Validity {
    /// Reads it (RFC 5280, section 4.1); `None` if the bytes are no certificate.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let (certificate, _) = Element::read(certificate)?;
        let (body, _) = Element::read(certificate.expect(SEQUENCE)?)?;
        let mut rest = body.expect(SEQUENCE)?;
        let (mut first, after) = Element::read(rest)?;
        if first.tag == VERSION {
            (first, rest) = Element::read(after)?;
        } else {
            rest = after;
        }
        first.expect(SERIAL_NUMBER)?;
        let (_signature, rest) = Element::read(rest)?;
        let (_issuer, rest) = Element::read(rest)?;
        let (validity, _) = Element::read(rest)?;
        let (not_before, rest) = Element::read(validity.expect(SEQUENCE)?)?;
        let (not_after, _) = Element::read(rest)?;
        Some(Self { not_before_s: not_before.time_s()?, not_after_s: not_after.time_s()? })
    }

    /// What is wrong with it at this time, in words that follow "the certificate".
    pub(super) fn complaint(self, now: Duration) -> Option<&'static str> {
        let now_s = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if now_s > self.not_after_s {
            Some("has expired: clients will refuse it until it is renewed")
        } else if now_s < self.not_before_s {
            Some("is not valid yet: clients will refuse it until then (or is this machine's clock wrong?)")
        } else {
            None
        }
    }
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const SERIAL_NUMBER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// One element of DER: what it is, and what is in it.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first element, and what stands behind it.
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[tag, length], mut rest) = bytes.split_first_chunk::<2>()?;
        let mut length = usize::from(length);
        if length >= 0x80 {
            let (digits, after) = rest.split_at_checked(length & 0x7f)?;
            // A certificate is shorter than 4 GiB.
            if digits.len() > 4 {
                return None;
            }
            length = digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit));
            rest = after;
        }
        let (content, rest) = rest.split_at_checked(length)?;
        Some((Self { tag, content }, rest))
    }

    fn expect(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.content)
    }

    /// `YYMMDDHHMMSSZ` of the years 1950 to 2049, or `YYYYMMDDHHMMSSZ`.
    fn time_s(&self) -> Option<i64> {
        let digits = self.content.strip_suffix(b"Z")?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let pair =
            |at: usize| Some(i64::from(digits.get(at)? - b'0') * 10 + i64::from(digits.get(at + 1)? - b'0'));
        let (year, at) = match (self.tag, digits.len()) {
            (UTC_TIME, 12) => (if pair(0)? < 50 { 2_000 } else { 1_900 } + pair(0)?, 2),
            (GENERALIZED_TIME, 14) => (pair(0)? * 100 + pair(2)?, 4),
            _ => return None,
        };
        let seconds = pair(at + 4)? * 3_600 + pair(at + 6)? * 60 + pair(at + 8)?;
        Some(days_since_1970(year, pair(at)?, pair(at + 2)?) * 86_400 + seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(from: (i32, u8, u8), until: (i32, u8, u8)) -> Vec<u8> {
        let mut parameters = rcgen::CertificateParams::new(vec!["meet.example".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        parameters.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        let key = rcgen::KeyPair::generate().unwrap();
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_span_is_read_in_both_forms_of_a_date() {
        let validity = Validity::of(&certificate((1999, 12, 31), (2026, 2, 28))).unwrap();
        assert_eq!(validity, Validity { not_before_s: 946_598_400, not_after_s: 1_772_236_800 });
        // From 2050 on the years have four digits.
        let validity = Validity::of(&certificate((2024, 2, 29), (2100, 3, 1))).unwrap();
        assert_eq!(validity, Validity { not_before_s: 1_709_164_800, not_after_s: 4_107_542_400 });
    }

    #[test]
    fn a_certificate_is_complained_of_before_and_after_its_time() {
        let validity = Validity { not_before_s: 100, not_after_s: 200 };
        assert!(validity.complaint(Duration::from_secs(99)).unwrap().contains("not valid yet"));
        assert_eq!(validity.complaint(Duration::from_secs(150)), None);
        assert!(validity.complaint(Duration::from_secs(201)).unwrap().contains("expired"));
    }

    #[test]
    fn bytes_that_are_cut_short_or_changed_are_no_certificate_and_no_panic() {
        let whole = certificate((2024, 1, 1), (2034, 1, 1));
        for length in 0..100 {
            assert_eq!(Validity::of(&whole[..length]), None, "{length} bytes");
        }
        for at in 0..whole.len() {
            for byte in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut changed = whole.clone();
                changed[at] = byte;
                // Whatever it makes of it: it returns.
                let _ = Validity::of(&changed);
            }
        }
    }
}
