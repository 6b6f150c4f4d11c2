import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { ContentStore } from './content-store.ts';

let store: ContentStore;
before(async () => {
  store = new ContentStore(await mkdtemp(join(tmpdir(), 'banyan-content-')));
});
after(() => rm(store.folder, { recursive: true, force: true }));

test('uploads that break off while their files are opened leave nothing', async () => {
  for (let round = 0; round < 1_000; round++) {
    const source = new Readable({ read() {} });
    source.on('error', () => {});
    source.push(Buffer.from('half'));
    source.destroy(new Error('cut off'));
    await assert.rejects(store.receive(source));
  }
  assert.deepEqual(await readdir(store.incoming), []);
});
