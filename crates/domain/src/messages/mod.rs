//! Every sentence that people read, in each language, side by side.
//!
//! A sentence is a [`Phrase`], made by [`phrase!`](crate::phrase) of an English and a Korean text. What changes stands
//! in braces, `{room}`, and is filled in by [`Phrase::fill`]. To forget a language, or a placeholder in one of
//! them, is an error of the compiler:
//!
//! ```
//! use domain::{messages::Locale, phrase};
//!
//! let full = phrase!("room {room} is full", "{room} 방이 가득 찼습니다");
//! assert_eq!(full.fill(Locale::Ko, &[("room", &"standup")]).to_string(), "standup 방이 가득 찼습니다");
//! ```
//!
//! ```compile_fail
//! let full = domain::phrase!("room {room} is full", "방이 가득 찼습니다");
//! ```
//!
//! Codes, names of members and ids are the same in every language. A Korean particle depends on the sound before it,
//! so none stands behind a placeholder whose last sound is not known.
//!
//! To add a language, add a variant of [`Locale`], a field of [`Phrase`] and an argument of the macro: the compiler
//! then leads to every sentence that lacks it.

pub mod handshake;
pub mod http;
pub mod refusals;

use std::fmt;

/// The language of messages. Codes do not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Korean.
    Ko,
}

impl Locale {
    /// Every language there is.
    pub const ALL: &[Locale] = &[Locale::En, Locale::Ko];

    /// Its name, as in `LOCALE`: the code of ISO 639-1.
    pub const fn as_str(self) -> &'static str {
        match self {
            Locale::En => "en",
            Locale::Ko => "ko",
        }
    }

    /// The language of this name, as in `LOCALE`.
    pub fn named(name: &str) -> Option<Locale> {
        Locale::ALL.iter().copied().find(|locale| locale.as_str() == name)
    }
}

/// A sentence in each language, with the same placeholders.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Phrase {
    en: &'static str,
    ko: &'static str,
}

/// A [`Phrase`] of an English and a Korean text, compared as it is compiled.
#[macro_export]
macro_rules! phrase {
    ($en:expr, $ko:expr $(,)?) => {
        const { $crate::messages::Phrase::new($en, $ko) }
    };
}

impl Phrase {
    /// A sentence in English and in Korean. Use [`phrase!`](crate::phrase), which does it as it is compiled.
    ///
    /// # Panics
    /// If a text is empty, or if the two have other placeholders.
    pub const fn new(en: &'static str, ko: &'static str) -> Phrase {
        assert!(!en.is_empty() && !ko.is_empty(), "a sentence has a text in every language");
        assert!(
            has_placeholders_of(en, ko),
            "a placeholder of the English text is missing in the Korean one"
        );
        assert!(
            has_placeholders_of(ko, en),
            "a placeholder of the Korean text is missing in the English one"
        );
        Phrase { en, ko }
    }

    /// The text in this language, with its placeholders as they are.
    pub const fn text(self, locale: Locale) -> &'static str {
        match locale {
            Locale::En => self.en,
            Locale::Ko => self.ko,
        }
    }

    /// The text in this language, with these values for its placeholders. A placeholder without a value stays as it is.
    pub fn fill<'a>(self, locale: Locale, values: &'a [(&'static str, &'a dyn fmt::Display)]) -> Filled<'a> {
        Filled { text: self.text(locale), values }
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phrase({:?})", self.en)
    }
}

/// A sentence with its values, to be shown.
#[derive(Clone, Copy)]
pub struct Filled<'a> {
    text: &'static str,
    values: &'a [(&'static str, &'a dyn fmt::Display)],
}

impl fmt::Display for Filled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text;
        while let Some((before, after)) = rest.split_once('{') {
            f.write_str(before)?;
            // Braces that hold no name known here are text, as in `{type, sdp}`.
            let value = after.split_once('}').and_then(|(name, after)| {
                self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| (value, after))
            });
            rest = match value {
                Some((value, after)) => {
                    value.fmt(f)?;
                    after
                }
                None => {
                    f.write_str("{")?;
                    after
                }
            };
        }
        f.write_str(rest)
    }
}

impl fmt::Debug for Filled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filled(\"{self}\")")
    }
}

/// Whether each `{placeholder}` of `text` stands in `other` too.
const fn has_placeholders_of(text: &str, other: &str) -> bool {
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        if bytes[start] == b'{' {
            let mut end = start;
            while end < bytes.len() && bytes[end] != b'}' {
                end += 1;
            }
            if !contains(other.as_bytes(), bytes, start, end) {
                return false;
            }
            start = end;
        }
        start += 1;
    }
    true
}

/// Whether the bytes of `from` from `start` up to and with `end` stand somewhere in `text`.
const fn contains(text: &[u8], from: &[u8], start: usize, end: usize) -> bool {
    let length = end - start + 1;
    let mut at = 0;
    while at + length <= text.len() && end < from.len() {
        let mut same = 0;
        while same < length && text[at + same] == from[start + same] {
            same += 1;
        }
        if same == length {
            return true;
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_by_its_name_alone() {
        assert!(Locale::ALL.iter().all(|&locale| Locale::named(locale.as_str()) == Some(locale)));
        assert_eq!(["", "EN", "kr", "ko-KR"].map(Locale::named), [None; 4]);
    }

    #[test]
    fn values_take_the_place_of_their_names_in_any_order_and_as_often_as_they_stand() {
        let phrase = phrase!("{a} and {b}, {a}", "{b}, {a}");
        let filled = |locale| phrase.fill(locale, &[("a", &1), ("b", &"{a}")]).to_string();
        assert_eq!([filled(Locale::En), filled(Locale::Ko)], ["1 and {a}, 1", "{a}, 1"]);
    }

    #[test]
    fn braces_that_name_no_value_are_text() {
        let phrase = phrase!("{type, sdp} or {enc}", "{type, sdp} 또는 {enc}");
        assert_eq!(phrase.fill(Locale::En, &[("type", &1)]).to_string(), "{type, sdp} or {enc}");
    }

    #[test]
    fn texts_with_other_placeholders_are_no_phrase() {
        for (en, ko) in [("{a}", "x"), ("x", "{a}"), ("{a}", "{b}"), ("{a} {b}", "{a}"), ("", "x"), ("x", "")]
        {
            assert!(std::panic::catch_unwind(|| Phrase::new(en, ko)).is_err(), "{en} {ko}");
        }
    }
}
