import type { Clock } from '@banyan/kit/clock';
import { captureLog, createTestDatabase, type TestDatabase, testEnvironment } from '@banyan/kit/testing';
import { integrationsConfig } from './config.ts';
import { type Service, startService } from './service.ts';

/** A running instance on a database of its own. */
export interface Instance {
  service: Service;
  database: TestDatabase;
  /** Lines of its log. */
  lines: string[];
  close(): Promise<void>;
}

/** @param env besides the addresses of its store and of the mesh */
export async function startInstance(meshUrl: string, env: Record<string, string> = {}, now?: Clock): Promise<Instance> {
  const database = await createTestDatabase();
  const { logger, lines } = captureLog('integrations');
  const config = integrationsConfig({
    ...testEnvironment(meshUrl),
    ...{ DATABASE_URL: database.url },
    ...{ PAGE_LENGTH_FRESH_MS: '0', CURRENCY_FRESH_MS: '0', WEBHOOK_NETWORKS: '127.0.0.1', ...env },
  });
  const service = await startService(config, logger, now);
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
