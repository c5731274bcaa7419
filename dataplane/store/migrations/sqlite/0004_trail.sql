-- What happened, by day, so that a day can go as a whole; a message's facts lie together.
CREATE TABLE event (
    day      BIGINT NOT NULL,
    trace    BIGINT NOT NULL,
    id       BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    stage    BIGINT NOT NULL,
    tenant   TEXT,
    detail   TEXT NOT NULL,
    dialogue BLOB,
    PRIMARY KEY (day, trace, id)
) WITHOUT ROWID;
-- The message log of a tenant: stages 0 and 1 are how every story of a message begins.
CREATE INDEX event_tenant ON event (day, tenant, trace) WHERE stage <= 1;

-- Look-ups: the hash of an address, an IP or a Message-ID.
CREATE TABLE event_key (
    day   BIGINT NOT NULL,
    key   BIGINT NOT NULL,
    trace BIGINT NOT NULL,
    PRIMARY KEY (day, key, trace)
) WITHOUT ROWID;
