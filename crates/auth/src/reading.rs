//! What the claims of a token whose signature is right have to be, one by one.
//!
//! A claim that decides something is refused where it is of the wrong type: `exp` as text, `userId` as a list. One that
//! only decorates (a name that is too long) is left out. What a member of a grant does not say, it does not grant.

use std::borrow::Cow;

use domain::{Grant, Grants, RoomPattern, UserId, Username};
use rawjson::{Kind, Value};

use crate::claims::{Claims, Power, Refused, Source};
use crate::compact::has_each_member_once;
use crate::settings::AdminClaim;

/// What is asked of the claims of tokens from one source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) source: Source,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) audience: &'a [String],
    pub(crate) admin_claim: Option<&'a AdminClaim>,
}

/// How far the clocks of two machines may be apart: so much beyond its expiry a token of another issuer is believed.
pub const LEEWAY_MS: u64 = 60_000;
/// The last second of the year 9999: what lies behind is no time in seconds, but one in milliseconds or nonsense.
const LAST_SECOND: f64 = 253_402_300_799.0;
/// The longest claim of text that is kept.
const MAX_TEXT_BYTES: usize = 254;

/// Reads the claims.
pub(crate) fn read(claims: Value<'_>, rules: Rules<'_>, now_ms: u64) -> Result<Claims, Refused> {
    check_issuer(claims, rules.issuer)?;
    check_audience(claims, rules.audience)?;
    let expires_at_ms = time(claims, "exp", "exp is no time in seconds since 1970")?
        .ok_or(Refused::Invalid("exp is missing"))?;
    let not_before_ms = time(claims, "nbf", "nbf is no time in seconds since 1970")?;
    let issued_at_ms = time(claims, "iat", "iat is no time in seconds since 1970")?;
    let user = user(claims, rules.source)?;
    let grants = claims.get("rooms").filter(|rooms| !rooms.is_null()).map(grants).transpose()?;
    let tenant = wanted_text(claims, "tenant", "tenant is no text")?;
    let id = wanted_text(claims, "jti", "jti is no text")?;

    let leeway_ms = match rules.source {
        // Whoever holds the key to sign with sets the clock by this machine, or can.
        Source::Account | Source::Secret | Source::KeyFile => 0,
        Source::Jwks | Source::Firebase => LEEWAY_MS,
    };
    if not_before_ms.is_some_and(|from_ms| from_ms > now_ms.saturating_add(LEEWAY_MS)) {
        return Err(Refused::Invalid("nbf is in the future"));
    }
    // A token from the future would outlive every revocation of what was issued before now.
    if issued_at_ms.is_some_and(|at_ms| at_ms > now_ms.saturating_add(LEEWAY_MS)) {
        return Err(Refused::Invalid("iat is in the future"));
    }
    // Last, so that a token that was never good is not called expired.
    if now_ms >= expires_at_ms.saturating_add(leeway_ms) {
        return Err(Refused::Expired);
    }
    let role = text(claims, "role");
    let power = power(claims, role.as_deref(), rules);
    let username =
        ["username", "name"].iter().find_map(|name| Username::try_from(&*text(claims, name)?).ok());
    let email = text(claims, "email").map(Cow::into_owned);
    Ok(Claims {
        user,
        username,
        email,
        role: role.map(Cow::into_owned),
        power,
        source: rules.source,
        tenant,
        grants,
        id,
        issued_at_ms,
        expires_at_ms,
    })
}

/// Who the token names as its issuer, whom nothing is believed yet.
pub(crate) fn issuer(claims: Value<'_>) -> Result<Option<Cow<'_, str>>, Refused> {
    match claims.get("iss") {
        None => Ok(None),
        Some(issuer) => issuer.string().map(Some).ok_or(Refused::Invalid("iss is no text")),
    }
}

fn check_issuer(claims: Value<'_>, wanted: Option<&str>) -> Result<(), Refused> {
    let issuer = issuer(claims)?;
    match wanted {
        Some(wanted) if issuer.as_deref() != Some(wanted) => Err(Refused::Invalid("from another issuer")),
        Some(_) | None => Ok(()),
    }
}

/// `aud` is one text or a list of them (RFC 7519, section 4.1.3), whether one is wanted or not.
fn check_audience(claims: Value<'_>, wanted: &[String]) -> Result<(), Refused> {
    const WRONG: Refused = Refused::Invalid("aud is neither text nor a list of text");
    let mut is_wanted = wanted.is_empty();
    if let Some(audience) = claims.get("aud") {
        let list = audience.elements();
        let one = list.is_none().then_some(audience);
        for audience in list.into_iter().flatten().chain(one) {
            let audience = audience.string().ok_or(WRONG)?;
            is_wanted |= wanted.iter().any(|wanted| *wanted == audience);
        }
    }
    if is_wanted { Ok(()) } else { Err(Refused::Invalid("for another audience")) }
}

/// A time of the token, in milliseconds. Fractions of a second are allowed (RFC 7519, section 2).
fn time(claims: Value<'_>, name: &str, wrong: &'static str) -> Result<Option<u64>, Refused> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds: Option<f64> = match value.kind() {
        Kind::Number => value.as_str().parse().ok(),
        Kind::Null | Kind::Bool | Kind::String | Kind::Array | Kind::Object => None,
    };
    let seconds = seconds.filter(|seconds| (0.0..=LAST_SECOND).contains(seconds));
    seconds.map(|seconds| Some((seconds * 1000.0) as u64)).ok_or(Refused::Invalid(wrong))
}

