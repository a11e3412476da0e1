//! A token taken apart (RFC 7515, section 7.1), before anything of it is believed.
//!
//! There is one way to write a token. Base64url that another text would decode to as well, a member that is there
//! twice, blanks around it: what two readers could read differently is refused before it is read at all. The library
//! that verifies signatures takes doubled members (the last one counts) and headers with `crit`, `jku` or a key of their
//! own; that is why the header is read here.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rawjson::{Kind, Value};

use crate::claims::Refused;
use crate::key::Algorithm;

/// The longest token that is looked at. Longer ones do not fit into the headers that proxies pass on.
pub(crate) const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The deepest that its JSON may be nested.
pub(crate) const MAX_DEPTH: usize = 16;
/// The longest `kid`.
const MAX_KEY_ID_BYTES: usize = 256;

/// The parts of a token.
pub(crate) struct Compact<'a> {
    /// What the signature is of.
    pub(crate) signed: &'a [u8],
    /// The header, decoded.
    pub(crate) header: Vec<u8>,
    /// The claims, decoded.
    pub(crate) payload: Vec<u8>,
    /// The signature, in base64url that has been checked.
    pub(crate) signature: &'a str,
}

/// What a header asks for. It is the token's word alone, and decides nothing but which key to try.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
}

impl<'a> Compact<'a> {
    /// Takes a token apart.
    pub(crate) fn split(token: &'a str) -> Result<Compact<'a>, Refused> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refused::Invalid("longer than 8 KiB"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refused::Invalid("not three parts with dots between them"));
        };
        decode(signature, "the signature is no base64url")?;
        let signed = &token.as_bytes()[..header.len() + 1 + payload.len()];
        Ok(Compact {
            signed,
            header: decode(header, "the header is no base64url")?,
            payload: decode(payload, "the claims are no base64url")?,
            signature,
        })
    }

    /// What its header says.
    pub(crate) fn header(&self) -> Result<Header, Refused> {
        let header =
            object(&self.header, "the header is no JSON object of sane depth with each member once")?;
        // A key that comes with the token vouches for nothing, and neither does an address to fetch one from.
        for name in ["jwk", "jku", "x5c", "x5u"] {
            if header.get(name).is_some() {
                return Err(Refused::Invalid("the header brings or names a key of its own"));
            }
        }
        if header.get("crit").is_some() || header.get("b64").is_some() {
            return Err(Refused::Invalid("the header demands an extension"));
        }
        let Some(algorithm) = header.get("alg").and_then(Value::string) else {
            return Err(Refused::Invalid("the header names no algorithm"));
        };
        let Some(algorithm) = Algorithm::named(&algorithm) else {
            return Err(Refused::Invalid("signed by an algorithm that is not taken"));
        };
        if let Some(kind) = header.get("typ")
            && !kind.string().is_some_and(|kind| is_access_token(&kind))
        {
            return Err(Refused::Invalid("a token of another type"));
        }
        Ok(Header { algorithm, key_id: header.get("kid").map(key_id).transpose()? })
    }

    /// The claims, as JSON with each member once.
    pub(crate) fn claims(&self) -> Result<Value<'_>, Refused> {
        object(&self.payload, "the claims are no JSON object of sane depth with each member once")
    }
}

fn decode(part: &str, refusal: &'static str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Invalid(refusal))
}

/// The object that `json` is. Members of what is in it may repeat: it is never looked at without the same check.
fn object<'a>(json: &'a [u8], refusal: &'static str) -> Result<Value<'a>, Refused> {
    let value = rawjson::validate(json, MAX_DEPTH).map_err(|_| Refused::Invalid(refusal))?;
    if has_each_member_once(value) { Ok(value) } else { Err(Refused::Invalid(refusal)) }
}

/// Whether `value` is an object that names no member twice, however the name is written.
pub(crate) fn has_each_member_once(value: Value<'_>) -> bool {
    let Some(members) = value.members() else { return false };
    let mut names: Vec<Cow<'_, str>> = members.map(|(name, _)| name).collect();
    names.sort_unstable();
    names.windows(2).all(|pair| pair[0] != pair[1])
}

/// The types that a token for us has (RFC 7519, section 5.1, and RFC 9068): tokens for logout or for events are signed
/// by the same keys, and let nobody in.
fn is_access_token(kind: &str) -> bool {
    let kind = kind
        .get(..12)
        .filter(|start| start.eq_ignore_ascii_case("application/"))
        .map_or(kind, |_| &kind[12..]);
    kind.eq_ignore_ascii_case("JWT") || kind.eq_ignore_ascii_case("at+jwt")
}

/// A key's id is text to compare, and nothing else here. The characters of paths that climb, of SQL and of shells are
/// refused all the same: no issuer uses them, and whoever sends them tries another door.
fn key_id(value: Value<'_>) -> Result<String, Refused> {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@+=".contains(&byte);
    let id = value.string().filter(|id| {
        (1..=MAX_KEY_ID_BYTES).contains(&id.len()) && id.bytes().all(is_usual) && !id.contains("..")
    });
    match (value.kind(), id) {
        (Kind::String, Some(id)) => Ok(id.into_owned()),
        (Kind::String | Kind::Null | Kind::Bool | Kind::Number | Kind::Array | Kind::Object, _) => {
            Err(Refused::Invalid("a key id that no issuer gives"))
        }
    }
}
