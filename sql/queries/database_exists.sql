-- database_exists: whether the server has a database of this name.
-- index: pg_database_datname_index. locks: none.
-- params: :name text
SELECT true FROM pg_database WHERE datname = :name
