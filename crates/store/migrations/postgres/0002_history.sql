-- Processes, and when each was last heard of: whoever falls silent has its open rows ended by the others.
CREATE TABLE nodes (
    id TEXT NOT NULL PRIMARY KEY,
    heard_at_ms BIGINT NOT NULL
);

-- A room's time from the first to enter to the last to leave. No reference binds the tables of history together:
-- a fact that was lost must not keep out those that follow it.
CREATE TABLE rooms (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    name TEXT,
    owner_id TEXT,
    max_users BIGINT,
    node TEXT NOT NULL,
    status TEXT NOT NULL,
    opened_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT
);
CREATE INDEX rooms_by_name ON rooms (tenant, room, opened_at_ms);
CREATE INDEX rooms_open ON rooms (node) WHERE ended_at_ms IS NULL;

CREATE TABLE room_participants (
    id TEXT NOT NULL PRIMARY KEY,
    sitting TEXT NOT NULL,
    tenant TEXT NOT NULL,
    room TEXT NOT NULL,
    user_id TEXT NOT NULL,
    username TEXT,
    standing TEXT NOT NULL,
    node TEXT NOT NULL,
    joined_at_ms BIGINT NOT NULL,
    left_at_ms BIGINT,
    duration_ms BIGINT
);
CREATE INDEX room_participants_by_room ON room_participants (tenant, room, joined_at_ms);
CREATE INDEX room_participants_open ON room_participants (node) WHERE left_at_ms IS NULL;

-- Calls, recordings and what is told to others by HTTP have their tables from the start, so that a version which writes them finds
-- the same schema in every database. This version writes none of them.
CREATE TABLE calls (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    caller_id TEXT NOT NULL,
    callee_id TEXT NOT NULL,
    call_type TEXT NOT NULL,
    status TEXT NOT NULL,
    node TEXT NOT NULL,
    started_at_ms BIGINT NOT NULL,
    answered_at_ms BIGINT,
    ended_at_ms BIGINT,
    duration_ms BIGINT,
    average_audio_quality DOUBLE PRECISION,
    average_video_quality DOUBLE PRECISION,
    connection_issues BIGINT
);
CREATE INDEX calls_by_caller ON calls (tenant, caller_id, started_at_ms);
CREATE INDEX calls_by_callee ON calls (tenant, callee_id, started_at_ms);
CREATE INDEX calls_open ON calls (node) WHERE ended_at_ms IS NULL;

CREATE TABLE recordings (
    id TEXT NOT NULL PRIMARY KEY,
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    file_name TEXT NOT NULL,
    duration_ms BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX recordings_by_call ON recordings (call_id);

-- What is still to be told to others, and when to try next.
CREATE TABLE webhook_queue (
    id TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at_ms BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX webhook_queue_due ON webhook_queue (due_at_ms);
