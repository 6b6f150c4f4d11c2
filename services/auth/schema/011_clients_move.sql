-- Clients come from the system that owned them before by the routes below /internal (src/import.ts). Their versions are
-- in `aggregate_versions`, so no date in a row decides any more which of two is the later one.
DROP SCHEMA import CASCADE;

ALTER TABLE clients
  DROP COLUMN imported_version,
  -- Null: another client has taken the name over, and this one's new name has not arrived yet. No request finds it.
  ALTER COLUMN client_id DROP NOT NULL;

-- The hash as it was imported, which is the old system's form. It stays beside the fast one that it was upgraded to:
-- both sides are compared by it. It used to be a digest. A client that was upgraded before gets its hash with the next
-- copy, is verified by it once, and is upgraded again.
UPDATE clients SET imported_secret = CASE WHEN secret_hash LIKE '$scrypt$%' THEN secret_hash END;

-- A client whose id changed is announced by both ids.
CREATE FUNCTION announce_updated_clients() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM changed) > 50 THEN
    PERFORM pg_notify('auth_clients', '');
  ELSE
    PERFORM pg_notify('auth_clients', coalesce(client_id, ''))
    FROM (SELECT client_id FROM before UNION SELECT client_id FROM changed) AS told;
  END IF;
  RETURN NULL;
END $$;

DROP TRIGGER clients_updated ON clients;
CREATE TRIGGER clients_updated AFTER UPDATE ON clients REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION announce_updated_clients();
