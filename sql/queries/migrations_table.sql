-- migrations_table: where applied migrations are remembered.
-- index: none. locks: the new table.
-- params: none
CREATE TABLE IF NOT EXISTS schema_migrations (
  number      integer     NOT NULL PRIMARY KEY,
  name        text        NOT NULL,
  checksum    text        NOT NULL,
  applied_at  timestamptz NOT NULL DEFAULT statement_timestamp()
)
