import { type Resource, timeText } from './resource.ts';

/**
 * API clients: one row each. The monolith stays their only writer, because the auth service has no route that writes one:
 * nothing comes back, and the route `token` moves by weights. Secrets travel as the hashes that the monolith has.
 */
export const authClients: Resource = {
  name: 'auth-clients',
  group: 'auth-clients',
  service: 'auth',
  route: 'token',
  summary: 'API clients, which the monolith alone writes',
  tables: [
    {
      name: 'api_clients',
      key: 'id',
      columns: ['id', 'name', 'client_id', 'secret_hash', 'identifier_kinds', 'created_at', 'updated_at', 'revoked_at'],
    },
  ],
  states: `
    select id::text as key, jsonb_build_object(
      'client_id', client_id, 'name', name, 'secret_hash', secret_hash, 'identifier_kinds', identifier_kinds,
      'created_at', ${timeText('created_at')}, 'updated_at', ${timeText('updated_at')},
      'revoked_at', ${timeText('revoked_at')}) as state
    from api_clients where id = any($1::text[]::uuid[])`,
  keys: 'select id::text as key from api_clients where ($1::uuid is null or id > $1::uuid) order by id limit $2',
  count: 'select count(*)::int as count from api_clients',
};
