//! The grammar of RFC 8259 as one loop over bytes with one bit of memory for each open bracket.

use std::fmt;

use crate::{
    text,
    value::{Elements, NOTED, Value},
};

/// The deepest nesting that [`validate`] can be asked to allow: one bit of its stack for each level.
pub const DEEPEST: usize = 128;

/// Why a text is not acceptable JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// Bytes before the place where it went wrong.
    pub offset: usize,
    /// What was wrong there.
    pub problem: Problem,
}

/// What can be wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The text ends inside a value.
    Unfinished,
    /// A byte stands where the grammar has no place for it.
    Unexpected,
    /// Brackets are nested deeper than the caller allows.
    TooDeep,
    /// A value is complete, and something other than blanks follows.
    Trailing,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.problem {
            Problem::NotUtf8 => "is not UTF-8",
            Problem::Unfinished => "ends too early",
            Problem::Unexpected => "has an unexpected character",
            Problem::TooDeep => "is nested too deep",
            Problem::Trailing => "goes on after its end",
        };
        write!(f, "the JSON text {what} at byte {}", self.offset)
    }
}

impl std::error::Error for Error {}

/// Checks that `bytes` are exactly one JSON value, blanks around it allowed, with brackets nested at most
/// `max_depth` deep ([`DEEPEST`] at the most), in UTF-8. RFC 8259, sections 2 to 8.
///
/// The work is linear in the length and the memory constant, whatever the input.
///
/// # Errors
/// The first [`Problem`] met, with its offset.
pub fn validate(bytes: &[u8], max_depth: usize) -> Result<Value<'_>, Error> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Error { offset: error.valid_up_to(), problem: Problem::NotUtf8 })?;
    validate_str(text, max_depth)
}

/// [`validate`] for what is known to be UTF-8 already.
///
/// # Errors
/// The first [`Problem`] met, with its offset.
pub fn validate_str(text: &str, max_depth: usize) -> Result<Value<'_>, Error> {
    Walk::over(text, max_depth).map(|(start, walk)| Value::trusted(&text[start..walk.at]))
}

/// [`validate_str`] for a text that must be an array. Where its first elements end is noted on the way, so that to
/// take them costs nothing.
///
/// # Errors
/// The first [`Problem`] met, with its offset; [`Problem::Unexpected`] at the beginning of what is no array.
pub fn validate_array(text: &str, max_depth: usize) -> Result<Elements<'_>, Error> {
    let (start, walk) = Walk::over(text, max_depth)?;
    let ends = walk.outer_ends.map(|end| end.saturating_sub(start));
    let elements = Value::trusted(&text[start..walk.at]).elements();
    let elements = elements.ok_or(Error { offset: start, problem: Problem::Unexpected })?;
    Ok(elements.with_ends(ends))
}

/// The brackets that are open: a bit each, set for `{`.
struct Open {
    bits: u128,
    depth: usize,
    max_depth: usize,
}

impl Open {
    fn new(max_depth: usize) -> Self {
        Self { bits: 0, depth: 0, max_depth: max_depth.min(DEEPEST) }
    }

    fn push(&mut self, bracket: Bracket) -> Result<(), Problem> {
        if self.depth == self.max_depth {
            return Err(Problem::TooDeep);
        }
        self.depth += 1;
        self.bits = (self.bits << 1) | u128::from(bracket == Bracket::Object);
        Ok(())
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.bits >>= 1;
    }

