//! What someone hears whose event was refused: what failed, with which value, why, and what to do.

use super::Phrase;
use crate::phrase;

/// A member of an event is missing, or not as it must be.
pub const INVALID: Phrase = phrase!(
    "{field} is {found}: it must be {expected}",
    "{field} 값이 올바르지 않습니다. 받은 값: {found}, 올바른 값: {expected}",
);

/// No dialect that is served here has the event.
pub const UNKNOWN_EVENT: Phrase = phrase!(
    "unknown event {event}: no dialect that is served here has it; check the name and the namespace",
    "알 수 없는 이벤트입니다: {event}. 이 서버에서 지원하지 않으니 이벤트 이름과 네임스페이스를 확인해 주세요",
);

/// A claim contradicts a verified identity.
pub const NOT_YOUR_IDENTITY: Phrase = phrase!(
    "userId {claimed} is not yours: this connection is {verified}; leave userId out",
    "userId {claimed}: 본인의 ID가 아닙니다. 이 연결의 사용자 ID: {verified}. userId를 생략해 주세요",
);

/// A guest claims an id that belongs to someone.
pub const ID_TAKEN: Phrase = phrase!(
    "userId {user} belongs to someone who has signed in: take another one, or connect with a token",
    "userId {user}: 이미 로그인한 사용자의 ID입니다. 다른 userId를 사용하거나 토큰으로 연결해 주세요",
);

/// A token's grants leave the room out.
pub const NOT_GRANTED: Phrase = phrase!(
    "your token does not let you into room {room}: ask for one that grants it",
    "이 토큰으로는 {room} 방에 입장할 수 없습니다. 입장 권한이 있는 토큰을 발급받아 주세요",
);

/// A connection is in as many rooms as it may be.
pub const TOO_MANY_ROOMS: Phrase = phrase!(
    "this connection is in {limit} rooms, the most it may be in: leave one first",
    "한 연결로 참여할 수 있는 방은 최대 {limit}개입니다. 먼저 다른 방에서 나가 주세요",
);

/// A room holds as many as it may.
pub const ROOM_FULL: Phrase = phrase!(
    "room {room} is full, it holds {capacity}: try again when someone has left",
    "{room} 방이 가득 찼습니다(정원 {capacity}명). 다른 참가자가 나간 뒤 다시 시도해 주세요",
);

/// The sender is not in the room.
pub const NOT_IN_ROOM: Phrase = phrase!(
    "you are not in room {room}: join it first",
    "{room} 방에 참여하고 있지 않습니다. 먼저 방에 입장해 주세요",
);

/// No such peer shares a room with the sender.
pub const PEER_NOT_FOUND: Phrase = phrase!(
    "peer {peer} shares no such room with you: it may have left",
    "같은 방에서 상대 {peer} 연결을 찾을 수 없습니다. 이미 나갔을 수 있습니다",
);

/// Too many events in too short a time.
pub const RATE_LIMITED: Phrase = phrase!(
    "too many events: try again in {retry_after_ms} ms",
    "요청이 너무 많습니다. {retry_after_ms}ms 후에 다시 시도해 주세요",
);

/// What the server needs is away.
pub const UNAVAILABLE: Phrase = phrase!(
    "this cannot be done at the moment: try again, or connect anew",
    "지금은 요청을 처리할 수 없습니다. 다시 시도하거나 새로 연결해 주세요",
);

/// The server is at fault.
pub const INTERNAL: Phrase = phrase!(
    "the server failed at this; its log says more",
    "서버 오류로 요청을 처리하지 못했습니다. 자세한 내용은 서버 로그에 있습니다",
);

/// What stands for a value that is not there.
pub const MISSING: Phrase = phrase!("missing", "없음");

/// The size of a value that is too long to show.
pub const BYTES: Phrase = phrase!("{count} bytes", "{count}바이트");
