-- API clients. The secret is kept as a hash only: `$sha256$<salt>$<hash>` of a machine-made secret, or, until the client
-- first comes with the right secret, the slow `$scrypt$ln=…,r=…,p=…$<salt>$<hash>` it was imported with.
CREATE TABLE clients (
  id               uuid PRIMARY KEY,
  client_id        text NOT NULL UNIQUE,
  name             text NOT NULL,
  secret_hash      text,
  identifier_kinds text[] NOT NULL,
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  revoked_at       timestamptz
);

-- Answers "does any client still carry a slow hash?" without reading the table.
CREATE INDEX clients_with_slow_hash ON clients (client_id) WHERE revoked_at IS NULL AND secret_hash LIKE '$scrypt$%';

-- Every instance caches clients: it is told which ones changed, by client id; an empty payload means "any of them".
CREATE FUNCTION announce_clients() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM changed) > 50 THEN
    PERFORM pg_notify('auth_clients', '');
  ELSE
    PERFORM pg_notify('auth_clients', client_id) FROM changed;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER clients_inserted AFTER INSERT ON clients REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION announce_clients();
CREATE TRIGGER clients_updated AFTER UPDATE ON clients REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION announce_clients();
CREATE TRIGGER clients_deleted AFTER DELETE ON clients REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION announce_clients();
