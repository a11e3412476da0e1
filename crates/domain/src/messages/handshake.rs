//! What a connection hears that is not let in. The texts are part of the contract with apps, word by word.

use super::Phrase;
use crate::phrase;

/// No token where one is required.
pub const NO_TOKEN: Phrase = phrase!("Authentication error", "인증 토큰이 없습니다");

/// A token that is malformed, signed by nobody known, of a wrong algorithm, or revoked.
pub const INVALID_TOKEN: Phrase = phrase!("Invalid token", "인증 실패");

/// A token that was good.
pub const TOKEN_EXPIRED: Phrase = phrase!("Token expired", "인증 실패");

/// A good token that is not for this namespace.
pub const FORBIDDEN: Phrase = phrase!("Forbidden", "인증 실패");

/// Keys or the store are away: nobody can say whether the token is good.
pub const UNAVAILABLE: Phrase = phrase!(
    "Who you are cannot be verified at the moment: connect again soon",
    "지금은 인증을 확인할 수 없습니다. 잠시 후 다시 연결해 주세요",
);
