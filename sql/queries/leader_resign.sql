-- leader_resign: let another lead at once.
-- index: leader_pkey. locks: the one row.
-- params: :holder text, :epoch bigint
UPDATE leader SET expires_at = '-infinity' WHERE holder = :holder::text AND epoch = :epoch::bigint
