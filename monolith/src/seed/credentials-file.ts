import { writeFile } from 'node:fs/promises';
import type { Credentials } from './seed.ts';

/**
 * Writes the credentials, for people and tests; only the owner can read the file. The first client is the demo's own.
 */
export async function writeCredentials(file: string, { clients, customers }: Credentials): Promise<void> {
  const document = {
    clients: clients.map(({ clientId, clientSecret, name, kind }) => ({
      client_id: clientId,
      client_secret: clientSecret,
      name,
      kind,
    })),
    customers: customers.map(({ id, email, password }) => ({ id, email, password })),
  };
  await writeFile(file, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
}
