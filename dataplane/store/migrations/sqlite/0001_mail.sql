-- What holds a box: the account row is its lock and its clock, folders count, placements point.
-- Every key of an account's data begins with the account.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Counters whose order must be commit order, each moved as the last statement of its transaction.
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO counter VALUES ('position', 0), ('operator_epoch', 0), ('store_epoch', 1), ('node', 0);

CREATE TABLE account (
    id           BIGINT PRIMARY KEY,
    state        BIGINT NOT NULL DEFAULT 0,
    modseq       BIGINT NOT NULL DEFAULT 1,
    next_folder  BIGINT NOT NULL DEFAULT 1,
    uid_validity BIGINT NOT NULL DEFAULT 1,
    used         BIGINT NOT NULL DEFAULT 0,
    messages     BIGINT NOT NULL DEFAULT 0,
    quota        BIGINT
) WITHOUT ROWID;

CREATE TABLE folder (
    account       BIGINT NOT NULL,
    id            BIGINT NOT NULL,
    name          TEXT NOT NULL,
    special_use   TEXT,
    subscribed    BIGINT NOT NULL DEFAULT 1,
    uid_validity  BIGINT NOT NULL,
    uid_next      BIGINT NOT NULL DEFAULT 1,
    modseq        BIGINT NOT NULL DEFAULT 1,
    history_floor BIGINT NOT NULL DEFAULT 1,
    messages      BIGINT NOT NULL DEFAULT 0,
    unseen        BIGINT NOT NULL DEFAULT 0,
    deleted       BIGINT NOT NULL DEFAULT 0,
    size          BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account, id),
    UNIQUE (account, name)
) WITHOUT ROWID;

-- Names that are subscribed and do not exist (RFC 9051 §6.3.7 keeps them).
CREATE TABLE subscription (
    account BIGINT NOT NULL,
    name    TEXT NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE blob (
    id       INTEGER PRIMARY KEY,
    codec    BIGINT NOT NULL,
    size     BIGINT NOT NULL,
    checksum BLOB NOT NULL,
    location TEXT,
    body     BLOB
);

CREATE TABLE message (
    account     BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    blob        BIGINT NOT NULL,
    size        BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    trace       BIGINT NOT NULL,
    placements  BIGINT NOT NULL DEFAULT 1,
    prefix      BLOB NOT NULL,
    summary     BLOB NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX message_blob ON message (blob);

CREATE TABLE placement (
    account        BIGINT NOT NULL,
    folder         BIGINT NOT NULL,
    uid            BIGINT NOT NULL,
    message        BIGINT NOT NULL,
    flags          BIGINT NOT NULL DEFAULT 0,
    keywords       TEXT,
    size           BIGINT NOT NULL,
    received_at    BIGINT NOT NULL,
    saved_at       BIGINT NOT NULL,
    created_modseq BIGINT NOT NULL,
    modseq         BIGINT NOT NULL,
    PRIMARY KEY (account, folder, uid)
) WITHOUT ROWID;
-- Only what has changed since it came: a new placement is found by its UID, and a delivery writes one page less.
CREATE INDEX placement_changed ON placement (account, folder, modseq) WHERE modseq > created_modseq;

CREATE TABLE expunged (
    account BIGINT NOT NULL,
    folder  BIGINT NOT NULL,
    modseq  BIGINT NOT NULL,
    uid     BIGINT NOT NULL,
    PRIMARY KEY (account, folder, modseq, uid)
) WITHOUT ROWID;

-- Messages without a placement, bodies without a message: marked now, swept a day later.
CREATE TABLE dead_message (
    account BIGINT NOT NULL,
    message BIGINT NOT NULL,
    since   BIGINT NOT NULL,
    PRIMARY KEY (account, message)
) WITHOUT ROWID;
CREATE INDEX dead_message_since ON dead_message (since);
CREATE TABLE dead_blob (
    blob  INTEGER PRIMARY KEY,
    since BIGINT NOT NULL
);
CREATE INDEX dead_blob_since ON dead_blob (since);

-- Processes that serve: their node number makes ids unique, their position says what they have applied.
CREATE TABLE process (
    id               INTEGER PRIMARY KEY,
    node             BIGINT NOT NULL,
    roles            TEXT NOT NULL,
    host             TEXT NOT NULL,
    started_at       BIGINT NOT NULL,
    seen_at          BIGINT NOT NULL,
    applied_position BIGINT NOT NULL DEFAULT 0
);
