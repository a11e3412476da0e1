//! The people of the fixtures. Their peer ids are made readable; real ones are random.

use domain::{Member, PeerId, Standing, UserId, Username};

/// When everyone in the fixtures joined.
const JOINED_AT_MS: u64 = 1_750_000_000_000;

/// Name, peer id, user id, username, standing.
const CAST: &[(&str, &str, &str, Option<&str>, Standing)] = &[
    ("alice", "alice-7dKq2mWx9ZbT4E", "alice", Some("Alice A."), Standing::Guest),
    ("bob", "bob-Yh5nPs8Um1Jc6Xge", "guest-bob-Yh5nPs8Um1Jc6Xge", None, Standing::Guest),
    ("carol", "carol-Rt3LwQ0vHa8NzE", "42", Some("Carol"), Standing::Verified),
    (
        "quote",
        "quote-_-_-_-_-_-_-_-",
        "\"}],\\",
        Some("<b>\"\\ \u{1f469}\u{200d}\u{1f680}"),
        Standing::Verified,
    ),
];

pub(crate) fn member(name: &str) -> Member {
    let found = CAST.iter().find(|row| row.0 == name);
    let (_, peer, user, username, standing) = *found.unwrap_or_else(|| panic!("nobody is called {name}"));
    Member {
        peer: peer.parse().unwrap(),
        user: UserId::try_from(user).unwrap(),
        username: username.map(|text| Username::try_from(text).unwrap()),
        standing,
        joined_at_ms: JOINED_AT_MS,
    }
}

pub(crate) fn peer(name: &str) -> PeerId {
    member(name).peer
}

/// The name of a peer of the cast, else its id.
pub(crate) fn name_of(peer: PeerId) -> String {
    let id = peer.to_string();
    CAST.iter().find(|row| row.1 == id).map_or(id, |row| row.0.to_owned())
}
