//! The objects `{"_placeholder":true,"num":n}` that stand for attachments, found in one pass over the text.
//!
//! Whoever walks JSON value by value steps over each of them once for every object it is in. That is right for the
//! few members one wants; here all of a hostile megabyte would be walked once for each of 64 levels.

/// Whether every placeholder in `json` stands for one of so many attachments. `json` is the inside of a validated
/// array, or any part of it that holds whole values.
pub(crate) fn all_stand_for(json: &str, attachments: u64) -> bool {
    let bytes = json.as_bytes();
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(found) = memchr::memchr3(b'"', b'{', b'}', &bytes[at..]) {
        at += found;
        match bytes[at] {
            b'{' => open.push(Object::default()),
            b'}' => {
                if open.pop().is_some_and(|object| object.placeholder && !object.stands) {
                    return false;
                }
            }
            _ => {
                let end = string_end(bytes, at);
                if let (Some(value), Some(object)) = (value_of(bytes, end), open.last_mut()) {
                    object.member(&json[at..end], &json[value..], attachments);
                }
                at = end - 1;
            }
        }
        at += 1;
    }
    true
}

/// An object whose end has not come yet. Of members with the same name the last one counts, as for `JSON.parse`.
#[derive(Default)]
struct Object {
    placeholder: bool,
    stands: bool,
}

impl Object {
    /// A member whose quoted name is `name`, and whose value is at the head of `rest`.
    fn member(&mut self, name: &str, rest: &str, attachments: u64) {
        if is_name(name, "_placeholder") {
            self.placeholder = rest.starts_with("true");
        } else if is_name(name, "num") {
            // No further than the digits go: what else is there may be long, and is looked at in its turn.
            let (digits, behind) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
            let is_whole = !behind.starts_with(['.', 'e', 'E']);
            self.stands = is_whole && digits.parse().is_ok_and(|num: u64| num < attachments);
        }
    }
}

/// Whether a quoted name is this one, however it is spelt.
fn is_name(quoted: &str, name: &str) -> bool {
    let inside = &quoted[1..quoted.len() - 1];
    // An escape of one character takes six at the most.
    inside == name
        || (inside.len() <= 6 * name.len()
            && inside.contains('\\')
            && rawjson::validate_str(quoted, 1)
                .is_ok_and(|value| value.string().is_some_and(|read| read == name)))
}

/// The offset behind the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        // What is escaped ends nothing.
        at += 2;
    }
    bytes.len()
}

/// Where the value begins if the string that ends at `end` is the name of a member.
fn value_of(bytes: &[u8], end: usize) -> Option<usize> {
    let blanks = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let colon = end + blanks(end);
    (bytes.get(colon) == Some(&b':')).then(|| colon + 1 + blanks(colon + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_must_stand_for_an_attachment() {
        for (json, stand) in [
            ("", true),
            (r#""a",1,{}"#, true),
            (r#"{"_placeholder":true,"num":0}"#, true),
            (r#"{"num":1,"_placeholder":true}"#, true),
            (r#"{ "_placeholder" : true , "num" : 1 }"#, true),
            (r#"[[{"a":{"_placeholder":true,"num":1}}],{"_placeholder":true,"num":0}]"#, true),
            (r#"{"_placeholder":false,"num":9}"#, true),
            (r#"{"_placeholder":"true","num":9}"#, true),
            (r#"{"_placeholder":{},"num":9}"#, true),
            (r#""_placeholder",true,"num",9"#, true),
            (r#"{"a":"{\"_placeholder\":true}"}"#, true),
            (r#"{"_placeholder":true,"_placeholder":false}"#, true),
            (r#"{"_placeholder":true,"num":9,"num":0}"#, true),
            (r#"{"a":{"num":0},"_placeholder":true,"num":1}"#, true),
            (r#"{"_placeholder":true,"num":2}"#, false),
            (r#"{"_placeholder":true}"#, false),
            (r#"{"_placeholder":true,"num":-1}"#, false),
            (r#"{"_placeholder":true,"num":0.5}"#, false),
            (r#"{"_placeholder":true,"num":0e9}"#, false),
            (r#"{"_placeholder":true,"num":"0"}"#, false),
            (r#"{"_placeholder":true,"num":[0]}"#, false),
            (r#"{"_placeholder":true,"num":99999999999999999999}"#, false),
            (r#"{"_placeholder":true,"num":0,"num":9}"#, false),
            (r#"{"_placeholder":true,"a":{"num":0}}"#, false),
            (r#"{"\u005fplaceholder":true,"num":9}"#, false),
            (r#"{"_placeholder":true,"n\u0075m":9}"#, false),
            (r#""\\",{"a":["\"",{"_placeholder":true}]}"#, false),
        ] {
            assert_eq!(all_stand_for(json, 2), stand, "{json}");
        }
    }
}
