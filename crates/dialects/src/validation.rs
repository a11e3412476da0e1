//! How far relayed bodies are looked at: their shape and their size, nothing more.
//!
//! Sizes hold always. Shapes are checked unless that is switched off; they are those of the browsers' own
//! `RTCSessionDescriptionInit` and `RTCIceCandidateInit`, the bare strings that older apps send, and the envelope
//! of end-to-end encryption.

use domain::{Found, Phrase, Refusal, RoomId, UserId, phrase};
use rawjson::{Kind, Value};

use crate::fields;

/// The most bytes an SDP may have, counted as UTF-8 without JSON's escapes.
pub const MAX_SDP_BYTES: usize = 64 * 1024;
/// The most bytes a candidate may have, counted as the JSON it is written in.
pub const MAX_CANDIDATE_BYTES: usize = 4 * 1024;
/// The most bytes an event's payload may have, counted as the JSON it is written in.
pub const MAX_EVENT_BYTES: usize = 128 * 1024;

/// Whether the shapes of bodies are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// They are.
    Shape,
    /// They are not: bodies may be anything, of the same sizes.
    Off,
}

/// What a payload, or a member of it, must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The payload of any event that needs one.
    Payload,
    /// The size of any payload.
    EventSize,
    /// A room's id.
    RoomId,
    /// A user's id.
    UserId,
    /// A peer's id.
    PeerId,
    /// The type of an envelope.
    EnvelopeType,
    /// A session description.
    Description,
    /// The type of a session description.
    DescriptionType,
    /// The SDP of a session description.
    Sdp,
    /// The size of an SDP.
    SdpSize,
    /// An ICE candidate.
    Candidate,
    /// The text within a candidate.
    CandidateText,
    /// What else a candidate has.
    CandidateMember,
    /// The size of a candidate.
    CandidateSize,
}

impl Expectation {
    /// Every expectation there is.
    pub const ALL: &[Expectation] = &[
        Expectation::Payload,
        Expectation::EventSize,
        Expectation::RoomId,
        Expectation::UserId,
        Expectation::PeerId,
        Expectation::EnvelopeType,
        Expectation::Description,
        Expectation::DescriptionType,
        Expectation::Sdp,
        Expectation::SdpSize,
        Expectation::Candidate,
        Expectation::CandidateText,
        Expectation::CandidateMember,
        Expectation::CandidateSize,
    ];

    /// As a refusal states it.
    pub const fn phrase(self) -> Phrase {
        match self {
            Expectation::Payload => {
                phrase!("an object, the event's only argument", "이벤트의 유일한 인수인 객체")
            }
            Expectation::EventSize => phrase!("at most 131072 bytes", "131072바이트 이하"),
            Expectation::RoomId => RoomId::RULE,
            Expectation::UserId => UserId::RULE,
            Expectation::PeerId => phrase!(
                "the id of a peer, as existing-peers and peer-joined tell it",
                "existing-peers와 peer-joined가 알려 준 피어 ID"
            ),
            Expectation::EnvelopeType => phrase!(
                "join, leave, offer, answer or ice-candidate",
                "join, leave, offer, answer, ice-candidate 중 하나"
            ),
            Expectation::Description => {
                phrase!("{type, sdp}, an SDP as a string, or {enc}", "{type, sdp}, SDP 문자열 또는 {enc}")
            }
            Expectation::DescriptionType => {
                phrase!("offer, answer, pranswer or rollback", "offer, answer, pranswer, rollback 중 하나")
            }
            Expectation::Sdp => phrase!("a string that begins with v=0", "v=0으로 시작하는 문자열"),
            Expectation::SdpSize => phrase!("at most 65536 bytes", "65536바이트 이하"),
            Expectation::Candidate => phrase!(
                "an RTCIceCandidateInit, a string, null or {enc}",
                "RTCIceCandidateInit, 문자열, null 또는 {enc}"
            ),
            Expectation::CandidateText => {
                phrase!("a string, or null at the end of candidates", "문자열(후보가 끝났으면 null)")
            }
            Expectation::CandidateMember => phrase!("a string, a number or null", "문자열, 숫자 또는 null"),
            Expectation::CandidateSize => phrase!("at most 4096 bytes", "4096바이트 이하"),
        }
    }

    /// The refusal of what is not so.
    pub(crate) fn refuse(self, field: &'static str, found: Found) -> Refusal {
        Refusal::Invalid { field, found, expected: self.phrase() }
    }
}

/// Checks the size of a payload.
pub(crate) fn event_size(payload: Option<Value<'_>>) -> Result<(), Refusal> {
    let bytes = payload.map_or(0, |payload| payload.as_str().len());
    if bytes > MAX_EVENT_BYTES {
        return Err(Expectation::EventSize.refuse("payload", Found::Bytes(bytes)));
    }
    Ok(())
}

/// Checks a session description: `{type, sdp}`, a bare SDP, or `{enc}`.
pub(crate) fn description(
    field: &'static str,
    value: Value<'_>,
    validation: Validation,
) -> Result<(), Refusal> {
    match value.kind() {
        Kind::String => sdp(field, value, validation),
        Kind::Object => description_object(value, validation),
        Kind::Null | Kind::Bool | Kind::Number | Kind::Array => match validation {
            Validation::Shape => Err(Expectation::Description.refuse(field, fields::kind(value))),
            Validation::Off => Ok(()),
        },
    }
}

