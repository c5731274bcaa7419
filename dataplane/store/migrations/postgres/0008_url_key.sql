-- Keys of URLs that let others see a message (URLAUTH, RFC 4467): one for each mailbox and user that has made such URLs.

CREATE TABLE url_key (
    account BIGINT NOT NULL,
    folder  BIGINT NOT NULL,
    viewer  BIGINT NOT NULL,
    secret  BYTEA NOT NULL,
    PRIMARY KEY (account, folder, viewer)
);
CREATE INDEX url_key_viewer ON url_key (viewer);
