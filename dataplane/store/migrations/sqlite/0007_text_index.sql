-- The text index of a folder: segments of messages by UID, in parts that are read alone. Made by the janitor, and made
-- again from the messages when it is gone; `src/mail/index` knows what is in it.
CREATE TABLE text_segment (
    account  BIGINT NOT NULL,
    folder   BIGINT NOT NULL,
    part     BIGINT NOT NULL,
    segment  BIGINT NOT NULL,
    last_uid BIGINT NOT NULL,
    data     BLOB NOT NULL,
    PRIMARY KEY (account, folder, part, segment)
);
