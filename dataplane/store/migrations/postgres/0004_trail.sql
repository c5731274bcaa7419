-- What happened, by day, so that a day can go as a whole; a message's facts lie together.
CREATE TABLE event (
    day      BIGINT NOT NULL,
    trace    BIGINT NOT NULL,
    id       BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    stage    BIGINT NOT NULL,
    tenant   TEXT,
    detail   TEXT NOT NULL,
    dialogue BYTEA,
    PRIMARY KEY (day, trace, id)
) PARTITION BY RANGE (day);
ALTER TABLE event ALTER COLUMN dialogue SET STORAGE EXTERNAL;
-- The message log of a tenant: stages 0 and 1 are how every story of a message begins.
CREATE INDEX event_tenant ON event (day, tenant, trace) WHERE stage <= 1;

-- Look-ups: the hash of an address, an IP or a Message-ID.
CREATE TABLE event_key (
    day   BIGINT NOT NULL,
    key   BIGINT NOT NULL,
    trace BIGINT NOT NULL,
    PRIMARY KEY (day, key, trace)
) PARTITION BY RANGE (day);

-- Takes what no partition was made for in time, so that a late janitor never stops the mail.
CREATE TABLE event_default PARTITION OF event DEFAULT;
CREATE TABLE event_key_default PARTITION OF event_key DEFAULT;

-- Makes the partitions of the days first_day to last_day; how many were made. A day that has rows in the default
-- partition stays there. Made apart and then attached: that takes the weaker lock on the parent.
CREATE FUNCTION trail_partitions(first_day BIGINT, last_day BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    made   BIGINT := 0;
    parent TEXT;
    child  TEXT;
    taken  BOOLEAN;
BEGIN
    FOREACH parent IN ARRAY ARRAY['event', 'event_key'] LOOP
        FOR d IN first_day..last_day LOOP
            child := parent || '_' || d;
            CONTINUE WHEN to_regclass(child) IS NOT NULL;
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE day = $1)', parent || '_default') INTO taken USING d;
            CONTINUE WHEN taken;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, child, d, d + 1);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- Drops the partitions of the days before before_day; how many went.
CREATE FUNCTION trail_drop(before_day BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    gone  BIGINT := 0;
    child RECORD;
BEGIN
    FOR child IN
        SELECT c.relname AS name
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent IN ('event'::regclass, 'event_key'::regclass)
          AND c.relname ~ '^event_(key_)?[0-9]+$' AND substring(c.relname FROM '[0-9]+$')::bigint < before_day
    LOOP
        EXECUTE format('DROP TABLE %I', child.name);
        gone := gone + 1;
    END LOOP;
    RETURN gone;
END $$;
