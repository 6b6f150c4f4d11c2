-- The service's interface for the tool that moves clients here from the system that owned them before. The tool calls
-- what stands in the schema `import` and never names a table: which row wins is decided here, by the owner of the data.
CREATE SCHEMA import;

ALTER TABLE clients
  -- The source's updated_at of the version that was applied last; null for clients that were made here.
  ADD COLUMN imported_version timestamptz,
  -- SHA-256 of the hash as it was imported. Tells a secret that changed at the source from one that is the same but
  -- has been upgraded here.
  ADD COLUMN imported_secret text;

CREATE FUNCTION import.digest(hash text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT encode(sha256(convert_to(hash, 'UTF8')), 'hex')
$$;

-- Whether a secret hash is in a form that the service can verify, with parameters that it is willing to pay for: at most
-- 256 MiB (128 * 2^ln * r bytes).
CREATE FUNCTION import.hash_is_usable(hash text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce((
    SELECT ln BETWEEN 1 AND 20 AND r BETWEEN 1 AND 32 AND p BETWEEN 1 AND 16 AND 128 * (1::bigint << ln) * r <= 268435456
    FROM (
      SELECT parts[1]::int AS ln, parts[2]::int AS r, parts[3]::int AS p
      FROM regexp_match(
        hash, '^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$[A-Za-z0-9+/]+={0,2}\$[A-Za-z0-9+/]{22,}={0,2}$'
      ) AS parts
    ) AS parameters
  ), false)
$$;

-- Applies rows of the source: a JSON array of objects {id, client_id, name, secret_hash, identifier_kinds, created_at,
-- updated_at, revoked_at}. A row is applied only if its updated_at is newer than what was applied before, so repeats and
-- reorderings are harmless. Gives what became of each row: inserted | updated | unchanged | refused.
CREATE FUNCTION import.apply_clients(source_rows jsonb)
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
    RETURNING mine.id, mine.xmax = 0 AS inserted
  )
  SELECT incoming.id,
         CASE WHEN usable.id IS NULL THEN 'refused'
              WHEN applied.id IS NULL THEN 'unchanged'
              WHEN applied.inserted THEN 'inserted'
              ELSE 'updated' END
  FROM incoming LEFT JOIN usable USING (id) LEFT JOIN applied USING (id);
END $$;

-- Every imported client as the source would describe it, for comparing both sides. Times are microseconds since the
-- epoch; the secret is a digest of its hash at the source.
CREATE VIEW import.clients AS
SELECT id,
       imported_version AS version,
       jsonb_build_object(
         'client_id', client_id,
         'name', name,
         'identifier_kinds', (SELECT coalesce(string_agg(kind, ',' ORDER BY kind COLLATE "C"), '')
                              FROM unnest(identifier_kinds) AS kind),
         'secret', imported_secret,
         'created_at', (extract(epoch FROM created_at) * 1000000)::bigint,
         'updated_at', (extract(epoch FROM imported_version) * 1000000)::bigint,
         'revoked_at', (extract(epoch FROM revoked_at) * 1000000)::bigint
       ) AS fields
FROM clients
WHERE imported_version IS NOT NULL;

-- How far a source has been read, kept beside what was read so that both are committed together.
CREATE TABLE import.progress (
  name        text PRIMARY KEY,
  -- Rows that changed before this have been read by a run that was finished.
  watermark   timestamptz,
  -- Of a run that is under way or was broken off: where it began and the last key it finished.
  run_started timestamptz,
  last_key    uuid
);
