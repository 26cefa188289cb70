-- migrations_applied: what was applied, oldest first.
-- index: none, the table is tiny. locks: none.
-- params: none
SELECT number, name, checksum FROM schema_migrations ORDER BY number
