-- Who else may use a folder, and what is written beside folders. Grantee 0 is everybody of the tenant.

CREATE TABLE folder_right (
    account BIGINT NOT NULL,
    folder  BIGINT NOT NULL,
    grantee BIGINT NOT NULL,
    tenant  TEXT   NOT NULL,
    rights  TEXT   NOT NULL,
    PRIMARY KEY (account, folder, grantee)
) WITHOUT ROWID;
CREATE INDEX folder_right_grantee ON folder_right (tenant, grantee);

-- Folder 0 is the box as a whole. Viewer 0 is everybody who sees the folder: the shared value of an entry.
CREATE TABLE annotation (
    account BIGINT NOT NULL,
    folder  BIGINT NOT NULL,
    viewer  BIGINT NOT NULL,
    entry   TEXT   NOT NULL,
    value   BLOB   NOT NULL,
    PRIMARY KEY (account, folder, viewer, entry)
) WITHOUT ROWID;
CREATE INDEX annotation_viewer ON annotation (viewer) WHERE viewer <> 0;