    fn innermost(&self) -> Option<Bracket> {
        match (self.depth, self.bits & 1) {
            (0, _) => None,
            (_, 0) => Some(Bracket::Array),
            (_, _) => Some(Bracket::Object),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Array,
    Object,
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    open: Open,
    /// Where the first values within the outermost brackets end: at their comma, or at the bracket. 0 for none.
    outer_ends: [usize; NOTED],
}

impl<'a> Walk<'a> {
    /// Walks the one value of `text`; says where it begins, and is left where it ends.
    fn over(text: &'a str, max_depth: usize) -> Result<(usize, Self), Error> {
        let bytes = text.as_bytes();
        let start = text::skip_blanks(bytes, 0);
        let mut walk = Self { bytes, at: start, open: Open::new(max_depth), outer_ends: [0; NOTED] };
        walk.value()?;
        match text::skip_blanks(bytes, walk.at) {
            rest if rest == bytes.len() => Ok((start, walk)),
            rest => Err(Error { offset: rest, problem: Problem::Trailing }),
        }
    }
    /// Walks one value, brackets and all.
    fn value(&mut self) -> Result<(), Error> {
        loop {
            // Here a value must begin.
            match self.peek()? {
                b'"' => self.string()?,
                b'{' => {
                    self.enter(Bracket::Object)?;
                    if self.peek()? != b'}' {
                        self.name()?;
                        continue;
                    }
                }
                b'[' => {
                    self.enter(Bracket::Array)?;
                    if self.peek()? != b']' {
                        continue;
                    }
                }
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                _ => return Err(self.problem(Problem::Unexpected)),
            }
            // Here a value has ended, or a bracket was opened that closes at once.
            if self.close()? {
                return Ok(());
            }
        }
    }

    /// Closes what closes here. True when the outermost value is complete; false when another value follows.
    fn close(&mut self) -> Result<bool, Error> {
        while let Some(bracket) = self.open.innermost() {
            self.at = text::skip_blanks(self.bytes, self.at);
            if self.open.depth == 1 {
                self.note_outer_end();
            }
            match (self.peek()?, bracket) {
                (b',', Bracket::Array) => {
                    self.step();
                    return Ok(false);
                }
                (b',', Bracket::Object) => {
                    self.step();
                    self.name()?;
                    return Ok(false);
                }
                (b']', Bracket::Array) | (b'}', Bracket::Object) => {
                    self.at += 1;
                    self.open.pop();
                }
                _ => return Err(self.problem(Problem::Unexpected)),
            }
        }
        Ok(true)
    }

    fn note_outer_end(&mut self) {
        if let Some(free) = self.outer_ends.iter_mut().find(|end| **end == 0) {
            *free = self.at;
        }
    }

    fn enter(&mut self, bracket: Bracket) -> Result<(), Error> {
        self.open.push(bracket).map_err(|problem| self.problem(problem))?;
        self.step();
        Ok(())
    }

    /// A member's name and its colon.
    fn name(&mut self) -> Result<(), Error> {
        if self.peek()? != b'"' {
            return Err(self.problem(Problem::Unexpected));
        }
        self.string()?;
        self.at = text::skip_blanks(self.bytes, self.at);
        if self.peek()? != b':' {
            return Err(self.problem(Problem::Unexpected));
        }
        self.step();
        Ok(())
    }

    fn string(&mut self) -> Result<(), Error> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                // Escapes come in rows, as at the end of each line of an SDP: they are met without a search.
                b'\\' => self.escape()?,
                0..0x20 => return Err(self.problem(Problem::Unexpected)),
                _ => self.at = text::skip_plain(self.bytes, self.at + 1),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Error> {
        self.at += 1;
        match self.peek()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.peek()?.is_ascii_hexdigit() {
                        return Err(self.problem(Problem::Unexpected));
                    }
                }
                self.at += 1;
            }
            _ => return Err(self.problem(Problem::Unexpected)),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Error> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits()?,
            _ => return Err(self.problem(Problem::Unexpected)),
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Error> {
        if !self.peek()?.is_ascii_digit() {
            return Err(self.problem(Problem::Unexpected));
        }
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Error> {
        for expected in word {
            if self.peek()? != *expected {
                return Err(self.problem(Problem::Unexpected));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// One byte on, and over the blanks behind it.
    fn step(&mut self) {
        self.at = text::skip_blanks(self.bytes, self.at + 1);
    }

    fn peek(&self) -> Result<u8, Error> {
        self.bytes.get(self.at).copied().ok_or_else(|| self.problem(Problem::Unfinished))
    }

    fn problem(&self, problem: Problem) -> Error {
        Error { offset: self.at, problem }
    }
}
