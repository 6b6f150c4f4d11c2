import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FaultyFront, startFaultyFront } from '../support/faulty-front.ts';
import { brands } from '../support/kinds/groups.ts';
import { Ledger } from '../support/ledger.ts';
import { MeshPort } from '../support/mesh-port.ts';
import { Migrator } from '../support/migrator.ts';
import { openWrite } from '../support/open-writes.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';

const sides = ['monolith', 'service'] as const;
type Side = (typeof sides)[number];
const other = { monolith: 'service', service: 'monolith' } as const;

describe('requests and transactions across a switch', { concurrency: false }, () => {
  let platform: Platform;
  let migrator: Migrator;
  let mesh: MeshPort;
  let edge: Shop;
  /** Past the mesh. */
  let direct: Record<Side, Shop>;
  /** Between the mesh and each side. */
  let fronts: Record<Side, FaultyFront>;
  /** Statuses of the writes of brands that came through the fronts. */
  const arrived: string[] = [];
  before(async () => {
    platform = await startPlatform('monolith');
    migrator = new Migrator(platform);
    mesh = new MeshPort(platform);
    const urls = { monolith: platform.monolith, service: platform.stack.processes.brands?.url ?? '' };
    const { access_token: token } = await askToken(platform.monolith, platform.client);
    edge = new Shop(platform.edge, token);
    direct = { monolith: new Shop(urls.monolith, token), service: new Shop(urls.service, token) };
    fronts = { monolith: await startFaultyFront(urls.monolith), service: await startFaultyFront(urls.service) };
    await platform.stack.restart('brands', { MESH_LEASE_URL: null });
    await platform.stack.restart('mesh', { MONOLITH_PORT: String(fronts.monolith.port) });
    await mesh.lease('brands', fronts.service.port);
    await until('the front to be the only instance', async () => {
      const [url, ...others] = await mesh.instances('brands');
      return others.length === 0 && url?.endsWith(`:${fronts.service.port}`) === true;
    });
    await migrator.backfill('brands');
  });
  after(async () => {
    for (const side of sides) fronts?.[side].close();
    await platform?.stop();
  });

  const own = async (side: Side) => {
    await migrator.switchTo('brands', side);
    await mesh.settled('brands');
    arrived.length = 0;
    for (const one of sides) watch(one);
  };
  /** Notes what becomes of each write at a side, and lets `interfere` come between. */
  const watch = (side: Side, interfere: FaultyFront['interfere'] = (_passing, pass) => pass()) => {
    fronts[side].interfere = (passing, pass) =>
      interfere(passing, async () => {
        const reply = await pass();
        if (passing.method !== 'GET' && passing.path.startsWith('/v2/brands')) {
          arrived.push(`${passing.method} ${reply.status} at the ${side}`);
        }
        return reply;
      });
  };
  /** What is everywhere the same: on each side, there is one brand of this slug, of this value. */
  const isOnce = async (slug: string, value: number) => {
    await migrator.settled('brands');
    for (const shop of [edge, direct.monolith, direct.service]) {
      assert.deepEqual(await brands.find(shop, [slug]), [{ unique: slug, value }]);
    }
  };
  const make = async (slug: string) => brands.pathOf(slug, await edge.send(brands.create(slug, 1)));

  for (const old of sides) {
    const next = other[old];

    test(`from the ${old}: a transaction that stays open calls the switch off, no request fails, and the next switch works`, async () => {
      await own(old);
      const slug = brands.unique(0, 0);
      const id = (await make(slug)).split('/').at(-1) ?? '';
      const ledger = new Ledger({ shop: edge, kind: brands });
      let going = true;
      const writers = [1, 2].map((client) => ledger.write(client, () => going));
      const open = await openWrite(platform, old, id, `${slug} 2`);
      try {
        const { state, result } = await migrator.run('brands', 'switch', { target: next });
        const { switched, reason } = result as { switched: boolean; reason: string };
        assert.deepEqual([state, switched], ['done', false], reason);
        if (old === 'monolith') assert.match(reason, /writes of brands do not end: process \d+ \(left open/);
        const goal = ledger.acknowledged.length + 20;
        await until('writes on the old side', () => ledger.acknowledged.length >= goal || ledger.faults.length > 0);
        assert.equal((await migrator.status('brands')).owner, old);
        if (old === 'monolith') await open.commit();
        // A service's store ends what its process leaves open.
        else await assert.rejects(open.commit());
        await migrator.switchTo('brands', next);
      } finally {
        going = false;
        await Promise.all(writers);
      }
      assert.deepEqual(ledger.faults, []);
      assert.deepEqual(await ledger.compare(), []);
      await isOnce(slug, old === 'monolith' ? 2 : 1);
    });

    test(`from the ${old}: a PUT whose reply is lost is sent again after the switch, and ends on the new side`, async () => {
      await own(old);
      const slug = brands.unique(0, 0);
      const path = await make(slug);
      const committed = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      let puts = 0;
      watch(old, async ({ method }, pass) => {
        if (method !== 'PUT' || puts++ > 0) return pass();
        await pass();
        committed.resolve();
        await gate.promise;
        return null;
      });
      arrived.length = 0;
      const change = brands.change(path, 2);
      assert.ok(change);
      const put = edge.send(change);
      await committed.promise;
      await migrator.switchTo('brands', next);
      gate.resolve();
      assert.equal((await put).status, 200);
      assert.deepEqual(arrived.slice(0, 2), [`PUT 200 at the ${old}`, `PUT 421 at the ${old}`]);
      assert.equal(arrived.at(-1), `PUT 200 at the ${next}`);
      await isOnce(slug, 2);
    });

    test(`from the ${old}: a POST that reaches the old side after the switch is refused there, and made once on the new side`, async () => {
      await own(old);
      const slug = brands.unique(0, 0);
      const reached = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      watch(old, async ({ method, path }, pass) => {
        if (method === 'POST' && path === '/v2/brands') {
          reached.resolve();
          await gate.promise;
        }
        return pass();
      });
      const post = edge.send(brands.create(slug, 1));
      await reached.promise;
      await migrator.switchTo('brands', next);
      gate.resolve();
      assert.equal((await post).status, 201);
      assert.deepEqual(arrived, [`POST 421 at the ${old}`, `POST 201 at the ${next}`]);
      await isOnce(slug, 1);
    });

    test(`from the ${old}: a POST that the mesh holds goes to the new side alone`, async () => {
      await own(old);
      const slug = brands.unique(0, 0);
      const reached = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      // The first change of the owner at the service: the fence there, or the commit point.
      watch('service', async ({ method, path }, pass) => {
        if (method === 'PUT' && path.startsWith('/internal/ownership')) {
          reached.resolve();
          await gate.promise;
        }
        return pass();
      });
      const switched = migrator.switchTo('brands', next);
      await reached.promise;
      const post = edge.send(brands.create(slug, 1));
      await until('the POST to wait', async () => (await mesh.waiting('brands', 'writes')) === 1);
      gate.resolve();
      await switched;
      assert.equal((await post).status, 201);
      assert.deepEqual(arrived, [`POST 201 at the ${next}`]);
      await isOnce(slug, 1);
    });

    test(`from the ${old}: a POST past the mesh, straight to the old side, is made there once or refused with 421`, async () => {
      await own(old);
      const outcomes: { slug: string; status: number; begunMs: number }[] = [];
      let going = true;
      const writers = [1, 2, 3].map(async (client) => {
        for (let round = 0; going; round += 1) {
          const slug = brands.unique(client, round);
          const begunMs = performance.now();
          const { status } = await direct[old].send(brands.create(slug, 1));
          outcomes.push({ slug, status, begunMs });
        }
      });
      const since = (ms: number) => outcomes.filter(({ begunMs }) => begunMs > ms);
      try {
        await until('writes before the switch', () => outcomes.length >= 30);
        await migrator.switchTo('brands', next);
        const switchedMs = performance.now();
        await until('writes after the switch', () => since(switchedMs).length >= 30);
        assert.ok(since(switchedMs).every(({ status }) => status === 421));
      } finally {
        going = false;
        await Promise.all(writers);
      }
      const of = (status: number) => outcomes.filter((one) => one.status === status).map(({ slug }) => slug);
      const [made, refused] = [of(201), of(421)];
      assert.equal(made.length + refused.length, outcomes.length, JSON.stringify(outcomes.map(({ status }) => status)));
      assert.ok(made.length >= 27);
      await migrator.settled('brands');
      for (const shop of [edge, direct.monolith, direct.service]) {
        const found = await brands.find(shop, [...made, ...refused]);
        assert.deepEqual(found.map(({ unique }) => unique).toSorted(), made.toSorted());
      }
    });
  }

  test('both sides are equal at the end', () => migrator.mustBeEqual('brands', 'at the end'));
});