/// `userId`, or `sub`; where both are there they have to be the same. Firebase's id is its `sub`.
fn user(claims: Value<'_>, source: Source) -> Result<UserId, Refused> {
    let read = |name: &str, wrong: &'static str| {
        let Some(value) = claims.get(name) else { return Ok(None) };
        let text = match value.kind() {
            Kind::Number => Some(Cow::Borrowed(value.as_str())),
            Kind::String => value.string(),
            Kind::Null | Kind::Bool | Kind::Array | Kind::Object => None,
        };
        text.map(Some).ok_or(Refused::Invalid(wrong))
    };
    let user = read("userId", "userId is neither text nor a number")?;
    let subject = read("sub", "sub is neither text nor a number")?;
    let id = match (source, user, subject) {
        (_, Some(user), Some(subject)) if user != subject => {
            return Err(Refused::Invalid("userId and sub name different users"));
        }
        (Source::Firebase, _, None) => return Err(Refused::Invalid("sub is missing")),
        (_, Some(id), _) | (_, None, Some(id)) => id,
        (_, None, None) => return Err(Refused::Invalid("userId and sub are missing")),
    };
    UserId::try_from(&*id).map_err(|_| Refused::Invalid("the user's id is not 1 to 128 printable characters"))
}

fn power(claims: Value<'_>, role: Option<&str>, rules: Rules<'_>) -> Power {
    let is_admin = match (rules.source, rules.admin_claim) {
        (Source::Account, _) => role == Some("admin"),
        (Source::Secret | Source::KeyFile | Source::Jwks | Source::Firebase, Some(wanted)) => {
            claims.get(&wanted.name).is_some_and(|value| is_met(wanted, value))
        }
        (Source::Secret | Source::KeyFile | Source::Jwks | Source::Firebase, None) => false,
    };
    if is_admin { Power::Admin } else { Power::User }
}

fn is_met(wanted: &AdminClaim, value: Value<'_>) -> bool {
    let Some(wanted) = wanted.value.as_deref() else { return value.bool() == Some(true) };
    let is_wanted = |value: Value<'_>| value.string().is_some_and(|text| text == wanted);
    is_wanted(value) || value.elements().is_some_and(|mut list| list.any(is_wanted))
}

fn grants(rooms: Value<'_>) -> Result<Grants, Refused> {
    const WRONG: Refused =
        Refused::Invalid("rooms is no list of at most 64 grants {room, join, publish, admin}");
    let list = rooms.elements().filter(|list| list.clone().count() <= Grants::MAX).ok_or(WRONG)?;
    let grants: Option<Vec<Grant>> = list.map(grant).collect();
    Grants::try_from(grants.ok_or(WRONG)?).map_err(|_| WRONG)
}

fn grant(value: Value<'_>) -> Option<Grant> {
    if !has_each_member_once(value) {
        return None;
    }
    let may = |name: &str| value.get(name).map_or(Some(false), Value::bool);
    let room = value.get("room")?.string()?;
    let pattern = RoomPattern::try_from(&*room).ok()?;
    Some(Grant { pattern, join: may("join")?, publish: may("publish")?, admin: may("admin")? })
}

/// A claim that may be left out, or be nothing; but if it is there it decides, and has to be text.
fn wanted_text(claims: Value<'_>, name: &str, wrong: &'static str) -> Result<Option<String>, Refused> {
    match claims.get(name).filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(_) => text(claims, name).map(|text| Some(text.into_owned())).ok_or(Refused::Invalid(wrong)),
    }
}

/// A claim of text, if it is there and fit to be stored.
fn text<'a>(claims: Value<'a>, name: &str) -> Option<Cow<'a, str>> {
    let text = claims.get(name)?.string()?;
    let is_fit = (1..=MAX_TEXT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
    is_fit.then_some(text)
}
