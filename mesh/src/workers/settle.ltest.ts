import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Closing, until, upstreamServer } from '../testing/harness.ts';
import { MeshProcess } from '../testing/mesh-process.ts';
import { movingDocuments } from '../testing/moving.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

test('a write that one worker could not settle is known to all before its reply, until a later round succeeds', async () => {
  let status = 204;
  const side = (name: string) =>
    upstreamServer(closing, (request, response) => request.resume().on('end', () => response.end(name)));
  const [old, next] = [await side('old'), await side('new')];
  const migrator = await upstreamServer(closing, (request, response) =>
    request.resume().on('end', () => response.writeHead(status).end()),
  );
  const folder = MeshProcess.folder(
    closing,
    movingDocuments({
      edgePort: await quietPort(),
      old: old.port,
      new: next.port,
      migrator: migrator.port,
      policy: 'settle: { service: { name: migrator, port: 80 }, resources: [brands], after: {} }',
    }),
  );
  const mesh = await MeshProcess.start(closing, folder, ['--workers', '3'], {});
  await mesh.admin.post('/routes/brands/rules/reads/weights', { weights: { new: 100 } });
  /** On new connections, which the primary distributes round-robin. */
  const ask = async (method: string) => (await fetch(mesh.edge, { method, headers: { connection: 'close' } })).text();
  const readAll = async () => Promise.all(Array.from({ length: 6 }, () => ask('GET')));
  const settledNow = ['new', 'new', 'new', 'new', 'new', 'new'];
  await until(async () => (await readAll()).join() === settledNow.join(), 'every worker trusts the other side');
  for (let round = 0; round < 5; round += 1) {
    status = 503;
    for (let write = 0; write < 4; write += 1) {
      assert.equal(await ask('POST'), 'old');
      assert.deepEqual(await readAll(), ['old', 'old', 'old', 'old', 'old', 'old']);
    }
    const { settles } = await mesh.admin.get<{ settles: { settled: boolean }[] }>('/settles');
    assert.deepEqual(
      settles.map(({ settled }) => settled),
      [false],
    );
    status = 204;
    await until(async () => (await readAll()).join() === settledNow.join(), 'every worker trusts it again');
  }
  const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
  assert.match(text, /mesh_settles_total\{route="brands",when="after",outcome="not_held"\} \d+/);
  assert.match(text, /mesh_unsettled\{settles="migrator:80 brands"\} 0/);
});
