import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { fixture } from '../testing.ts';
import { isFree, planPorts } from './ports.ts';
import { readTopology } from './read.ts';

const { services } = readTopology(fixture('storeless.yml'), {});
const all = Object.values(services);
const flat = (ports: Map<string, Map<number, number>>) => [...ports.values()].flatMap((mine) => [...mine.values()]);

describe('ports', () => {
  test("are the file's where they are free", async () => {
    const { ports, taken } = await planPorts(all, 'compose', 'seed', async () => true);
    assert.deepEqual(flat(ports), [3000, 8080, 9990]);
    assert.deepEqual(taken, []);
  });

  test('taken ports are replaced, and the replacement is reported', async () => {
    const { ports, taken } = await planPorts(all, 'compose', 'seed', async (port) => port !== 8080);
    const instead = ports.get('edge')?.get(8080);
    assert.deepEqual(taken, [{ service: 'edge', port: 8080, instead }]);
    assert.ok(instead !== undefined && instead >= 20_000);
  });

  test('free ports are derived from the folder and never collide', async () => {
    const again = await Promise.all(['a', 'a', 'b'].map((seed) => planPorts(all, 'auto', seed, async () => true)));
    const [first, second, other] = again.map(({ ports }) => flat(ports));
    assert.deepEqual(first, second);
    assert.notDeepEqual(first, other);
    assert.equal(new Set(first).size, first?.length);
  });

  test('a port with a listener is not free', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    assert.equal(await isFree(port), false);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await isFree(port), true);
  });
});
