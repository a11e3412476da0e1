//! The forms that dialects share when they write.

use domain::{Excerpt, Locale, Refusal};

/// Appends the acknowledgement of a failure: `[{"success":false,"error":{...}}]`.
pub(crate) fn failure(refusal: &Refusal, locale: Locale, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"[{"success":false,"error":{"#);
    code_and_message(refusal, locale, out);
    retry_after(refusal, out);
    out.extend_from_slice(b"}}]");
}

/// Appends the event that tells of a failure: `["error",{...}]`.
pub(crate) fn error(event: &str, refusal: &Refusal, locale: Locale, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"["error",{"#);
    code_and_message(refusal, locale, out);
    out.extend_from_slice(br#","event":"#);
    rawjson::write_string(out, beginning(event));
    retry_after(refusal, out);
    out.extend_from_slice(b"}]");
}

/// Appends a comma and a member whose value is a string of any characters.
pub(crate) fn text_member(name: &str, value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    rawjson::write_string(out, value);
}

/// Appends a whole number.
pub(crate) fn number(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(value.to_string().as_bytes());
}

fn code_and_message(refusal: &Refusal, locale: Locale, out: &mut Vec<u8>) {
    out.extend_from_slice(br#""code":""#);
    out.extend_from_slice(refusal.code().as_str().as_bytes());
    out.push(b'"');
    text_member("message", &refusal.display(locale).to_string(), out);
}

fn retry_after(refusal: &Refusal, out: &mut Vec<u8>) {
    if let Some(retry_after_ms) = refusal.retry_after_ms() {
        out.extend_from_slice(br#","retryAfterMs":"#);
        number(retry_after_ms, out);
    }
}

/// As much of an event's name as goes back to its sender: what an app sent in earnest is shorter.
fn beginning(event: &str) -> &str {
    let end = event.char_indices().nth(Excerpt::CHARS).map_or(event.len(), |(index, _)| index);
    &event[..end]
}
