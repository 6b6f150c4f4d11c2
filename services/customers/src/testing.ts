import { Writable } from 'node:stream';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { createLogger } from '@banyan/kit/log';
import type { SlowFunction } from '@banyan/kit/secrets';
import { createTestMariadb, type TestDatabase } from '@banyan/kit/testing';
import { customersConfig } from './config.ts';
import { type Service, startService } from './service.ts';

/** A running instance on a database of its own. */
export interface Instance {
  service: Service;
  database: TestDatabase;
  /** Lines of its log. */
  lines: string[];
  close(): Promise<void>;
}

/** Credentials of the service at the others. */
export const credentials = { INTROSPECTION_CLIENT_ID: 'services', INTROSPECTION_CLIENT_SECRET: 'let me ask' };

/**
 * @param env besides the addresses of its store and of the mesh
 * @param compute what hashes passwords; default: scrypt
 */
export async function startInstance(
  meshUrl: string,
  env: Record<string, string> = {},
  { now = systemClock, compute }: { now?: Clock; compute?: SlowFunction } = {},
): Promise<Instance> {
  const database = await createTestMariadb();
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const config = customersConfig({
    ...{ PORT: '0', DATABASE_URL: database.url, MESH_URL: meshUrl, PUBLIC_URL: 'http://shop.test' },
    ...{ PAGE_LENGTH_FRESH_MS: '0', CURRENCY_FRESH_MS: '0', FIELDS_FRESH_MS: '0', ...credentials, ...env },
  });
  const logger = createLogger({ level: 'trace', service: 'customers', destination });
  const service = await startService(config, logger, now, compute);
  return {
    service,
    database,
    lines,
    close: async () => {
      await service.close();
      await database.drop();
    },
  };
}
