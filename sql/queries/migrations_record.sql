-- migrations_record: remember a migration, in the transaction that applies it.
-- index: none. locks: the new row.
-- params: :number int, :name text, :checksum text
INSERT INTO schema_migrations (number, name, checksum) VALUES (:number, :name, :checksum)
