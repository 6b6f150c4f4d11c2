import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { ContentFolder } from '@banyan/kit/content';
import { type FakeMesh, startFakeMesh, testEnvironment, testTokens, tokenIssuer } from '@banyan/kit/testing';
import { placesIn } from './config.ts';
import { openStore } from './store.ts';
import { filePart, formBody, formType } from './testing-forms.ts';

const rounds = 6;
const clients = 4;
/** How many uploads of a round are acknowledged before the process is killed in the middle of others. */
const killedAfter = 8;
const hashOf = (content: Buffer) => createHash('sha256').update(content).digest('hex');

let mesh: FakeMesh;
let base: string;
before(async () => {
  mesh = await startFakeMesh({ monolith: tokenIssuer });
  base = await mkdtemp(join(tmpdir(), 'files-killed-'));
});
after(async () => {
  mesh.close();
  await rm(base, { recursive: true, force: true });
});

async function startProcess(): Promise<{ child: ChildProcess; url: string }> {
  const env = { PATH: process.env.PATH, ...testEnvironment(mesh.url), DATA_FOLDER: base };
  const main = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { body, attributes } = JSON.parse(line) as { body: string; attributes?: { url?: string } };
    if (body === 'listening') return { child, url: attributes?.url ?? '' };
  }
  throw new Error('the process ended before it listened');
}

test('kill -9 in the middle of uploads leaves each file with its content, and no content that is never collected', async () => {
  const headers = { authorization: `Bearer ${testTokens.admin}` };
  const acknowledged = new Map<string, string>();
  const deleted = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    const { child, url } = await startProcess();
    const exit = once(child, 'exit');
    let done = 0;
    /** Until the process is gone. */
    const upload = async () => {
      for (let n = 0; ; n += 1) {
        // Every third content is there already.
        const content = n % 3 === 2 ? Buffer.from('the same again') : randomBytes(1 + ((n * 77_777) % 300_000));
        const sent = {
          method: 'POST',
          headers: { ...headers, 'content-type': formType },
          body: formBody([filePart(content)]),
        };
        const reply = await fetch(`${url}/v2/files`, sent).then(async (one) => ({
          status: one.status,
          text: await one.text(),
        }));
        assert.equal(reply.status, 201, reply.text);
        const { id } = (JSON.parse(reply.text) as { data: { id: string } }).data;
        acknowledged.set(id, hashOf(content));
        done += 1;
        if (done === killedAfter) child.kill('SIGKILL');
        if (n % 4 !== 3) continue;
        // It may be deleted and not acknowledged.
        acknowledged.delete(id);
        if ((await fetch(`${url}/v2/files/${id}`, { method: 'DELETE', headers })).status === 204) deleted.add(id);
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: clients }, upload));
    for (const outcome of outcomes)
      assert.ok(outcome.status === 'rejected' && outcome.reason instanceof TypeError, String(outcome));
    await exit;
  }

  const places = placesIn({ DATA_FOLDER: base });
  const folder = new ContentFolder(places.content);
  const store = openStore({ path: places.store, folder, publicUrl: 'http://shop.test', now: Date.now });
  try {
    const { files, total } = await store.list({
      ...{ publicOnly: false, filter: [], sort: undefined },
      page: { limit: 100_000, offset: 0 },
    });
    assert.equal(files.length, total);
    const hashes = new Map(files.map(({ id, contentHash }) => [id, contentHash]));
    for (const [id, hash] of acknowledged) assert.equal(hashes.get(id), hash, 'an acknowledged upload is there');
    for (const id of deleted) assert.equal(hashes.has(id), false, 'an acknowledged deletion is done');
    for (const hash of hashes.values()) assert.ok(await folder.isIntact(hash ?? ''), 'no row is without its content');

    // Everything that is on the disk now is an hour old then.
    await folder.sweep(Date.now() + 3_600_000, (all) => store.namedAmong(all));
    const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
    const left = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    assert.deepEqual(left.sort(), [...new Set(hashes.values())].sort(), 'no content is without its row');
  } finally {
    await store.close();
  }
});
