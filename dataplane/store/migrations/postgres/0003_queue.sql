-- What waits to be sent. The schedule is narrow and apart from the envelope, for it is what changes and what is asked.

-- The database's clock in microseconds: leases are measured by it, whatever the caller's clock says.
-- SQLite, which one process owns, takes the given one.
CREATE FUNCTION db_clock(given BIGINT) RETURNS BIGINT LANGUAGE sql STABLE PARALLEL SAFE AS
    'SELECT (extract(epoch FROM statement_timestamp()) * 1000000)::bigint';

-- A destination: what is leased. No row of it is due before wake_at; 9223372036854775807 is: nothing waits.
CREATE TABLE queue_slot (
    id      BIGINT PRIMARY KEY,
    pool    TEXT NOT NULL,
    domain  TEXT NOT NULL,
    wake_at BIGINT NOT NULL,
    worker  BIGINT NOT NULL DEFAULT 0,
    token   BIGINT NOT NULL DEFAULT 0,
    until   BIGINT NOT NULL DEFAULT 0,
    UNIQUE (domain, pool)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX queue_slot_wake ON queue_slot (wake_at);

-- What all recipients share.
CREATE TABLE queue_message (
    id          BIGINT PRIMARY KEY,
    trace       BIGINT NOT NULL,
    blob        BIGINT NOT NULL,
    size        BIGINT NOT NULL,
    header_size BIGINT NOT NULL,
    sender      TEXT,
    envid       TEXT,
    ret         BIGINT NOT NULL,
    body        BIGINT NOT NULL,
    smtputf8    BIGINT NOT NULL,
    account     BIGINT,
    tenant      TEXT,
    pool        TEXT NOT NULL,
    arrived_at  BIGINT NOT NULL,
    recipients  BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX queue_message_blob ON queue_message (blob);

CREATE TABLE queue_recipient (
    id         BIGINT PRIMARY KEY,
    message    BIGINT NOT NULL,
    slot       BIGINT NOT NULL,
    address    TEXT NOT NULL,
    notify     BIGINT NOT NULL,
    original   TEXT,
    attempts   BIGINT NOT NULL DEFAULT 0,
    source     TEXT,
    reply      TEXT,
    delay_told BIGINT NOT NULL DEFAULT 0,
    held       BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX queue_recipient_message ON queue_recipient (message);
CREATE INDEX queue_recipient_slot ON queue_recipient (slot, id);

-- When. A recipient that is held has no row here. Rows live for seconds: vacuum early and without pauses.
CREATE TABLE queue_due (
    id      BIGINT PRIMARY KEY,
    slot    BIGINT NOT NULL,
    next_at BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0.5, autovacuum_analyze_threshold = 10000);
CREATE INDEX queue_due_slot ON queue_due (slot, next_at, id);
