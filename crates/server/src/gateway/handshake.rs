//! Who a client says that it is, in the credentials it connects with.

use domain::{Identity, UserId, Username};
use rawjson::{Kind, Value};
use socketio::ConnectError;

/// Reads `{token?, userId?, username?}`, beside a token that the request may bear in its header; whatever else there is, is not for us.
///
/// Nobody here can verify a token, and to take a user who shows one for a guest would be to believe a claim it may
/// contradict: so a token is refused.
pub(super) fn identity(auth: &str, bears_token: bool) -> Result<Identity, ConnectError> {
    // The packet was validated as it came in.
    let auth = rawjson::validate_str(auth, rawjson::DEEPEST)
        .map_err(|error| refusal(error.to_string(), "VALIDATION_ERROR"))?;
    let given = |name| auth.get(name).filter(|value| !value.is_null());
    let shows_one = given("token").is_some_and(|token| token.string().is_none_or(|token| !token.is_empty()));
    if bears_token || shows_one {
        return Err(refusal("Invalid token".to_owned(), "AUTH001"));
    }
    let user =
        given("userId").map(|value| named(value, "userId", |text| UserId::try_from(text))).transpose()?;
    let username = given("username")
        .map(|value| named(value, "username", |text| Username::try_from(text)))
        .transpose()?;
    Ok(Identity::guest(user, username))
}

/// A string, or a number read as its string.
fn named<T, E: ToString>(
    value: Value<'_>,
    field: &str,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<T, ConnectError> {
    let text = match value.kind() {
        Kind::String => value.string(),
        Kind::Number => Some(value.as_str().into()),
        Kind::Null | Kind::Bool | Kind::Array | Kind::Object => None,
    };
    let text = text.ok_or_else(|| refusal(format!("{field} must be a string"), "VALIDATION_ERROR"))?;
    read(&text).map_err(|error| refusal(error.to_string(), "VALIDATION_ERROR"))
}

fn refusal(message: String, code: &str) -> ConnectError {
    ConnectError { message, data: Some(format!(r#"{{"code":"{code}"}}"#)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(auth: &str) -> (String, String) {
        let error = identity(auth, false).unwrap_err();
        (error.message, error.data.unwrap())
    }

    #[test]
    fn a_guest_may_say_who_it_is_or_not() {
        let user = |text| Some(UserId::try_from(text).unwrap());
        let name = |text| Some(Username::try_from(text).unwrap());
        for (auth, expected) in [
            ("{}", Identity::guest(None, None)),
            (r#"{"userId":null,"username":null,"token":null,"x":1}"#, Identity::guest(None, None)),
            (
                r#"{"userId":"ann","username":"Ann B","token":""}"#,
                Identity::guest(user("ann"), name("Ann B")),
            ),
            (r#"{"userId":17}"#, Identity::guest(user("17"), None)),
            (r#"{"userId":"__proto__"}"#, Identity::guest(user("__proto__"), None)),
        ] {
            assert_eq!(identity(auth, false).unwrap(), expected, "{auth}");
        }
    }

    #[test]
    fn a_token_is_refused_as_nobody_can_verify_it() {
        for auth in [r#"{"token":"a.b.c"}"#, r#"{"token":1}"#, r#"{"token":{}}"#] {
            assert_eq!(refused(auth), ("Invalid token".to_owned(), r#"{"code":"AUTH001"}"#.to_owned()));
        }
        assert_eq!(identity("{}", true).unwrap_err().message, "Invalid token");
    }

    #[test]
    fn a_claim_that_breaks_its_rule_is_refused_with_the_rule() {
        let long = format!(r#"{{"userId":"{}"}}"#, "a".repeat(129));
        for auth in [long.as_str(), r#"{"userId":{}}"#, r#"{"userId":"\ud800"}"#, r#"{"username":"x"}"#] {
            assert_eq!(refused(auth).1, r#"{"code":"VALIDATION_ERROR"}"#, "{auth}");
        }
    }
}
