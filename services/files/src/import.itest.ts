import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { rm, utimes, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { contentPaths } from '@banyan/kit/content';
import { digestOf, type State, versionOf } from '@banyan/kit/import';
import { describeImportPaths, migrationToken, moverOf } from '@banyan/kit/testing';
import { type File, linkOf } from './domain.ts';
import { type Instance, startInstance } from './testing.ts';

const hashOf = (content: string) => createHash('sha256').update(content).digest('hex');

describe('moving files to the service and back', () => {
  let instance: Instance;
  before(async () => {
    instance = await startInstance('http://127.0.0.1:9', { MIGRATION_TOKEN: migrationToken });
    await instance.service.ready;
  });
  after(() => instance.close());

  const mover = moverOf(() => instance.service.url, 'files');
  const stateOf = (change: object = {}): State => ({
    ...{ file_name: 'Red Chair é😀.PNG', filter_name: 'red_chair_é😀.png', mime_type: 'image/png', file_size: 5 },
    ...{ public: false, width: 3, height: 2, content_hash: hashOf('chair'), location: null },
    ...{ created_at: '2018-05-10T14:11:32.000123Z', ...change },
  });
  const link = (change: object = {}) =>
    stateOf({ content_hash: null, location: 'https://a.b/c.png', width: null, height: null, file_size: 0, ...change });
  const bringContent = async (content: string) => {
    const { status } = await fetch(instance.service.url + contentPaths.content('files', hashOf(content)), {
      method: 'PUT',
      headers: { authorization: `Bearer ${migrationToken}`, 'content-type': 'application/octet-stream' },
      body: content,
    });
    assert.equal(status, 204);
  };
  const pathOf = (content: string) => instance.service.folder.pathOf(hashOf(content));

  test('a file does not come before its content, and nothing else of its batch does', async () => {
    const [file, other] = [randomUUID(), randomUUID()];
    const changes = [
      { key: other, version: versionOf(0, 1), state: link() },
      { key: file, version: versionOf(0, 1), state: stateOf({ content_hash: hashOf('not here') }) },
    ];
    const { status } = await mover.call('POST', '/internal/import/files', { epoch: 0, changes });
    assert.equal(status, 422);
    assert.deepEqual(await mover.digests({}), []);
  });

  test('files that were brought over have the digest of their state, to the microsecond', async () => {
    await bringContent('chair');
    for (const state of [stateOf(), link({ created_at: '2019-01-01T00:00:00.999999Z', public: true })]) {
      const key = randomUUID();
      assert.equal((await mover.bring(key, state)).outcome, 'applied');
      assert.equal(await mover.digest(key), digestOf(key, state));
      assert.deepEqual(
        (await mover.digests({})).filter((one) => one.key === key),
        [{ key, digest: digestOf(key, state) }],
      );
      await mover.bring(key, null);
      assert.equal(await mover.digest(key), undefined);
    }
    assert.equal(await mover.displaced(), 0);
  });

  test('ranges of keys are bytewise, and end where they say', async () => {
    const keys = ['0', '8', 'f'].map((digit) => `${digit}0000000-0000-4000-8000-000000000000`);
    for (const key of keys) await mover.bring(key, link());
    const found = async (range: object) => (await mover.digests(range)).map(({ key }) => key);
    assert.deepEqual(await found({}), keys);
    assert.deepEqual(await found({ after: keys[0] }), keys.slice(1));
    assert.deepEqual(await found({ after: keys[0], to: keys[1] }), keys.slice(1, 2));
    for (const key of keys) await mover.bring(key, null);
  });

  test('content that is lost or damaged on the disk makes another digest, until it comes again', async () => {
    const key = randomUUID();
    await bringContent('frail');
    const state = stateOf({ content_hash: hashOf('frail') });
    await mover.bring(key, state);
    for (const harm of [() => rm(pathOf('frail')), () => writeFile(pathOf('frail'), 'fraid')]) {
      await harm();
      assert.equal(await mover.digest(key), digestOf(key, { ...state, content_lost: true }));
      await bringContent('frail');
      assert.equal(await mover.digest(key), digestOf(key, state));
    }
  });

  test('content that came and whose file did not is swept, an hour later', async () => {
    await bringContent('orphan');
    const { folder, store } = instance.service;
    const sweep = () => folder.sweep(Date.now() - 3_600_000, (hashes) => store.namedAmong(hashes));
    assert.equal(await sweep(), 0);
    await utimes(pathOf('orphan'), 0, 0);
    const { body } = await mover.call('POST', contentPaths.lacking('files'), { hashes: [hashOf('orphan')] });
    assert.deepEqual([body, await sweep()], [{ lacking: [] }, 0], 'the migration has just asked for it');
    await utimes(pathOf('orphan'), 0, 0);
    assert.equal(await sweep(), 1);
  });

  for (const [what, change] of Object.entries({
    'a hash that is none': { content_hash: '../../etc/passwd' },
    'a negative size': { file_size: -1 },
    'no name': { file_name: '' },
    'a time without microseconds': { created_at: '2018-05-10T14:11:32Z' },
    'half of a pixel': { width: 1.5 },
    'a member less': { public: undefined },
  })) {
    test(`${what} is refused with the reason, without a value`, async () => {
      const key = randomUUID();
      const { outcome, reason = '' } = await mover.bring(key, stateOf(change));
      assert.equal(outcome, 'refused');
      assert.ok(reason.includes(Object.keys(change)[0] ?? ''), reason);
      assert.doesNotMatch(reason, /passwd|2018|-1/);
      assert.equal(await mover.digest(key), undefined);
    });
  }

  const newLink = (): File =>
    linkOf({ id: randomUUID(), name: '', isPublic: true, now: 1_700_000_000_000_000 }, new URL('https://a.b/c.png'));

  test('a service that follows refuses its own writes as misdirected', async () => {
    await assert.rejects(instance.service.store.insert({}, newLink()), { code: 'misdirected' });
    await assert.rejects(instance.service.store.delete({}, randomUUID()), { code: 'misdirected' });
  });

  test('what the service writes as the owner goes back whole, and once', async () => {
    await mover.switchHere();
    const [kept, gone] = [newLink(), newLink()];
    for (const file of [kept, gone]) await instance.service.store.insert({}, file);
    assert.equal(await instance.service.store.delete({}, gone.id), true);
    assert.equal(await instance.service.store.delete({}, gone.id), false);
    const changes = await mover.changes();
    assert.deepEqual(
      new Map(changes.map(({ key, state }) => [key, state])),
      new Map([
        [
          kept.id,
          {
            ...{ file_name: 'c.png', filter_name: 'c.png', mime_type: 'image/png', file_size: 0, public: true },
            ...{ width: null, height: null, content_hash: null, location: 'https://a.b/c.png' },
            created_at: '2023-11-14T22:13:20.000000Z',
          },
        ],
        [gone.id, null],
      ]),
    );
    await mover.acknowledge(changes);
    assert.deepEqual(await mover.changes(), []);
  });
});

describeImportPaths('files', (env) => startInstance('http://127.0.0.1:9', env));
