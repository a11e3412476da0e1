//! Bodies of requests, read member by member.
//!
//! A type that is read says what its members must be, so that whoever sends something else is told all that is wrong with
//! it at once, each with its name. Members that nobody asks for are not looked at.

use axum::{
    body::Bytes,
    extract::{FromRequest, OptionalFromRequest, Request},
    http::{StatusCode, header::CONTENT_TYPE},
};
use domain::messages::{Phrase, http as say};
use serde_json::{Map, Value};

use super::super::failure::{Failure, Wrong};

/// The members of an object, and what was found to be wrong with them.
#[derive(Debug, Default)]
pub(in crate::http) struct Fields {
    members: Map<String, Value>,
    wrong: Vec<Wrong>,
}

/// What can be read from members.
pub(in crate::http) trait Read: Sized {
    /// Reads it; `None` once something is wrong.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// The body of a request.
#[derive(Debug)]
pub(in crate::http) struct Body<T>(pub(in crate::http) T);

impl Fields {
    pub(in crate::http) fn new(members: Map<String, Value>) -> Self {
        Self { members, wrong: Vec::new() }
    }

    /// Reads a value from these members.
    pub(in crate::http) fn read<T: Read>(mut self) -> Result<T, Failure> {
        match T::read(&mut self) {
            Some(value) if self.wrong.is_empty() => Ok(value),
            Some(_) | None => Err(Failure::Invalid(self.wrong)),
        }
    }

    /// A text that must be there, as `read` understands it.
    pub(in crate::http) fn text<T>(
        &mut self,
        field: &'static str,
        rule: Phrase,
        read: impl FnOnce(String) -> Option<T>,
    ) -> Option<T> {
        match self.members.remove(field) {
            None => self.wrong(field, say::MISSING),
            Some(value) => self.understand(field, value, rule, read),
        }
    }

    /// A text that may be missing or null: then it is `Some(None)`.
    pub(in crate::http) fn optional_text<T>(
        &mut self,
        field: &'static str,
        rule: Phrase,
        read: impl FnOnce(String) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.members.remove(field) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.understand(field, value, rule, read).map(Some),
        }
    }

    /// A text that may be missing: then it is `Some(None)`.
    pub(in crate::http) fn omissible_text<T>(
        &mut self,
        field: &'static str,
        rule: Phrase,
        read: impl FnOnce(String) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.members.remove(field) {
            None => Some(None),
            Some(value) => self.understand(field, value, rule, read).map(Some),
        }
    }

    /// A text that may be missing (`Some(None)`), or null (`Some(Some(None))`).
    pub(in crate::http) fn nullable_text<T>(
        &mut self,
        field: &'static str,
        rule: Phrase,
        read: impl FnOnce(String) -> Option<T>,
    ) -> Option<Option<Option<T>>> {
        match self.members.remove(field) {
            None => Some(None),
            Some(Value::Null) => Some(Some(None)),
            Some(value) => self.understand(field, value, rule, read).map(|value| Some(Some(value))),
        }
    }

    /// `true`, or `false` where it is missing.
    pub(in crate::http) fn switch(&mut self, field: &'static str) -> Option<bool> {
        match self.members.remove(field) {
            None => Some(false),
            Some(Value::Bool(is_on)) => Some(is_on),
            Some(_) => self.wrong(field, say::NOT_A_SWITCH),
        }
    }

    fn understand<T>(
        &mut self,
        field: &'static str,
        value: Value,
        rule: Phrase,
        read: impl FnOnce(String) -> Option<T>,
    ) -> Option<T> {
        let Value::String(text) = value else { return self.wrong(field, say::NOT_A_TEXT) };
        // No rule allows it, and no database takes it.
        if text.contains('\0') {
            return self.wrong(field, rule);
        }
        match read(text) {
            Some(value) => Some(value),
            None => self.wrong(field, rule),
        }
    }

    fn wrong<T>(&mut self, field: &'static str, why: Phrase) -> Option<T> {
        self.wrong.push(Wrong { field, why });
        None
    }
}

impl<S: Send + Sync, T: Read> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let members = members(request, state).await?.ok_or(Failure::NoObject)?;
        Fields::new(members).read().map(Self)
    }
}

impl<S: Send + Sync, T: Read> OptionalFromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Failure> {
        members(request, state).await?.map(|members| Fields::new(members).read().map(Self)).transpose()
    }
}

/// The members of the object that the body is; `None` if it is empty, or null.
///
/// It is JSON, whose strings are Unicode: a lone surrogate is none.
async fn members<S: Send + Sync>(request: Request, state: &S) -> Result<Option<Map<String, Value>>, Failure> {
    let is_json =
        request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(is_json);
    let bytes = Bytes::from_request(request, state).await.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::BodyTooLong,
        _ => Failure::BodyCut,
    })?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if !is_json {
        return Err(Failure::NoJsonType);
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(members)) => Ok(Some(members)),
        Ok(Value::Null) => Ok(None),
        Ok(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => Err(Failure::NoObject),
        Err(error) => Err(Failure::NoJson { why: error.to_string() }),
    }
}

/// `application/json`, whatever its parameters say.
fn is_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Greeting {
        name: String,
        title: Option<String>,
        picture: Option<Option<String>>,
        is_loud: bool,
    }

    impl Read for Greeting {
        fn read(fields: &mut Fields) -> Option<Self> {
            let fits = |text: String| (text.len() < 5).then_some(text);
            let name = fields.text("name", say::NAME_RULE, fits);
            let title = fields.optional_text("title", say::NAME_RULE, fits);
            let picture = fields.nullable_text("picture", say::NAME_RULE, fits);
            let is_loud = fields.switch("isLoud");
            Some(Self { name: name?, title: title?, picture: picture?, is_loud: is_loud? })
        }
    }

    fn read(value: Value) -> Result<Greeting, Vec<&'static str>> {
        let Value::Object(members) = value else { panic!("an object") };
        Fields::new(members).read().map_err(|failure| {
            let Failure::Invalid(wrong) = failure else { panic!("{failure:?}") };
            wrong.iter().map(|wrong| wrong.field).collect()
        })
    }

    #[test]
    fn what_is_missing_null_or_there_is_told_apart_and_the_rest_is_not_looked_at() {
        let greeting = Greeting { name: "ada".to_owned(), title: None, picture: None, is_loud: false };
        assert_eq!(read(json!({ "name": "ada", "other": [1, 2] })), Ok(greeting));
        let all = read(json!({ "name": "ada", "title": null, "picture": null, "isLoud": true })).unwrap();
        assert_eq!((all.title, all.picture, all.is_loud), (None, Some(None), true));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong = read(json!({ "name": 7, "title": "much too long", "picture": "a\0", "isLoud": null }));
        assert_eq!(wrong, Err(vec!["name", "title", "picture", "isLoud"]));
        assert_eq!(read(json!({})), Err(vec!["name"]));
    }

    #[tokio::test]
    async fn a_body_that_broke_off_is_told_from_one_that_is_too_long() {
        let broken =
            axum::body::Body::from_stream(futures_util::stream::iter([Err::<Bytes, _>("broken off")]));
        let refused = members(Request::new(broken), &()).await;
        assert_eq!(refused, Err(Failure::BodyCut));
        let long = axum::body::Body::from(vec![b' '; (2 << 20) + 1]);
        assert_eq!(members(Request::new(long), &()).await, Err(Failure::BodyTooLong));
    }
}
