//! The members of a payload, read as the types of the core.

use std::borrow::Cow;

use domain::{Excerpt, Found, PeerId, Refusal, RoomId, UserId, phrase};
use rawjson::{Kind, Value};

use crate::validation::Expectation;

/// The members of these names, walking the object once. Of doubles the last one counts.
pub(crate) fn members<'a, const N: usize>(
    payload: Option<Value<'a>>,
    names: [&str; N],
) -> Result<[Option<Value<'a>>; N], Refusal> {
    let payload = payload.ok_or_else(|| Expectation::Payload.refuse("payload", Found::Missing))?;
    let Some(members) = payload.members() else {
        return Err(Expectation::Payload.refuse("payload", kind(payload)));
    };
    let mut found = [None; N];
    for (name, value) in members {
        if let Some(index) = names.iter().position(|wanted| *wanted == name) {
            found[index] = Some(value);
        }
    }
    Ok(found)
}

/// A room's id that must be there.
pub(crate) fn room(field: &'static str, value: Option<Value<'_>>) -> Result<RoomId, Refusal> {
    optional_room(field, value)?.ok_or_else(|| Expectation::RoomId.refuse(field, Found::Missing))
}

/// A room's id that may be absent.
pub(crate) fn optional_room(
    field: &'static str,
    value: Option<Value<'_>>,
) -> Result<Option<RoomId>, Refusal> {
    let Some(value) = present(value) else { return Ok(None) };
    let text = text(field, value, Expectation::RoomId)?;
    RoomId::try_from(&*text).map(Some)
}

/// A user's id that may be absent. A number is read as it was written: many apps have numbers for users.
pub(crate) fn optional_user(
    field: &'static str,
    value: Option<Value<'_>>,
) -> Result<Option<UserId>, Refusal> {
    let Some(value) = present(value) else { return Ok(None) };
    let text = match value.kind() {
        Kind::Number => Cow::Borrowed(value.as_str()),
        Kind::String | Kind::Null | Kind::Bool | Kind::Array | Kind::Object => {
            text(field, value, Expectation::UserId)?
        }
    };
    UserId::try_from(&*text).map(Some)
}

/// A peer's id that must be there.
pub(crate) fn peer(field: &'static str, value: Option<Value<'_>>) -> Result<PeerId, Refusal> {
    optional_peer(field, value)?.ok_or_else(|| Expectation::PeerId.refuse(field, Found::Missing))
}

/// A peer's id that may be absent. Text that no peer's id can be gets the answer of an id that nobody has.
pub(crate) fn optional_peer(
    field: &'static str,
    value: Option<Value<'_>>,
) -> Result<Option<PeerId>, Refusal> {
    let Some(value) = present(value) else { return Ok(None) };
    let text = text(field, value, Expectation::PeerId)?;
    text.parse().map(Some).map_err(|_| Refusal::PeerNotFound { peer: Excerpt::of(&text) })
}

/// Whatever is there and not `null`.
pub(crate) fn present(value: Option<Value<'_>>) -> Option<Value<'_>> {
    value.filter(|value| !value.is_null())
}

/// The refusal for an event that is in no table.
pub(crate) fn unknown_event(event: &str) -> Refusal {
    Refusal::UnknownEvent { event: Excerpt::of(event) }
}

/// What a value is, without saying what is in it.
pub(crate) fn kind(value: Value<'_>) -> Found {
    Found::Kind(match value.kind() {
        Kind::Null => phrase!("null", "null"),
        Kind::Bool => phrase!("a boolean", "불리언"),
        Kind::Number => phrase!("a number", "숫자"),
        Kind::String if value.string().is_none() => {
            phrase!("a string with half a surrogate pair", "서로게이트 쌍이 깨진 문자열")
        }
        Kind::String => phrase!("a string", "문자열"),
        Kind::Array => phrase!("an array", "배열"),
        Kind::Object => phrase!("an object", "객체"),
    })
}

/// A value that is no secret: a string is quoted, anything else described.
pub(crate) fn quoted(value: Value<'_>) -> Found {
    value.string().map_or_else(|| kind(value), |text| Found::Text(Excerpt::of(&text)))
}

fn text<'a>(field: &'static str, value: Value<'a>, expected: Expectation) -> Result<Cow<'a, str>, Refusal> {
    value.string().ok_or_else(|| expected.refuse(field, kind(value)))
}
