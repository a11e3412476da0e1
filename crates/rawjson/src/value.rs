//! A slice of validated JSON and the questions it answers.

use std::{borrow::Cow, fmt};

use crate::text;

/// One value of a text that [`validate`](crate::validate()) accepted: the slice from its first byte to its last.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Value<'a>(&'a str);

/// The six kinds of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, of any size and precision.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl<'a> Value<'a> {
    /// `text` is one value of a validated text, without blanks around it.
    pub(crate) fn trusted(text: &'a str) -> Self {
        Self(text)
    }

    /// The value as it was written, byte for byte.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// Which of the six kinds it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'"') => Kind::String,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The boolean, if it is one.
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The number, if it is one written as a whole number from 0 to 2^64 - 1, without fraction or exponent.
    #[must_use]
    pub fn u64(self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The string, if it is one and can be said in UTF-8 (a lone surrogate escape can not). Copied only if it has
    /// escapes in it.
    #[must_use]
    pub fn string(self) -> Option<Cow<'a, str>> {
        text::unescape(self.0)
    }

    /// The elements in order, if it is an array.
    #[must_use]
    pub fn elements(self) -> Option<Elements<'a>> {
        (self.kind() == Kind::Array).then_some(Elements {
            cursor: Cursor { text: self.0, at: 1 },
            taken: 0,
            ends: [0; NOTED],
        })
    }

    /// The members in order, doubles included, if it is an object.
    #[must_use]
    pub fn members(self) -> Option<Members<'a>> {
        (self.kind() == Kind::Object).then_some(Members(Cursor { text: self.0, at: 1 }))
    }

    /// The value of the last member with this name, as `JSON.parse` would have it. None if there is none, or it is
    /// no object. Each call walks the object: for several names walk [`Value::members`] once.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        self.members()?.filter(|(key, _)| key == name).last().map(|(_, value)| value)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How many of an array's first elements have their ends noted while it is validated: an event's name and payload.
pub(crate) const NOTED: usize = 2;

/// The elements of an array, in order.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    cursor: Cursor<'a>,
    taken: usize,
    /// Where the first elements end, blanks behind them included; 0 where that is not known.
    ends: [usize; NOTED],
}

impl<'a> Elements<'a> {
    pub(crate) fn with_ends(self, ends: [usize; NOTED]) -> Self {
        Self { ends, ..self }
    }

    /// What has not been taken yet, as it was written: from the first byte of the next element to the last byte of
    /// the last one, commas between. Empty when nothing is left.
    #[must_use]
    pub fn rest(&self) -> &'a str {
        let Cursor { text, at } = self.cursor;
        let from = text::skip_blanks(text.as_bytes(), at).min(text.len() - 1);
        trim_end(&text[from..text.len() - 1])
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let end = self.ends.get(self.taken).copied().unwrap_or_default();
        self.taken += 1;
        if end == 0 { self.cursor.value() } else { self.cursor.value_until(end) }
    }
}

fn trim_end(text: &str) -> &str {
    text.trim_end_matches([' ', '\t', '\n', '\r'])
}

/// The members of an object, in order: name and value.
#[derive(Debug, Clone)]
pub struct Members<'a>(Cursor<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.value()?;
        let value = self.0.value()?;
        // A name that is no UTF-8 string (a lone surrogate) stands as it was written: it equals no name we look for.
        Some((name.string().unwrap_or(Cow::Borrowed(name.as_str())), value))
    }
}

/// A place between two values of an array or object.
#[derive(Debug, Clone, Copy)]
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The next value, and on to the one behind it. In an object names and values alternate.
    fn value(&mut self) -> Option<Value<'a>> {
        let bytes = self.text.as_bytes();
        let start = text::skip_blanks(bytes, self.at);
        let end = match bytes.get(start)? {
            b'"' => text::skip_string(bytes, start),
            b'{' | b'[' => skip_brackets(bytes, start),
            b'}' | b']' => return None,
            _ => skip_word(bytes, start),
        };
        let behind = text::skip_blanks(bytes, end);
        self.at = behind + usize::from(matches!(bytes.get(behind), Some(b',' | b':')));
        Some(Value(&self.text[start..end]))
    }
}

impl<'a> Cursor<'a> {
    /// As [`Cursor::value`], in an array, for a value that is known to end here.
    fn value_until(&mut self, end: usize) -> Option<Value<'a>> {
        let bytes = self.text.as_bytes();
        let start = text::skip_blanks(bytes, self.at);
        self.at = end + usize::from(bytes.get(end) == Some(&b','));
        // The one end of an empty array is its own.
        (start < end).then(|| Value(trim_end(&self.text[start..end])))
    }
}

fn skip_brackets(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = text::skip_string(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

/// A number, `true`, `false` or `null`.
fn skip_word(bytes: &[u8], mut at: usize) -> usize {
    while bytes
        .get(at)
        .is_some_and(|byte| !matches!(byte, b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
    {
        at += 1;
    }
    at
}
