import { Writable } from 'node:stream';
import { type Clock, systemClock } from '@banyan/kit/clock';
import { createLogger } from '@banyan/kit/log';
import { createTestRedis, type TestRedis } from '@banyan/kit/testing';
import { cartsConfig } from './config.ts';
import { type Service, startService } from './service.ts';

/** A running instance with keys of its own. */
export interface Instance {
  service: Service;
  server: TestRedis;
  /** Lines of its log. */
  lines: string[];
  close(): Promise<void>;
}

/** Credentials of the service at the others. */
export const credentials = { INTROSPECTION_CLIENT_ID: 'services', INTROSPECTION_CLIENT_SECRET: 'let me ask' };

/** @param env besides the addresses of its store and of the mesh */
export async function startInstance(
  meshUrl: string,
  env: Record<string, string> = {},
  now: Clock = systemClock,
): Promise<Instance> {
  const server = await createTestRedis();
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const config = cartsConfig({
    ...{ PORT: '0', REDIS_URL: server.url, REDIS_TAG: server.tag, MESH_URL: meshUrl, PUBLIC_URL: 'http://shop.test' },
    ...{
      PAGE_LENGTH_FRESH_MS: '0',
      CURRENCY_FRESH_MS: '0',
      PROMOTIONS_FRESH_MS: '0',
      FIELDS_FRESH_MS: '0',
      ...credentials,
      ...env,
    },
  });
  const service = await startService(config, createLogger({ level: 'trace', service: 'carts', destination }), now);
  return {
    service,
    server,
    lines,
    close: async () => {
      await service.close();
      await server.drop();
    },
  };
}
