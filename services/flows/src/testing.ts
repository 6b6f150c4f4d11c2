import { captureLog, createTestMariadb, type TestDatabase, testEnvironment } from '@banyan/kit/testing';
import { flowsConfig } from './config.ts';
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
export async function startInstance(meshUrl: string, env: Record<string, string> = {}): Promise<Instance> {
  const database = await createTestMariadb();
  const { logger, lines } = captureLog('flows');
  const config = flowsConfig({
    ...testEnvironment(meshUrl),
    ...{ DATABASE_URL: database.url, PAGE_LENGTH_FRESH_MS: '0', CURRENCY_FRESH_MS: '0', ...env },
  });
  const service = await startService(config, logger);
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
