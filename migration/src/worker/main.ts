import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger } from '@banyan/kit/log';
import { resources } from '../resources/resources.ts';
import { parseConfig } from './config.ts';
import { startWorker } from './service.ts';

try {
  const config = parseConfig(process.env);
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'migrator' });
  closeOnSignal(await startWorker(config, resources, logger), logger);
} catch (error) {
  process.stderr.write(`migrator: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
