import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { JournalEntry } from '../control/journal.ts';
import { cli } from '../testing/cli.ts';
import { readsAndWrites } from '../testing/config.ts';
import { Closing, type TestMesh, testMesh, until, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** `old` replies when the test says so, `new` at once. */
async function platform() {
  const open: ServerResponse[] = [];
  const old = await upstreamServer(closing, (request, response) =>
    request.resume().on('end', () => {
      if (request.method === 'GET') response.end('old');
      else open.push(response);
    }),
  );
  const next = await upstreamServer(closing, (request, response) =>
    request.resume().on('end', () => response.end('new')),
  );
  const mesh = await testMesh(closing, readsAndWrites({ old: old.port, new: next.port }));
  const ask = async (method: string) => (await fetch(mesh.url, { method })).text();
  return { mesh, open, ask };
}

interface Status {
  held: boolean;
  waiting: number;
  passed: number;
  inFlight: number;
  inFlightBefore: number;
}

const statusOf = async ({ adminUrl }: TestMesh, target = 'rules/writes', query = '') =>
  (await (await fetch(`${adminUrl}/routes/brands/${target}/hold${query}`)).json()) as Status;

describe('a hold', () => {
  test('moves a rule without a request to the wrong side: hold, drain, shift, release', async () => {
    const { mesh, open, ask } = await platform();
    const before = ask('POST');
    await until(() => open.length === 1, 'one is in flight');
    const early = await cli(mesh, 'hold', 'brands/writes', '--for', '30s', '--who', 'ann', '--why', 'step 2');
    assert.deepEqual(early, { code: 0, out: 'brands/writes: held for 30s; in flight from before: 1', err: '' });
    const held = [ask('POST'), ask('DELETE')];
    assert.equal(await ask('GET'), 'old', 'reads go on');
    await until(async () => (await statusOf(mesh)).waiting === 2, 'they wait');
    assert.match((await cli(mesh, 'status')).out, /New requests of brands\/writes wait, for \d+ ms more/);
    assert.equal((await statusOf(mesh)).inFlightBefore, 1);
    const drained = statusOf(mesh, 'rules/writes', '?waitMs=1500');
    open[0]?.end('old');
    assert.equal(await before, 'old');
    assert.equal((await drained).inFlightBefore, 0);
    await cli(mesh, 'shift', 'brands/writes', 'new=100');
    assert.deepEqual(await cli(mesh, 'release', 'brands/writes'), { code: 0, out: 'brands/writes: released', err: '' });
    assert.deepEqual(await Promise.all(held), ['new', 'new']);
    assert.equal(open.length, 1);

    const reply = (await (await fetch(`${mesh.adminUrl}/journal`)).json()) as { entries: JournalEntry[] };
    assert.deepEqual(
      reply.entries.map(({ what }) => what),
      ['released', 'weights', 'held', 'started'],
    );
    assert.deepEqual(reply.entries[2]?.details, { route: 'brands', rule: 'writes', forMs: 30_000, maxWaiting: 1000 });
  });

  test('ends by itself: then the requests go where they would have gone, and a release says so', async () => {
    const { mesh, open, ask } = await platform();
    assert.equal((await cli(mesh, 'hold', 'brands/writes', '--for', '200ms')).code, 0);
    const posted = ask('POST');
    await until(() => open.length === 1, 'it goes on');
    open[0]?.end('old');
    assert.equal(await posted, 'old');
    assert.equal((await statusOf(mesh)).held, false);
    const released = await cli(mesh, 'release', 'brands/writes');
    assert.equal(released.code, 1);
    assert.match(released.err, /brands\/writes was not held/);
  });

  test('with --wait fails when requests have not ended by then, and stays', async () => {
    const { mesh, open, ask } = await platform();
    const posted = ask('POST');
    await until(() => open.length === 1, 'one is in flight');
    const held = await cli(mesh, 'hold', 'brands/writes', '--for', '30s', '--wait', '50ms');
    assert.equal(held.code, 1);
    assert.match(held.err, /1 requests have not ended within 50ms/);
    assert.equal((await statusOf(mesh)).held, true);
    open[0]?.end('old');
    await posted;
    assert.equal((await cli(mesh, 'hold', 'brands/writes', '--wait', '1s')).code, 0);
  });

  test('of a route holds all its rules; more requests than may wait go on', async () => {
    const { mesh, open, ask } = await platform();
    await cli(mesh, 'hold', 'brands', '--for', '30s', '--max', '1');
    const waiting = ask('GET');
    await until(async () => (await statusOf(mesh, '.')).waiting === 1, 'one waits');
    const passed = ask('POST');
    await until(() => open.length === 1, 'the second goes on');
    open[0]?.end('old');
    assert.equal(await passed, 'old');
    assert.equal((await statusOf(mesh, '.')).passed, 1);
    await cli(mesh, 'release', 'brands');
    assert.equal(await waiting, 'old');
  });

  test('keeps no request past its deadline', async () => {
    const { mesh } = await platform();
    await cli(mesh, 'hold', 'brands/writes', '--for', '30s');
    const response = await fetch(mesh.url, { method: 'POST', headers: { 'x-request-timeout-ms': '100' } });
    assert.equal(response.status, 504);
    assert.equal((await statusOf(mesh)).waiting, 0);
  });

  test('is refused for what is not there, and for nonsense', async () => {
    const { mesh } = await platform();
    for (const [args, err] of [
      [['hold', 'brand/writes'], /no route "brand"/],
      [['hold', 'brands/write'], /no rule "write": they are reads, writes/],
      [['hold', 'brands/writes', '--for', '5'], /--for must be a duration/],
      [['hold', 'brands/writes', '--for', '61s'], /"forMs" must be a whole number from 1 to 60000/],
      [['hold', 'brands/writes', '--max', 'x'], /--max must be a whole number/],
      [['release', 'brands/write'], /no rule "write"/],
    ] as const) {
      const refused = await cli(mesh, ...args);
      assert.equal(refused.code, 1);
      assert.match(refused.err, err);
    }
    assert.equal((await fetch(`${mesh.adminUrl}/routes/brands/rules/write/hold`)).status, 404);
    assert.equal((await fetch(`${mesh.adminUrl}/routes/brands/hold?waitMs=1501`)).status, 422);
    assert.deepEqual((await mesh.mesh.status).refused, []);
  });
});
