import { type Clock, systemClock } from '@banyan/kit/clock';
import { captureLog, createTestRedis, type TestRedis, testEnvironment } from '@banyan/kit/testing';
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

/** @param env besides the addresses of its store and of the mesh */
export async function startInstance(
  meshUrl: string,
  env: Record<string, string> = {},
  now: Clock = systemClock,
): Promise<Instance> {
  const server = await createTestRedis();
  const { logger, lines } = captureLog('carts');
  const config = cartsConfig({
    ...testEnvironment(meshUrl),
    ...{ REDIS_URL: server.url, REDIS_TAG: server.tag },
    ...{
      PAGE_LENGTH_FRESH_MS: '0',
      CURRENCY_FRESH_MS: '0',
      PROMOTIONS_FRESH_MS: '0',
      FIELDS_FRESH_MS: '0',
      ...env,
    },
  });
  const service = await startService(config, logger, now);
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
