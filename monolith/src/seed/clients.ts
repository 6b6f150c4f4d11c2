import { decoyHash, hashSecret } from '../oauth/secret-hash.ts';
import { type Plan, spread } from './plan.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';

export interface SeededClient {
  id: string;
  name: string;
  clientId: string;
  /** Empty for clients that run in browsers and have no secret. */
  clientSecret: string;
  kind: 'client_credentials' | 'implicit';
  salt: Buffer;
  createdAt: Date;
}

// Of ten clients, four are servers with a secret and six are storefronts, which run in browsers without one.
const withSecretOfTen = 4;

/** The API clients. The first is the demo's administrator, the second a storefront. */
export function planClients(plan: Plan): SeededClient[] {
  const random = new Random(plan.seed, 'clients');
  return Array.from({ length: plan.size.clients }, (_, index) => {
    const withSecret = index === 0 || (index !== 1 && index % 10 < withSecretOfTen);
    const name =
      ['Banyan demo', 'Banyan storefront'][index] ?? `${withSecret ? 'Integration' : 'Storefront'} ${index + 1}`;
    const secret = random.hex(20);
    return {
      id: random.uuid(),
      name,
      clientId: random.hex(20),
      clientSecret: withSecret ? secret : '',
      kind: withSecret ? 'client_credentials' : 'implicit',
      salt: random.bytes(16),
      createdAt: spread(plan, 900, index, plan.size.clients),
    };
  });
}

// Each hash takes 64 MiB while it runs. Two at a time finish before the rows do.
const hashesAtOnce = 2;

/** Starts hashing all secrets in the thread pool; the seed continues meanwhile. */
export async function hashSecrets(clients: readonly SeededClient[], onHash: () => void): Promise<string[]> {
  // No secret matches this hash, so nothing can sign in with it.
  const hashes = clients.map(() => decoyHash);
  const waiting = clients.entries();
  const work = async () => {
    for (const [index, { clientSecret, salt }] of waiting) {
      if (clientSecret === '') continue;
      hashes[index] = await hashSecret(clientSecret, salt);
      onHash();
    }
  };
  await Promise.all(Array.from({ length: hashesAtOnce }, work));
  return hashes;
}

export function clientTable(clients: readonly SeededClient[], hashes: readonly string[]): Table {
  return {
    name: 'api_clients',
    columns: ['id', 'name', 'client_id', 'secret_hash', 'identifier_kinds', 'created_at', 'updated_at'],
    rows: clients.map((client, index): Cell[] => [
      client.id,
      client.name,
      client.clientId,
      hashes[index] ?? decoyHash,
      client.kind === 'implicit' ? ['implicit'] : ['implicit', 'client_credentials'],
      client.createdAt,
      client.createdAt,
    ]),
  };
}
