import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { paths } from '../import/import.ts';
import { type Call, callerOf } from './call.ts';
import { migrationToken } from './mover.ts';

interface Started {
  service: { url: string; ready: Promise<unknown> };
  close(): Promise<void>;
}

/** What holds of the paths of the migration at each service: who may call them, and what they refuse. */
export function describeImportPaths(resource: string, start: (env: Record<string, string>) => Promise<Started>): void {
  describe(`the paths of the migration of ${resource}`, () => {
    let instance: Started;
    let call: Call;
    before(async () => {
      instance = await start({ MIGRATION_TOKEN: migrationToken });
      await instance.service.ready;
      call = callerOf(instance.service.url, `Bearer ${migrationToken}`);
    });
    after(() => instance.close());

    test('another credential, or none, gets 401', async () => {
      for (const authorization of ['', 'Bearer another token of the migration', 'Bearer']) {
        for (const path of [paths.ownership(resource), paths.changes(resource)]) {
          const { status, body } = await call('GET', path, undefined, { authorization });
          assert.deepEqual([status, body.errors[0].status], [401, 401], path);
        }
      }
    });

    test('bodies that make no sense get 4xx and change nothing', async () => {
      const key = randomUUID();
      const senseless = [
        [{ key }],
        [{ key: '', version: 1, state: null }],
        'all',
        [{ key, version: -1, state: null }],
        [{ key, version: 1, state: 'gone' }],
      ];
      for (const changes of senseless) {
        const { status } = await call('POST', paths.incoming(resource), { epoch: 0, changes });
        assert.equal(status, 422, JSON.stringify(changes));
      }
      assert.equal((await call('POST', paths.incoming('others'), { epoch: 0, changes: [] })).status, 404);
      assert.equal((await call('POST', paths.incoming(resource), { epoch: 7, changes: [] })).status, 409);
    });

    test('a service without the credential has none of them', async () => {
      const another = await start({});
      try {
        await another.service.ready;
        const there = callerOf(another.service.url, `Bearer ${migrationToken}`);
        assert.equal((await there('GET', paths.ownership(resource))).status, 404);
      } finally {
        await another.close();
      }
    });
  });
}
