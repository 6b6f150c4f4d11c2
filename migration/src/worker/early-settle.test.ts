import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@banyan/kit/log';
import { brands } from '../resources/brands.ts';
import { Worker, type WorkerParts } from './worker.ts';

test('a worker that has not read its journal yet calls nothing settled: the resource may move', async () => {
  const attached = Promise.withResolvers<[]>();
  const parts = { resources: [brands], journal: { attached: () => attached.promise } };
  const logger = createLogger({ level: 'silent', service: 'migrator' });
  const worker = new Worker({ ...parts, logger } as unknown as WorkerParts);
  await assert.rejects(worker.settle(['brands']), { code: 'not_ready' });
  const started = worker.start();
  await assert.rejects(worker.settle(['brands']), { code: 'not_ready' });
  attached.resolve([]);
  await started;
  await worker.settle(['brands']);
  await worker.close();
});
