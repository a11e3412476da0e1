//! What someone hears whose HTTP request was refused.

use super::Phrase;
use crate::phrase;

/// An email address and a password that do not belong together; which of them is wrong is not said.
pub const WRONG_CREDENTIALS: Phrase =
    phrase!("email or password is wrong", "이메일 또는 비밀번호가 올바르지 않습니다");

/// The old password, of someone who wants another one.
pub const WRONG_PASSWORD: Phrase = phrase!(
    "oldPassword is not your password: nothing was changed",
    "oldPassword 값이 현재 비밀번호와 다릅니다. 변경된 내용이 없습니다",
);

/// No token where one is needed.
pub const NO_TOKEN: Phrase = phrase!(
    "this needs a token: send `Authorization: Bearer` with the one that login gave",
    "인증 토큰이 필요합니다. 로그인해서 받은 토큰을 `Authorization: Bearer` 헤더로 보내 주세요",
);

/// A token that is malformed, signed by nobody known, or revoked.
pub const INVALID_TOKEN: Phrase =
    phrase!("invalid token: log in again", "유효하지 않은 토큰입니다. 다시 로그인해 주세요");

/// A token that was good.
pub const TOKEN_EXPIRED: Phrase = phrase!(
    "the token has expired: get another one with the refresh token",
    "토큰이 만료되었습니다. refreshToken으로 새 토큰을 받아 주세요",
);

/// A refresh token that is unknown, spent, expired or revoked.
pub const INVALID_REFRESH_TOKEN: Phrase = phrase!(
    "this refresh token is not good, or no longer: log in again",
    "유효하지 않은 refreshToken입니다. 다시 로그인해 주세요",
);

/// Something that an account alone can do, asked by someone who has none here.
pub const NOT_AN_ACCOUNT: Phrase = phrase!(
    "this token is not of an account here: ask whoever issued it",
    "이 서버의 계정에서 발급된 토큰이 아닙니다. 토큰을 발급한 곳에 문의해 주세요",
);

/// Accounts, where there is no key to sign their tokens with.
pub const NO_ACCOUNTS: Phrase = phrase!(
    "there are no accounts here: tokens come from elsewhere",
    "이 서버는 계정을 제공하지 않습니다. 토큰은 다른 곳에서 발급됩니다",
);

/// Known, and not allowed.
pub const NOT_PERMITTED: Phrase = phrase!("you may not do this", "이 작업을 수행할 권한이 없습니다");

/// An email address that has an account.
pub const EMAIL_TAKEN: Phrase = phrase!(
    "this email has an account already: log in, or take another email",
    "이미 가입된 이메일입니다. 로그인하거나 다른 이메일을 사용해 주세요",
);

/// Someone else was faster.
pub const CHANGED_MEANWHILE: Phrase = phrase!(
    "the account was changed meanwhile: look again, and try again if it is still needed",
    "그 사이에 계정 정보가 변경되었습니다. 확인한 뒤 필요하면 다시 시도해 주세요",
);

/// No such person, or one who may not be seen.
pub const NO_SUCH_USER: Phrase = phrase!("no user of this id", "해당 ID의 사용자가 없습니다");

/// No such route.
pub const NOTHING_HERE: Phrase =
    phrase!("nothing answers {method} here", "이 주소에서 {method} 요청을 처리하지 않습니다");

/// A route that does not take the method.
pub const METHOD_NOT_ALLOWED: Phrase = phrase!(
    "this does not take {method}: the header Allow says what it takes",
    "{method} 메서드를 지원하지 않습니다. 지원하는 메서드는 Allow 헤더에 있습니다",
);

/// Too many requests in too short a time.
pub const RATE_LIMITED: Phrase = phrase!(
    "too many requests: try again in {seconds} s",
    "요청이 너무 많습니다. {seconds}초 후에 다시 시도해 주세요",
);

/// Too many failed attempts to sign in.
pub const TOO_MANY_FAILURES: Phrase = phrase!(
    "too many failed attempts: try again in {seconds} s",
    "실패한 시도가 너무 많습니다. {seconds}초 후에 다시 시도해 주세요",
);

/// What the server needs is away or has too much to do.
pub const UNAVAILABLE: Phrase = phrase!(
    "this cannot be done at the moment: try again soon",
    "지금은 요청을 처리할 수 없습니다. 잠시 후 다시 시도해 주세요",
);

/// The server is at fault.
pub const INTERNAL: Phrase = phrase!(
    "something went wrong on this side: the log has it under the request id",
    "서버 오류가 발생했습니다. 요청 ID로 서버 로그에서 확인할 수 있습니다",
);

/// Some members of a body, or of a query, are not as they must be; which ones stands beside.
pub const INVALID: Phrase = phrase!("this is not right: {fields}", "올바르지 않은 값: {fields}");

/// A body that is no JSON.
pub const NO_JSON: Phrase = phrase!("the body is no JSON: {why}", "본문이 올바른 JSON이 아닙니다: {why}",);

/// A body that is JSON, and no object.
pub const NO_OBJECT: Phrase = phrase!("the body must be a JSON object", "본문은 JSON 객체여야 합니다");

/// A body of another type.
pub const NO_JSON_TYPE: Phrase = phrase!(
    "the body must be JSON: send `Content-Type: application/json`",
    "본문은 JSON이어야 합니다. `Content-Type: application/json` 헤더를 보내 주세요",
);

/// A body that is too long.
pub const BODY_TOO_LONG: Phrase = phrase!("the body is too long", "본문이 너무 깁니다");

/// A body that did not come to its end in time.
pub const BODY_CUT: Phrase =
    phrase!("the body did not come to its end in time", "본문이 제시간에 끝까지 전송되지 않았습니다");

/// A member that is not there.
pub const MISSING: Phrase = phrase!("is missing", "필수 값입니다");

/// A member of another type.
pub const NOT_A_TEXT: Phrase = phrase!("must be a text", "문자열이어야 합니다");

/// A member of another type.
pub const NOT_A_SWITCH: Phrase = phrase!("must be true or false", "true 또는 false여야 합니다");

/// What an email address must be.
pub const EMAIL_RULE: Phrase = phrase!(
    "must be an email address like ada@example.org, at most 254 characters of ASCII",
    "ada@example.org와 같은 이메일 주소여야 하며 ASCII 254자 이하여야 합니다",
);

/// What a password must be.
pub const PASSWORD_RULE: Phrase = phrase!(
    "must be 8 to 128 characters without control characters",
    "제어 문자를 제외한 8~128자여야 합니다",
);

/// What a name must be.
pub const NAME_RULE: Phrase =
    phrase!("must be 2 to 50 characters without control characters", "제어 문자를 제외한 2~50자여야 합니다",);

/// What the URL of a picture must be.
pub const AVATAR_RULE: Phrase = phrase!(
    "must be null or an https URL of at most 2048 characters",
    "null이거나 2048자 이하의 https URL이어야 합니다",
);

/// What a refresh token must be, before it is looked at.
pub const REFRESH_TOKEN_RULE: Phrase = phrase!(
    "must be what the last login or refresh gave",
    "마지막 로그인 또는 갱신에서 받은 값이어야 합니다",
);

/// What a search must be.
pub const QUERY_RULE: Phrase = phrase!(
    "must be 3 to 254 characters without control characters",
    "제어 문자를 제외한 3~254자여야 합니다",
);
