import assert from 'node:assert/strict';
import { type Agent, Agent as HttpAgent, request as httpRequest, type RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Closing, until, upstreamServer } from '../testing/harness.ts';
import { MeshProcess } from '../testing/mesh-process.ts';
import { movingDocuments } from '../testing/moving.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** A side of a resource, with its fence: it takes writes only while it owns the resource. */
class Side {
  owner: boolean;
  refused = 0;
  /** How often each write was done, by the id in its body. */
  readonly done = new Map<string, number>();

  constructor(owner: boolean) {
    this.owner = owner;
  }

  readonly listener: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      if (!this.owner) {
        this.refused += 1;
        response.writeHead(421).end();
        return;
      }
      this.done.set(body, (this.done.get(body) ?? 0) + 1);
      response.writeHead(201).end();
    });
  };
}

function post(url: string, body: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: 'POST', agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Writers that go on until `stop`, each with its connection. Every reply must be 201. */
function writers(url: string, count: number) {
  const agent = new HttpAgent({ keepAlive: true, maxSockets: count });
  closing.add(() => agent.destroy());
  const acknowledged: string[] = [];
  const wrong: string[] = [];
  let running = true;
  const one = async (writer: number) => {
    for (let n = 0; running; n += 1) {
      const id = `${writer}-${n}`;
      const status = await post(url, id, agent).catch((error: Error) => error.message);
      if (status === 201) acknowledged.push(id);
      else wrong.push(`${id}: ${status}`);
    }
  };
  const all = Array.from({ length: count }, (_, writer) => one(writer));
  return {
    acknowledged,
    wrong,
    async stop() {
      running = false;
      await Promise.all(all);
    },
  };
}

async function platform() {
  const [one, two] = [new Side(true), new Side(false)];
  const [old, next] = [await upstreamServer(closing, one.listener), await upstreamServer(closing, two.listener)];
  const folder = MeshProcess.folder(
    closing,
    movingDocuments({ edgePort: await quietPort(), old: old.port, new: next.port, policy: 'misdirected: {}' }),
  );
  const mesh = await MeshProcess.start(closing, folder, ['--workers', '3'], {});
  const rule = '/routes/brands/rules/writes';
  const shift = (weights: object) => mesh.admin.post(`${rule}/weights`, { weights });
  return { one, two, mesh, rule, shift };
}

function assertDoneOnce(sides: readonly Side[], acknowledged: readonly string[]) {
  for (const id of acknowledged) {
    const times = sides.reduce((sum, { done }) => sum + (done.get(id) ?? 0), 0);
    assert.equal(times, 1, `${id} was done ${times} times`);
  }
}

interface Drained {
  held: boolean;
  inFlightBefore: number;
}

describe('a switch under load, with several workers', () => {
  test('held, drained, fenced, shifted and released: no write reaches the wrong side, and none is lost', async () => {
    const { one, two, mesh, rule, shift } = await platform();
    const load = writers(mesh.edge, 12);
    for (const [from, to, weights] of [
      [one, two, { old: 0, new: 100 }],
      [two, one, { old: 100, new: 0 }],
      [one, two, { old: 0, new: 100 }],
    ] as const) {
      const before = load.acknowledged.length;
      await until(() => load.acknowledged.length > before + 200, 'writes go on', 30_000);
      await mesh.admin.post(`${rule}/hold`, { forMs: 30_000 });
      let drained: Drained;
      do drained = await mesh.admin.get<Drained>(`${rule}/hold?waitMs=1000`);
      while (drained.inFlightBefore > 0);
      const done = from.done.size;
      from.owner = false;
      to.owner = true;
      await shift(weights);
      assert.equal(from.done.size, done, 'nothing arrives while it is held');
      assert.equal((await mesh.admin.delete<{ released: boolean }>(`${rule}/hold`, {})).released, true);
    }
    await load.stop();
    assert.deepEqual(load.wrong, []);
    assertDoneOnce([one, two], load.acknowledged);
    assert.deepEqual([one.refused, two.refused], [0, 0]);
  });

  test('without a hold, and while the workers are replaced: writes are late, and none is lost or done twice', async () => {
    const { one, two, mesh, shift } = await platform();
    const load = writers(mesh.edge, 12);
    await until(() => load.acknowledged.length > 200, 'writes go on', 30_000);
    one.owner = false;
    await until(() => one.refused > 20, 'they are refused, and sent again', 30_000);
    const replaced = mesh.admin.post('/restart', { who: 'test' });
    await shift({ new: 100 });
    two.owner = true;
    await replaced;
    const before = load.acknowledged.length;
    await until(() => load.acknowledged.length > before + 200, 'writes go on at the other side', 30_000);
    await until(
      async () => {
        const { replacement } = await mesh.admin.get<{ replacement: { underWay: boolean } }>('/workers');
        return !replacement.underWay;
      },
      'the workers are new',
      60_000,
    );
    await load.stop();
    assert.deepEqual(load.wrong, []);
    assertDoneOnce([one, two], load.acknowledged);
    const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    assert.match(text, /mesh_misdirected_total\{route="brands",outcome="rerouted"\} \d+/);
  });
});
