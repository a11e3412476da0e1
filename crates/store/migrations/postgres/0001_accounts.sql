-- People who registered here. Ids and what is compared by its bytes; times are milliseconds since 1970.
CREATE TABLE users (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    avatar TEXT,
    role TEXT NOT NULL,
    standing TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (email);

-- Each end of a name that begins at a word, in lower case: a search is a range of these.
CREATE TABLE user_words (
    ending TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (ending, user_id)
);
CREATE INDEX user_words_user ON user_words (user_id);

-- One row for each log-in.
CREATE TABLE refresh_families (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT
);
CREATE INDEX refresh_families_live ON refresh_families (user_id, created_at_ms) WHERE revoked_at_ms IS NULL;
CREATE INDEX refresh_families_user ON refresh_families (user_id);
CREATE INDEX refresh_families_expiry ON refresh_families (expires_at_ms);

-- The tokens of a family, by their SHA-256: all are spent but the newest.
CREATE TABLE refresh_tokens (
    hash BYTEA NOT NULL PRIMARY KEY,
    family_id TEXT NOT NULL REFERENCES refresh_families (id) ON DELETE CASCADE,
    expires_at_ms BIGINT NOT NULL,
    spent_at_ms BIGINT
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at_ms);

-- Numbered in the order in which they are committed: whoever adds one holds the counter's row until then.
CREATE TABLE revocations (
    number BIGINT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    issued_before_ms BIGINT,
    revoked_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX revocations_expiry ON revocations (expires_at_ms);

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('revocations', 0);

-- Token holders without an account here, once they were seen: guests may not take their ids.
CREATE TABLE subjects (
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id)
);
