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

/// As many connections of one user are open as may be.
pub const TOO_MANY_CONNECTIONS: Phrase = phrase!(
    "You have too many connections open: close one first",
    "동시에 열 수 있는 연결 수를 초과했습니다. 먼저 다른 연결을 닫아 주세요",
);

/// A guest shows a token on a connection that is open.
pub const GUEST_STAYS_GUEST: Phrase = phrase!(
    "This connection is a guest's: connect again with the token",
    "게스트 연결입니다. 토큰으로 다시 연결해 주세요",
);

/// What should hold a token does not.
pub const TOKEN_MISSING: Phrase =
    phrase!("token is missing: it must be a string", "token 값이 없습니다. 문자열이어야 합니다");
