//! A look into a token without believing it, for `paraclete token inspect`.

use serde_json::Value;

use crate::claims::Refused;
use crate::compact::Compact;

/// What is written in a token. Nothing of it is verified: everybody can write it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// The header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
    /// What is wrong with the header by itself, whoever signed it.
    pub header_problem: Option<Refused>,
}

/// Reads a token. For the verdict, give the same token to [`crate::Verifier::verify`].
///
/// # Errors
/// It is no token at all: longer than 8 KiB, not three parts of base64url, or not of JSON objects.
pub fn inspect(token: &str) -> Result<Inspection, Refused> {
    let compact = Compact::split(token.trim())?;
    let claims = compact.claims()?.as_str();
    let header = rawjson::validate(&compact.header, crate::compact::MAX_DEPTH)
        .map_err(|_| Refused::Invalid("the header is no JSON"))?
        .as_str();
    let read = |json: &str| {
        serde_json::from_str(json).map_err(|_| Refused::Invalid("a number or a text in it has no value"))
    };
    Ok(Inspection { header: read(header)?, claims: read(claims)?, header_problem: compact.header().err() })
}
