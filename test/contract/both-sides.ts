import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startInstance } from '@banyan/brands/testing';
import { createLogger } from '@banyan/kit/log';
import { createTestDatabase, serviceAt, startFakeMesh, until } from '@banyan/kit/testing';
import { resources } from '@banyan/migration/resources';
import { startWorker } from '@banyan/migration/worker';
import { startFront } from './front.ts';
import { brandPaths, type Side, startMonolith } from './sides.ts';

const token = 'the token of the migration';

/**
 * Every second request goes to each side, and the migration keeps them in step. A write that reaches the side that does
 * not own brands is sent on to the other one, as the mesh does.
 *
 * @param owner which side owns brands
 */
export async function everySecondRequest(owner: 'monolith' | 'service'): Promise<Side> {
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closing.toReversed()) await end();
  };
  try {
    const { url, tokens, shop } = await startMonolith();
    closing.push(() => shop.close());
    const monolith = serviceAt(url);
    const mesh = await startFakeMesh({ monolith, products: monolith, settings: monolith, currencies: monolith });
    closing.push(() => mesh.close());
    const brands = await startInstance(mesh.url, { MIGRATION_TOKEN: token });
    closing.push(() => brands.close());
    await brands.service.ready;
    mesh.services.brands = serviceAt(brands.service.url);

    const worker = await startTestWorker(shop.shop.config.databaseUrl, mesh.url, closing);
    await worker.run('backfill');
    if (owner === 'service') await worker.run('switch');

    const onMonolith = await startFront((path) => (brandPaths.test(path) ? [url, brands.service.url] : [url]));
    const onService = await startFront((path) => (brandPaths.test(path) ? [brands.service.url, url] : [url]));
    closing.push(
      () => onMonolith.close(),
      () => onService.close(),
    );
    return { urls: [onMonolith.url, onService.url], tokens, settle: worker.settle, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startTestWorker(monolithUrl: string, meshUrl: string, closing: (() => unknown)[]) {
  const own = await createTestDatabase();
  closing.push(() => own.drop());
  const admin = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => admin.listen(0, '127.0.0.1', resolve));
  closing.push(() => admin.close());
  const worker = await startWorker(
    {
      ...{ HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', MIGRATION_TOKEN: token },
      ...{ MONOLITH_DATABASE_URL: monolithUrl, DATABASE_URL: own.url, MESH_URL: meshUrl },
      MESH_ADMIN_URL: `http://127.0.0.1:${(admin.address() as AddressInfo).port}`,
    },
    resources,
    createLogger({ level: 'silent', service: 'migrator' }),
  );
  closing.push(() => worker.close());
  await worker.ready;
  const send = async (method: string, path: string, body?: object) => {
    const reply = await fetch(worker.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    return reply.status === 204 ? undefined : reply.json();
  };
  const operation = async () => {
    const { resources: all } = (await send('GET', '/resources')) as {
      resources: { resource: string; operation: { state: string; result: unknown } | null }[];
    };
    return all.find(({ resource }) => resource === 'brands')?.operation;
  };
  return {
    run: async (verb: string) => {
      await send('POST', `/resources/brands/${verb}`, {});
      const ended = await until(`${verb} to end`, async () => {
        const now = await operation();
        return now?.state === 'running' ? null : now;
      });
      if (ended.state !== 'done') throw new Error(`${verb}: ${String(ended.result)}`);
    },
    settle: async () => {
      await send('POST', '/settle', { resources: ['brands'] });
    },
  };
}
