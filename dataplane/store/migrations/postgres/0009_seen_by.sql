-- What others than the owner have seen of a folder: \Seen is each reader's own. The owner's stands with the placement.

CREATE TABLE seen_by (
    account BIGINT NOT NULL,
    folder  BIGINT NOT NULL,
    uid     BIGINT NOT NULL,
    viewer  BIGINT NOT NULL,
    seen    BIGINT NOT NULL,
    modseq  BIGINT NOT NULL,
    PRIMARY KEY (account, folder, uid, viewer)
);
CREATE INDEX seen_by_viewer ON seen_by (viewer, account, folder, modseq);
