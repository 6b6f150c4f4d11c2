import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type FaultyFront, startFaultyFront } from '../support/faulty-front.ts';
import { type FurtherInstance, startFurtherInstance } from '../support/instances.ts';
import { brands } from '../support/kinds/groups.ts';
import { Ledger } from '../support/ledger.ts';
import { MeshPort } from '../support/mesh-port.ts';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';

const clients = 3;
/** By count, not by time. */
const writesAtEachStop = 40;
const owners = ['monolith', 'service'] as const;
type Owner = (typeof owners)[number];

describe('what settled means, with three instances of the service', { concurrency: false }, () => {
  let platform: Platform;
  let migrator: Migrator;
  let mesh: MeshPort;
  let token: string;
  let edge: Shop;
  const further: FurtherInstance[] = [];
  const fronts: FaultyFront[] = [];
  before(async () => {
    platform = await startPlatform('monolith');
    migrator = new Migrator(platform);
    mesh = new MeshPort(platform);
    further.push(startFurtherInstance(platform, 'brands'), startFurtherInstance(platform, 'brands'));
    await until('three instances', async () => (await mesh.instances('brands')).length === 3);
    token = (await askToken(platform.monolith, platform.client)).access_token;
    edge = new Shop(platform.edge, token);
    await migrator.backfill('brands');
  });
  after(async () => {
    await Promise.all(further.map((one) => one.kill()));
    for (const front of fronts) front.close();
    await platform?.stop();
  });

  const own = async (owner: Owner) => {
    await migrator.switchTo('brands', owner);
    // The reads go to the side that follows.
    await migrator.shift('brands/reads', owner === 'monolith' ? 'brands' : 'monolith');
    await mesh.settled('brands');
  };
  const followersOf = async (owner: Owner) =>
    (owner === 'monolith' ? await mesh.instances('brands') : [platform.monolith]).map((url) => new Shop(url, token));
  const nameAt = async (shop: Shop, path: string): Promise<string | null> => {
    const { status, body } = await shop.get(path);
    return status === 404 ? null : body.data.name;
  };
  const make = async (shop: Shop) => {
    const asked = brands.create(brands.unique(0, 0), 1);
    const reply = await shop.send(asked);
    assert.equal(reply.status, 201, JSON.stringify(reply.body));
    return brands.pathOf('', reply);
  };
  const rename = async (path: string, name: string) => {
    const { status, body } = await edge.send({ method: 'PUT', path, data: { type: 'brand', name } });
    assert.equal(status, 200, JSON.stringify(body));
  };

  for (const owner of owners) {
    test(`the ${owner} owns: a client that has its reply reads what it wrote from every instance of both sides`, async () => {
      await own(owner);
      const sides = [...(await mesh.instances('brands')), platform.monolith].map((url) => new Shop(url, token));
      assert.equal(sides.length, 4);
      const path = await make(edge);
      const isEverywhere = async (expected: string | null) => {
        assert.equal(await nameAt(edge, path), expected);
        assert.deepEqual(
          await Promise.all(sides.map((side) => nameAt(side, path))),
          sides.map(() => expected),
        );
      };
      // On a busy machine a round may take too long: then the mesh reads where it writes, and a side may be behind.
      const settles = () => mesh.settles('brands', 'settled');
      for (let n = 0, read = 0; read < 20; n += 1) {
        const before = await settles();
        await rename(path, `name ${n}`);
        if ((await settles()) === before) continue;
        await isEverywhere(`name ${n}`);
        read += 1;
      }
      assert.equal((await edge.send({ method: 'DELETE', path })).status, 204);
      await mesh.settled('brands');
      await isEverywhere(null);
    });

    test(`the ${owner} owns, and the worker hangs, then dies: no client reads what is older, and no write is held`, async () => {
      await own(owner);
      const [follower] = await followersOf(owner);
      assert.ok(follower);
      const path = await make(edge);
      const ledger = new Ledger({ shop: edge, kind: brands });
      let going = true;
      const writers = Array.from({ length: clients }, (_, client) => ledger.write(client, () => going));
      const writeMore = async (what: string) => {
        const goal = ledger.acknowledged.length + writesAtEachStop;
        await until(what, () => ledger.acknowledged.length >= goal || ledger.faults.length > 0, { limitMs: 60_000 });
        assert.deepEqual(ledger.faults, []);
      };
      try {
        await writeMore('writes while the worker is well');
        const lateBefore = await mesh.settles('brands', 'late');
        const { pid } = platform.stack.processes.migrator ?? {};
        assert.ok(pid);
        process.kill(pid, 'SIGSTOP');
        await writeMore('writes while the worker hangs');
        await rename(path, 'while it hangs');
        assert.equal(await nameAt(edge, path), 'while it hangs', 'read from the side that has it');
        assert.notEqual(await nameAt(follower, path), 'while it hangs', 'the other side is behind');
        const late = (await mesh.settles('brands', 'late')) - lateBefore;
        assert.ok(late > 0 && late <= clients, `${late} writes waited for the worker`);
        assert.ok((await mesh.settles('brands', 'not_held')) >= writesAtEachStop - clients);
        await platform.stack.kill('migrator');
        await writeMore('writes while the worker is dead');
        await rename(path, 'while it is dead');
        assert.equal(await nameAt(edge, path), 'while it is dead');
        assert.notEqual(await nameAt(follower, path), 'while it is dead');
        assert.equal((await mesh.settles('brands', 'late')) - lateBefore, late, 'nothing waits for a dead worker');
        await platform.stack.start('migrator');
        await mesh.settled('brands');
        assert.equal(await nameAt(follower, path), 'while it is dead', 'the other side has caught up');
        await writeMore('writes while the worker is well again');
      } finally {
        going = false;
        await Promise.all(writers);
      }
      assert.deepEqual(ledger.faults, []);
      assert.deepEqual(await ledger.compare(), []);
      assert.deepEqual(await ledger.compare(follower), []);
    });
  }

  for (const owner of owners) {
    test(`the ${owner} owns: a reply that is lost after the commit, and the other side is read`, async () => {
      await own(owner);
      const front = await frontOf(owner);
      let lost = 0;
      front.interfere = async ({ method, path }, pass) => {
        const reply = await pass();
        if (method !== 'POST' || path !== '/v2/brands') return reply;
        assert.equal(reply.status, 201);
        lost += 1;
        return null;
      };
      const [follower] = await followersOf(owner);
      assert.ok(follower);
      for (let n = 1; n <= 10; n += 1) {
        const slug = `lost-${randomUUID()}`;
        const { status } = await edge.send(brands.create(slug, n));
        assert.equal(status, 502, 'the client does not know what came of it');
        assert.equal(lost, n, 'it was sent once');
        const read = `/v2/brands?filter=eq(slug,${slug})`;
        for (const shop of [edge, follower]) assert.equal((await shop.get(read)).body.data.length, 1);
      }
    });
  }

  /** Puts a front between the mesh and the side that owns brands, which is one process then. */
  async function frontOf(owner: Owner): Promise<FaultyFront> {
    const { url = '' } = platform.stack.processes[owner === 'monolith' ? 'monolith' : 'brands'] ?? {};
    const front = await startFaultyFront(url);
    fronts.push(front);
    if (owner === 'monolith') {
      await platform.stack.restart('mesh', { MONOLITH_PORT: String(front.port) });
    } else {
      await Promise.all(further.splice(0).map((one) => one.kill()));
      await platform.stack.restart('brands', { MESH_LEASE_URL: null });
      await mesh.lease('brands', front.port);
    }
    const instances = owner === 'monolith' ? 3 : 1;
    await until('the instances to be known', async () => (await mesh.instances('brands')).length === instances, {
      limitMs: 60_000,
    });
    await mesh.settled('brands');
    return front;
  }
});
