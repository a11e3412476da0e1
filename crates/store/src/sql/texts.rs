//! Every statement that looks for rows, so whose cost could grow with what is stored. A test lets both databases explain each of
//! them, and wants an index to be used: a text belongs here unless it only adds rows.

/// Names the texts, and lists them.
macro_rules! texts {
    ($($name:ident = $text:literal;)+) => {
        $(pub(super) const $name: &str = $text;)+

        /// All of them, with their names. `{rows}` stands for a list of rows of two values.
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $text)),+];
    };
}

texts! {
    // Accounts.
    USER_BY_ID = "SELECT * FROM users WHERE id = $1";
    USER_BY_EMAIL = "SELECT * FROM users WHERE email = $1";
    USERS_AFTER = "SELECT * FROM users WHERE id > $1 ORDER BY id LIMIT $2";
    USERS_BY_WORD = "SELECT users.* FROM user_words JOIN users ON users.id = user_words.user_id
        WHERE user_words.ending >= $1 AND user_words.ending < $2 AND users.standing = 'active'
        ORDER BY user_words.ending, user_words.user_id LIMIT $3";
    SUBJECT = "SELECT seen_at_ms FROM subjects WHERE tenant = $1 AND user_id = $2";
    CHANGE_PROFILE = "UPDATE users SET name = COALESCE($2, name),
        avatar = CASE WHEN $3 = 1 THEN $4 ELSE avatar END, updated_at_ms = $5 WHERE id = $1 RETURNING *";
    FORGET_WORDS = "DELETE FROM user_words WHERE user_id = $1";
    REPLACE_HASH = "UPDATE users SET password_hash = $3, updated_at_ms = $4
        WHERE id = $1 AND password_hash = $2";
    SET_STANDING = "UPDATE users SET standing = $2, updated_at_ms = $3 WHERE id = $1";

    // An update that changes nothing is a lock that both have a word for.
    LOCK_USER = "UPDATE users SET updated_at_ms = updated_at_ms WHERE id = $1";
    LOCK_VERIFIED_USER = "UPDATE users SET updated_at_ms = updated_at_ms
        WHERE id = $1 AND standing = 'active' AND password_hash = $2";
    LOCK_FAMILY = "UPDATE refresh_families SET expires_at_ms = expires_at_ms
        WHERE id = $1 AND revoked_at_ms IS NULL";

    // Refresh tokens.
    TOKEN = "SELECT expires_at_ms, spent_at_ms FROM refresh_tokens WHERE hash = $1";
    SPEND_TOKEN = "UPDATE refresh_tokens SET spent_at_ms = $2 WHERE hash = $1";
    PROLONG_FAMILY = "UPDATE refresh_families SET expires_at_ms = $2 WHERE id = $1 AND expires_at_ms < $2";
    FAMILY_OF_TOKEN = "SELECT refresh_families.user_id, refresh_families.id FROM refresh_tokens
        JOIN refresh_families ON refresh_families.id = refresh_tokens.family_id
        WHERE refresh_tokens.hash = $1";
    REVOKE_FAMILY = "UPDATE refresh_families SET revoked_at_ms = $2
        WHERE id = $1 AND revoked_at_ms IS NULL RETURNING id";
    REVOKE_FAMILIES_BUT = "UPDATE refresh_families SET revoked_at_ms = $2
        WHERE user_id = $1 AND revoked_at_ms IS NULL AND id <> $3 RETURNING id";

    REVOKE_FAMILIES_BEYOND = "UPDATE refresh_families SET revoked_at_ms = $2
        WHERE revoked_at_ms IS NULL AND id IN (SELECT id FROM refresh_families
            WHERE user_id = $1 AND revoked_at_ms IS NULL ORDER BY created_at_ms DESC, id DESC LIMIT 100 OFFSET $3)
        RETURNING id, created_at_ms, expires_at_ms";

    // Revocations.
    NEXT_REVOCATIONS = "UPDATE counters SET value = value + $1 WHERE name = 'revocations' RETURNING value";
    LAST_REVOCATION = "SELECT value FROM counters WHERE name = 'revocations'";
    REVOCATIONS_AFTER = "SELECT * FROM revocations WHERE number > $1 AND expires_at_ms > $2
        ORDER BY number LIMIT $3";

    // History.
    END_PARTICIPATIONS = "WITH ends (id, at_ms) AS (VALUES {rows})
        UPDATE room_participants SET left_at_ms = ends.at_ms,
            duration_ms = CASE WHEN ends.at_ms > joined_at_ms THEN ends.at_ms - joined_at_ms ELSE 0 END
        FROM ends WHERE room_participants.id = ends.id";
    END_ROOMS = "WITH ends (id, at_ms) AS (VALUES {rows})
        UPDATE rooms SET status = 'closed', ended_at_ms = ends.at_ms FROM ends WHERE rooms.id = ends.id";
    ROOMS_BY_NAME = "SELECT id, opened_at_ms, ended_at_ms FROM rooms
        WHERE tenant = $1 AND room = $2 ORDER BY opened_at_ms DESC LIMIT $3";
    PARTICIPATIONS_BY_ROOM = "SELECT * FROM room_participants
        WHERE tenant = $1 AND room = $2 ORDER BY joined_at_ms DESC LIMIT $3";
    ORPHANED_PARTICIPATIONS = "UPDATE room_participants SET
            left_at_ms = CASE WHEN joined_at_ms > $2 THEN joined_at_ms ELSE $2 END,
            duration_ms = CASE WHEN joined_at_ms > $2 THEN 0 ELSE $2 - joined_at_ms END
        WHERE node = $1 AND left_at_ms IS NULL";
    ORPHANED_ROOMS = "UPDATE rooms SET status = 'closed',
            ended_at_ms = CASE WHEN opened_at_ms > $2 THEN opened_at_ms ELSE $2 END
        WHERE node = $1 AND ended_at_ms IS NULL";

    // What has expired.
    PURGE_REVOCATIONS = "DELETE FROM revocations WHERE number IN
        (SELECT number FROM revocations WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2)";
    PURGE_TOKENS = "DELETE FROM refresh_tokens WHERE hash IN
        (SELECT hash FROM refresh_tokens WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2)";
    PURGE_FAMILIES = "DELETE FROM refresh_families WHERE id IN
        (SELECT id FROM refresh_families WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2)";
}

/// One row for each process, of which there are few: nothing to find them by.
pub(super) const SILENT_NODES: &str =
    "DELETE FROM nodes WHERE heard_at_ms < $1 OR heard_at_ms > $2 RETURNING id, heard_at_ms";
