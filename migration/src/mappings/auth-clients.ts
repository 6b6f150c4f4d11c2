import type { Mapping } from './mapping.ts';

/**
 * API clients: from the monolith's `api_clients` to the auth service. The service decides how a row is applied. This
 * tool calls the procedures in the schema `import` of the service's database and names none of its tables.
 */
export const authClients: Mapping = {
  name: 'auth-clients',
  summary: 'API clients, from the monolith to auth',
  source: {
    variable: 'MONOLITH_DATABASE_URL',
    hint: 'start the monolith once, it creates its tables',
    rows: `
      select id, updated_at as changed_at, jsonb_build_object(
        'id', id, 'client_id', client_id, 'name', name, 'secret_hash', secret_hash,
        'identifier_kinds', identifier_kinds, 'created_at', created_at, 'updated_at', updated_at,
        'revoked_at', revoked_at) as row
      from api_clients`,
    // Must have the same fields as the view import.clients of the auth service, with the same names and units.
    comparable: `
      select id, updated_at as version, jsonb_build_object(
        'client_id', client_id,
        'name', name,
        'identifier_kinds', (select coalesce(string_agg(kind, ',' order by kind collate "C"), '')
                             from unnest(identifier_kinds) as kind),
        'secret', encode(sha256(convert_to(secret_hash, 'UTF8')), 'hex'),
        'created_at', (extract(epoch from created_at) * 1000000)::bigint,
        'updated_at', (extract(epoch from updated_at) * 1000000)::bigint,
        'revoked_at', (extract(epoch from revoked_at) * 1000000)::bigint) as fields
      from api_clients`,
  },
  target: {
    variable: 'AUTH_DATABASE_URL',
    hint: 'start the auth service once, it creates its schema',
    apply: 'select applied_id, outcome from import.apply_clients($1::jsonb, $2)',
    remove: 'select removed_id from import.remove_clients($1::jsonb) as removed_id',
    comparable: 'select id, version, fields from import.clients',
    progress: 'import.progress',
  },
};
