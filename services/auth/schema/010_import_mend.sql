-- Dates in rows do not always tell which version is the later one: a source that is seeded again, or restored from a backup,
-- holds rows that are older than those which were imported from it before, and no longer holds others.

-- As before, and with `mend` a row is also applied where it differs from what was imported, whatever the dates say: what
-- the source holds now is the truth. Clients that were made here are left alone in both cases.
DROP FUNCTION import.apply_clients(jsonb);
CREATE FUNCTION import.apply_clients(source_rows jsonb, mend boolean DEFAULT false)
RETURNS TABLE (applied_id uuid, outcome text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH incoming AS (
    SELECT * FROM jsonb_to_recordset(source_rows) AS row(
      id uuid, client_id text, name text, secret_hash text, identifier_kinds text[],
      created_at timestamptz, updated_at timestamptz, revoked_at timestamptz)
  ), usable AS (
    SELECT * FROM incoming
    WHERE (secret_hash IS NULL OR import.hash_is_usable(secret_hash))
      AND client_id ~ '^[[:graph:]]{1,128}$'
      AND identifier_kinds <@ ARRAY['implicit', 'client_credentials']
  ), applied AS (
    INSERT INTO clients AS mine (id, client_id, name, secret_hash, identifier_kinds, created_at, updated_at, revoked_at,
                                 imported_version, imported_secret)
    SELECT id, client_id, name, secret_hash, identifier_kinds, created_at, updated_at, revoked_at,
           updated_at, import.digest(secret_hash)
    FROM usable
    ON CONFLICT (id) DO UPDATE SET
      client_id = excluded.client_id,
      name = excluded.name,
      -- The same secret as before keeps the hash that it may have been upgraded to; a changed one wins.
      secret_hash = CASE WHEN mine.imported_secret IS NOT DISTINCT FROM excluded.imported_secret
                         THEN mine.secret_hash ELSE excluded.secret_hash END,
      identifier_kinds = excluded.identifier_kinds,
      created_at = excluded.created_at,
      updated_at = excluded.updated_at,
      revoked_at = excluded.revoked_at,
      imported_version = excluded.imported_version,
      imported_secret = excluded.imported_secret
    WHERE mine.imported_version < excluded.imported_version
       OR (mend AND mine.imported_version IS NOT NULL AND
           (mine.client_id, mine.name, mine.identifier_kinds, mine.created_at, mine.revoked_at, mine.imported_version,
            mine.imported_secret) IS DISTINCT FROM
           (excluded.client_id, excluded.name, excluded.identifier_kinds, excluded.created_at, excluded.revoked_at,
            excluded.imported_version, excluded.imported_secret))
    RETURNING mine.id, mine.xmax = 0 AS inserted
  )
  SELECT incoming.id,
         CASE WHEN usable.id IS NULL THEN 'refused'
              WHEN applied.id IS NULL THEN 'unchanged'
              WHEN applied.inserted THEN 'inserted'
              ELSE 'updated' END
  FROM incoming LEFT JOIN usable USING (id) LEFT JOIN applied USING (id);
END $$;

-- Deletes imported clients that the source no longer has: a JSON array of ids. Clients that were made here stay.
-- Gives the ids of those that were deleted.
CREATE FUNCTION import.remove_clients(gone jsonb) RETURNS SETOF uuid LANGUAGE sql AS $$
  DELETE FROM clients
  WHERE imported_version IS NOT NULL AND id IN (SELECT value::uuid FROM jsonb_array_elements_text(gone))
  RETURNING id
$$;
