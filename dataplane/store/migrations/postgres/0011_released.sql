-- Messages that lost a placement in a change of many: their counts are wide rows, which the janitor writes later. A list has
-- eight octets a message. `src/mail/pointers.rs` knows the rest.
CREATE TABLE released (
    account  BIGINT NOT NULL,
    modseq   BIGINT NOT NULL,
    folder   BIGINT NOT NULL,
    part     BIGINT NOT NULL,
    since    BIGINT NOT NULL,
    messages BYTEA NOT NULL,
    PRIMARY KEY (account, modseq, folder, part)
);
