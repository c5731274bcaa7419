-- Up to which UID a segment of the text index holds what attachments say, too. What was indexed before has that of none: the janitor
-- adds it. A version that does not know the column leaves it at 0, and it is added again.
ALTER TABLE text_segment ADD COLUMN attachments_uid BIGINT NOT NULL DEFAULT 0;
