-- What clients and issuers ask the hosts for: certificates, and answers to an issuer's challenges.

-- By host, or `*.` and a domain; with whoever put it there. The key rests sealed.
CREATE TABLE certificate (
    host      TEXT   PRIMARY KEY,
    origin    TEXT   NOT NULL,
    chain     BLOB   NOT NULL,
    private   BLOB   NOT NULL,
    not_after BIGINT NOT NULL,
    position  BIGINT NOT NULL
);

-- RFC 8555 §8.3. Nothing of it is secret; it is over within minutes.
CREATE TABLE acme_challenge (
    token  TEXT   PRIMARY KEY,
    answer TEXT   NOT NULL,
    until  BIGINT NOT NULL
) WITHOUT ROWID;
