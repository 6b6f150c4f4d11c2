import type { Mapping } from './mapping.ts';

/**
 * API clients: `api_clients` of the monolith to the auth service. The service decides what a row means to it: this tool
 * calls the procedure that the service publishes in the schema `import` of its database and names none of its tables.
 */
export const authClients: Mapping = {
  name: 'auth-clients',
  summary: 'API clients, from the monolith to auth',
  source: {
    variable: 'MONOLITH_DATABASE_URL',
    hint: 'start the monolith once, it makes its tables',
    rows: `
      SELECT id, updated_at AS changed_at, jsonb_build_object(
        'id', id, 'client_id', client_id, 'name', name, 'secret_hash', secret_hash,
        'identifier_kinds', identifier_kinds, 'created_at', created_at, 'updated_at', updated_at,
        'revoked_at', revoked_at) AS row
      FROM api_clients`,
    // Field for field what the view import.clients of the auth service says: same names, same units.
    comparable: `
      SELECT id, updated_at AS version, jsonb_build_object(
        'client_id', client_id,
        'name', name,
        'identifier_kinds', (SELECT coalesce(string_agg(kind, ',' ORDER BY kind COLLATE "C"), '')
                             FROM unnest(identifier_kinds) AS kind),
        'secret', encode(sha256(convert_to(secret_hash, 'UTF8')), 'hex'),
        'created_at', (extract(epoch FROM created_at) * 1000000)::bigint,
        'updated_at', (extract(epoch FROM updated_at) * 1000000)::bigint,
        'revoked_at', (extract(epoch FROM revoked_at) * 1000000)::bigint) AS fields
      FROM api_clients`,
  },
  target: {
    variable: 'AUTH_DATABASE_URL',
    hint: 'start the auth service once, it makes its schema',
    apply: 'SELECT applied_id, outcome FROM import.apply_clients($1::jsonb, $2)',
    remove: 'SELECT removed_id FROM import.remove_clients($1::jsonb) AS removed_id',
    comparable: 'SELECT id, version, fields FROM import.clients',
    progress: 'import.progress',
  },
};