/// Checks a candidate: an `RTCIceCandidateInit`, a bare string, `null`, or `{enc}`.
pub(crate) fn candidate(
    field: &'static str,
    value: Value<'_>,
    validation: Validation,
) -> Result<(), Refusal> {
    let bytes = value.as_str().len();
    if bytes > MAX_CANDIDATE_BYTES {
        return Err(Expectation::CandidateSize.refuse(field, Found::Bytes(bytes)));
    }
    match (validation, value.kind()) {
        (Validation::Off, _) | (Validation::Shape, Kind::String | Kind::Null) => Ok(()),
        (Validation::Shape, Kind::Object) => candidate_object(value),
        (Validation::Shape, Kind::Bool | Kind::Number | Kind::Array) => {
            Err(Expectation::Candidate.refuse(field, fields::kind(value)))
        }
    }
}

fn description_object(value: Value<'_>, validation: Validation) -> Result<(), Refusal> {
    let [kind, text, encrypted] = fields::members(Some(value), ["type", "sdp", "enc"])?;
    if validation == Validation::Off || fields::present(encrypted).is_some() {
        return text.map_or(Ok(()), |text| sdp("sdp", text, Validation::Off));
    }
    let kind = kind.ok_or_else(|| Expectation::DescriptionType.refuse("type", Found::Missing))?;
    let is_rollback = match kind.string().as_deref() {
        Some("offer" | "answer" | "pranswer") => false,
        Some("rollback") => true,
        _ => return Err(Expectation::DescriptionType.refuse("type", fields::quoted(kind))),
    };
    match fields::present(text) {
        // A rollback takes an offer back, and has nothing to describe.
        None if is_rollback => Ok(()),
        Some(text) if is_rollback && text.as_str() == "\"\"" => Ok(()),
        None => Err(Expectation::Sdp.refuse("sdp", Found::Missing)),
        Some(text) => sdp("sdp", text, Validation::Shape),
    }
}

/// Checks an SDP, without taking it out of its escapes unless it must.
fn sdp(field: &'static str, value: Value<'_>, validation: Validation) -> Result<(), Refusal> {
    let quoted = value.as_str().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    if let Some(escaped) = quoted
        && escaped.len() > MAX_SDP_BYTES
    {
        let bytes = value.string().map_or(escaped.len(), |text| text.len());
        if bytes > MAX_SDP_BYTES {
            return Err(Expectation::SdpSize.refuse(field, Found::Bytes(bytes)));
        }
    }
    let begins_well = || {
        quoted.is_some_and(|escaped| escaped.starts_with("v=0"))
            || value.string().is_some_and(|text| text.starts_with("v=0"))
    };
    if validation == Validation::Shape && !begins_well() {
        return Err(Expectation::Sdp.refuse(field, fields::kind(value)));
    }
    Ok(())
}

fn candidate_object(value: Value<'_>) -> Result<(), Refusal> {
    let names = ["candidate", "sdpMid", "sdpMLineIndex", "usernameFragment", "enc"];
    let [text, mid, line, fragment, encrypted] = fields::members(Some(value), names)?;
    if fields::present(encrypted).is_some() {
        return Ok(());
    }
    let text = text.ok_or_else(|| Expectation::CandidateText.refuse("candidate", Found::Missing))?;
    if !matches!(text.kind(), Kind::String | Kind::Null) {
        return Err(Expectation::CandidateText.refuse("candidate", fields::kind(text)));
    }
    // Browsers turn a number into a string and back where they take these, so both forms are in use.
    for (name, member) in [("sdpMid", mid), ("sdpMLineIndex", line), ("usernameFragment", fragment)] {
        if let Some(member) = member.filter(|member| is_compound(*member)) {
            return Err(Expectation::CandidateMember.refuse(name, fields::kind(member)));
        }
    }
    Ok(())
}

fn is_compound(value: Value<'_>) -> bool {
    matches!(value.kind(), Kind::Bool | Kind::Array | Kind::Object)
}

#[cfg(test)]
mod tests {
    use domain::Locale;

    use super::*;

    /// An array of the variants that are named, which does not compile when one is not.
    macro_rules! all_expectations {
        ($($variant:ident)*) => {{
            let _ = |expectation: Expectation| match expectation { $(Expectation::$variant => {})* };
            [$(Expectation::$variant),*]
        }};
    }

    #[test]
    fn every_expectation_is_listed_and_the_sizes_it_states_are_those_that_hold() {
        let all = all_expectations!(
            Payload EventSize RoomId UserId PeerId EnvelopeType Description DescriptionType Sdp SdpSize Candidate
            CandidateText CandidateMember CandidateSize
        );
        assert_eq!(Expectation::ALL, all);
        for (expectation, bytes) in [
            (Expectation::EventSize, MAX_EVENT_BYTES),
            (Expectation::SdpSize, MAX_SDP_BYTES),
            (Expectation::CandidateSize, MAX_CANDIDATE_BYTES),
        ] {
            assert_eq!(expectation.phrase().text(Locale::En), format!("at most {bytes} bytes"));
            assert_eq!(expectation.phrase().text(Locale::Ko), format!("{bytes}바이트 이하"));
        }
    }
}
