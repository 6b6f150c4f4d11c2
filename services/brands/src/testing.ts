import { Writable } from 'node:stream';
import { createLogger } from '@banyan/kit/log';
import { createTestMariadb, type TestDatabase } from '@banyan/kit/testing';
import { brandsConfig } from './config.ts';
import { type Service, startService } from './service.ts';

/** A running instance on a database of its own. */
export interface Instance {
  service: Service;
  database: TestDatabase;
  /** Lines of its log. */
  lines: string[];
  /** The environment of another instance on the same database. */
  place: Record<string, string>;
  outage: { begin(): Promise<void>; end(): Promise<void> };
  close(): Promise<void>;
}

/** Credentials of the service at the others. */
export const credentials = { INTROSPECTION_CLIENT_ID: 'services', INTROSPECTION_CLIENT_SECRET: 'let me ask' };

/** @param env besides the addresses of its store and of the mesh */
export async function startInstance(meshUrl: string, env: Record<string, string> = {}): Promise<Instance> {
  const database = await createTestMariadb();
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const config = brandsConfig({
    ...{ PORT: '0', DATABASE_URL: database.url, MESH_URL: meshUrl, PUBLIC_URL: 'http://shop.test' },
    ...{ PAGE_LENGTH_FRESH_MS: '0', CURRENCY_FRESH_MS: '0', FIELDS_FRESH_MS: '0', ...credentials, ...env },
  });
  const service = await startService(config, createLogger({ level: 'trace', service: 'brands', destination }));
  return {
    service,
    database,
    lines,
    place: { DATABASE_URL: database.url },
    outage: { begin: () => database.takeDown(), end: () => database.bringBack() },
    close: async () => {
      await service.close();
      await database.drop();
    },
  };
}
