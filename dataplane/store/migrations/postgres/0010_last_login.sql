-- When a box was last logged in to, to the hour. Apart from the account, whose row is the lock of its mail.

CREATE TABLE last_login (
    account BIGINT NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL
) WITH (fillfactor = 70);
