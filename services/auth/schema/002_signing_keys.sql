-- Keys that sign access tokens. `next` is published before it signs; `retired` stays published until the last token it
-- signed has expired.
CREATE TABLE signing_keys (
  kid           text PRIMARY KEY,
  state         text NOT NULL CHECK (state IN ('next', 'active', 'retired')),
  public_jwk    jsonb NOT NULL,
  private_key   text NOT NULL,
  created_at    timestamptz NOT NULL,
  activated_at  timestamptz,
  retired_at    timestamptz,
  publish_until timestamptz,
  CHECK (state <> 'active' OR activated_at IS NOT NULL),
  CHECK (state <> 'retired' OR (retired_at IS NOT NULL AND publish_until IS NOT NULL))
);

-- Whatever instances do at the same time, there is one key that signs and one that is to follow.
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys ((true)) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys ((true)) WHERE state = 'next';

CREATE FUNCTION announce_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('auth_keys', '');
  RETURN NULL;
END $$;

CREATE TRIGGER signing_keys_changed AFTER INSERT OR UPDATE OR DELETE ON signing_keys
  FOR EACH STATEMENT EXECUTE FUNCTION announce_keys();
