import { type Clock, systemClock } from '@banyan/kit/clock';
import type { SlowFunction } from '@banyan/kit/secrets';
import { captureLog, createTestMariadb, type TestDatabase, testEnvironment } from '@banyan/kit/testing';
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
  const { logger, lines } = captureLog('customers');
  const config = customersConfig({
    ...testEnvironment(meshUrl),
    ...{ DATABASE_URL: database.url },
    ...{ PAGE_LENGTH_FRESH_MS: '0', CURRENCY_FRESH_MS: '0', FIELDS_FRESH_MS: '0', ...env },
  });
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
