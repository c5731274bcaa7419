-- What the dataplane knows of tenants: who holds which name, the records, their addresses and secrets.

-- Who asks for a domain, alias domain, host or pool address. At most one of a name holds it.
CREATE TABLE claim (
    name          TEXT   NOT NULL,
    owner         TEXT   NOT NULL,
    tenant        TEXT   NOT NULL,
    kind          BIGINT NOT NULL,
    preverified   BIGINT NOT NULL DEFAULT 0,
    proven        BIGINT NOT NULL DEFAULT 0,
    since         BIGINT,
    missing_since BIGINT,
    gone          BIGINT NOT NULL DEFAULT 0,
    holds         BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (name, owner)
);
CREATE UNIQUE INDEX claim_holder ON claim (name) WHERE holds = 1;
CREATE INDEX claim_owner ON claim (owner);
CREATE INDEX claim_tenant ON claim (tenant, kind);

-- Domains, accounts, aliases, pools, brands: what a resource or the API said, known again by its owner.
-- A row with gone_until is a tombstone.
CREATE TABLE directory_record (
    owner      TEXT   PRIMARY KEY,
    kind       BIGINT NOT NULL,
    cluster    TEXT,
    tenant     TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    domain     TEXT,
    account    BIGINT,
    quota      BIGINT,
    digest     BYTEA  NOT NULL,
    generation BIGINT NOT NULL,
    gone_until BIGINT,
    record     TEXT   NOT NULL
);
CREATE INDEX directory_record_list ON directory_record (kind, tenant, name);
CREATE INDEX directory_record_domain ON directory_record (tenant, domain);
CREATE INDEX directory_record_gone ON directory_record (gone_until) WHERE gone_until IS NOT NULL;
CREATE UNIQUE INDEX directory_record_account ON directory_record (account) WHERE account IS NOT NULL;

-- Every address once in its tenant; a tenant that does not hold the domain disturbs nobody with it.
CREATE TABLE address (
    tenant  TEXT NOT NULL,
    address TEXT NOT NULL,
    owner   TEXT NOT NULL,
    account BIGINT,
    until   BIGINT,
    PRIMARY KEY (tenant, address)
);
CREATE INDEX address_owner ON address (owner);
CREATE INDEX address_account ON address (account) WHERE account IS NOT NULL;

CREATE TABLE credential (
    account    BIGINT NOT NULL,
    kind       BIGINT NOT NULL,
    id         BIGINT NOT NULL DEFAULT 0,
    name       TEXT,
    verifier   BYTEA  NOT NULL,
    digest     BYTEA,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (account, kind, id)
);

CREATE TABLE dkim_key (
    tenant       TEXT   NOT NULL,
    domain       TEXT   NOT NULL,
    selector     TEXT   NOT NULL,
    algorithm    BIGINT NOT NULL,
    state        BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    activates_at BIGINT NOT NULL,
    public       BYTEA  NOT NULL,
    private      BYTEA  NOT NULL,
    PRIMARY KEY (tenant, domain, selector)
);

-- What to forget when the position passes this one.
CREATE TABLE directory_change (
    position BIGINT NOT NULL,
    kind     BIGINT NOT NULL,
    key      TEXT   NOT NULL,
    PRIMARY KEY (position, kind, key)
);
