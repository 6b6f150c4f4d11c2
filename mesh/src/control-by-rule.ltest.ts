import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { cli } from './testing/cli.ts';
import { readsAndWrites } from './testing/config.ts';
import { Closing, testMesh, upstreamServer } from './testing/harness.ts';

let closing: Closing;
let state: string;
beforeEach(() => {
  closing = new Closing();
  state = mkdtempSync(join(tmpdir(), 'mesh-state-'));
  closing.add(() => rmSync(state, { recursive: true }));
});
afterEach(() => closing.close());

async function start() {
  const named = (name: string) =>
    upstreamServer(closing, (request, response) => request.resume().on('end', () => response.end(name)));
  const [old, next] = [await named('old'), await named('new')];
  return testMesh(closing, readsAndWrites({ old: old.port, new: next.port }), { state });
}

describe('weights of named rules', () => {
  test('are set one by one or together, are shown, are in the journal, and survive a restart', async () => {
    const mesh = await start();
    const served = async (at = mesh) =>
      Promise.all(['GET', 'POST'].map(async (method) => (await fetch(at.url, { method })).text()));
    assert.deepEqual(await served(), ['old', 'old']);

    const moved = await cli(mesh, 'shift', 'brands/writes', 'new=100', '--who', 'ann', '--why', 'step 9');
    assert.deepEqual(moved, { code: 0, out: 'brands/writes: old=0 new=100', err: '' });
    assert.deepEqual(await served(), ['old', 'new']);
    const shown = (await cli(mesh, 'status')).out;
    assert.match(shown, /brands\/reads +old 100 %, new 0 % +documents/);
    assert.match(shown, /brands\/writes +old 0 %, new 100 % +ann, /);
    assert.match(
      (await cli(mesh, 'journal')).out,
      /weights +ann +step 9 +\{"route":"brands","rule":"writes","from":\{"old":100,"new":0\},"to":\{"old":0,"new":100\}\}/,
    );
    assert.match((await cli(mesh, 'explain', 'POST', '/x')).out, /route brands, rule 1 \(writes\)[\s\S]*100 % new/);
    assert.match((await cli(mesh, 'explain', 'GET', '/x')).out, /route brands, rule 0 \(reads\)[\s\S]*100 % old/);

    assert.equal(
      (await cli(mesh, 'shift', 'brands', 'new=100')).out,
      'brands/reads: old=0 new=100\nbrands/writes: old=0 new=100',
    );
    assert.deepEqual(await served(), ['new', 'new']);
    assert.equal(mesh.mesh.changes['brands/writes']?.who, 'ann', 'a rule that stays as it is has no new change');

    assert.equal((await cli(mesh, 'shift', 'brands/reads', 'old=100')).code, 0);
    assert.match((await cli(mesh, 'shift', 'brands/write', 'old=100')).err, /no rule "write": they are reads, writes/);
    await mesh.stop();
    assert.deepEqual(await served(await start()), ['old', 'new']);
  });

  test('are refused over HTTP when the route has changed since it was read', async () => {
    const mesh = await start();
    const etag = (await fetch(`${mesh.adminUrl}/routes/brands`)).headers.get('etag') ?? '';
    const put = async () => {
      const reply = await fetch(`${mesh.adminUrl}/routes/brands/rules/reads/weights`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'if-match': etag },
        body: JSON.stringify({ weights: { new: 40 } }),
      });
      return [reply.status, await reply.json()] as const;
    };
    const [status, body] = await put();
    assert.equal(status, 200);
    assert.deepEqual(body, {
      route: 'brands',
      weights: { old: 60, new: 40 },
      rules: [{ rule: 'reads', weights: { old: 60, new: 40 } }],
      generation: 2,
    });
    assert.equal((await put())[0], 412);
  });
});
