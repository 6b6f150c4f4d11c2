import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type FaultyFront, type Interfere, startFaultyFront } from '../support/faulty-front.ts';
import { carts } from '../support/kinds/carts.ts';
import { integrations } from '../support/kinds/integrations.ts';
import type { Kind } from '../support/kinds/kind.ts';
import { MeshPort } from '../support/mesh-port.ts';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { type Asked, Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';

const sides = ['monolith', 'service'] as const;
type Side = (typeof sides)[number];
const other = { monolith: 'service', service: 'monolith' } as const;
const kinds: readonly Kind[] = [carts, integrations];
/**
 * What becomes of a POST and of the same one again, if the second reaches the old side after the switch. The monolith gives
 * a reply that it keeps no matter who the owner is, because it writes nothing for that; a service sends the request to the owner.
 */
const again: Readonly<Record<Side, readonly string[]>> = {
  monolith: ['POST 201 at the monolith', 'POST 201 at the monolith'],
  service: ['POST 201 at the service', 'POST 421 at the service', 'POST 201 at the monolith'],
};

describe('a POST with an Idempotency-Key across a switch', { concurrency: false }, () => {
  let platform: Platform;
  let migrator: Migrator;
  let mesh: MeshPort;
  let token: string;
  let edge: Shop;
  /** Between the mesh and each side, by the resource: the monolith has one. */
  const fronts = new Map<string, FaultyFront>();
  const frontOf = ({ resource }: Kind, side: Side): FaultyFront =>
    fronts.get(side === 'monolith' ? side : resource) ?? assert.fail(`no front of ${resource}`);
  /** What became of the POSTs that came through the fronts. */
  const arrived: string[] = [];

  before(async () => {
    platform = await startPlatform('monolith');
    migrator = new Migrator(platform);
    mesh = new MeshPort(platform);
    token = (await askToken(platform.monolith, platform.client)).access_token;
    edge = new Shop(platform.edge, token);
    const monolith = await startFaultyFront(platform.monolith);
    fronts.set('monolith', monolith);
    for (const { resource } of kinds) {
      fronts.set(resource, await startFaultyFront(urlOf(resource)));
      await platform.stack.restart(resource, { MESH_LEASE_URL: null });
    }
    await platform.stack.restart('mesh', { MONOLITH_PORT: String(monolith.port) });
    for (const kind of kinds) {
      const { port } = frontOf(kind, 'service');
      await mesh.lease(kind.resource, port);
      await until(`the front of ${kind.resource} to be the only instance`, async () => {
        const [url, ...others] = await mesh.instances(kind.resource);
        return others.length === 0 && url?.endsWith(`:${port}`) === true;
      });
      await migrator.backfill(kind.resource);
    }
  });
  after(async () => {
    for (const front of fronts.values()) front.close();
    await platform?.stop();
  });

  const urlOf = (resource: string) => platform.stack.processes[resource]?.url ?? '';
  const own = async (kind: Kind, side: Side) => {
    await migrator.switchTo(kind.resource, side);
    await mesh.settled(kind.resource);
    arrived.length = 0;
    for (const one of sides) watch(kind, one);
  };
  /** Notes what becomes of each POST at a side, and lets `interfere` come between. */
  const watch = (kind: Kind, side: Side, interfere: Interfere = (_passing, pass) => pass()) => {
    frontOf(kind, side).interfere = async (passing, pass) => {
      if (passing.method !== 'POST' || !passing.path.startsWith(`/v2/${kind.resource}`)) return pass();
      return interfere(passing, async () => {
        const reply = await pass();
        arrived.push(`POST ${reply.status} at the ${side}`);
        return reply;
      });
    };
  };
  /** A POST that makes something of its own, and the same one again. */
  const keyed = (kind: Kind) => {
    const unique = kind.unique(0, 0);
    const headers = { 'idempotency-key': randomUUID() };
    const post = (value = 1): Asked => ({ ...kind.create(unique, value), headers });
    return { unique, post };
  };
  /** What was made is there once on each side. Deletes it, because there may be few. */
  const wasOnce = async (kind: Kind, unique: string, body: { data: unknown }) => {
    await migrator.settled(kind.resource);
    const shops = [platform.edge, platform.monolith, urlOf(kind.resource)].map((url) => new Shop(url, token));
    for (const shop of shops) assert.deepEqual(await kind.find(shop, [unique]), [{ unique, value: 1 }]);
    const path = kind.pathOf(unique, { status: 201, body });
    const { status } = await edge.send({ method: 'DELETE', path });
    assert.ok(status === 200 || status === 204, `DELETE ${path}: ${status}`);
  };

  for (const kind of kinds) {
    for (const old of sides) {
      const next = other[old];
      const from = `of ${kind.resource} from the ${old}`;

      test(`${from} gets its first reply when it is repeated after the switch, and after the switch back`, async () => {
        await own(kind, old);
        const { unique, post } = keyed(kind);
        const first = await edge.send(post());
        assert.equal(first.status, 201, JSON.stringify(first.body));
        await migrator.switchTo(kind.resource, next);
        assert.deepEqual(await edge.send(post()), first);
        const reused = await edge.send(post(2));
        assert.deepEqual([reused.status, reused.body.errors?.[0]?.title], [422, 'Idempotency-Key reused']);
        await migrator.switchTo(kind.resource, old);
        assert.deepEqual(await edge.send(post()), first);
        const at = [old, next, next, old].map((side, index) => `POST ${index === 2 ? 422 : 201} at the ${side}`);
        assert.deepEqual(arrived, at);
        await wasOnce(kind, unique, first.body);
      });

      for (const side of [old, next]) {
        test(`${from} that is in flight at the switch gets the reply of its twin at the ${side}`, async () => {
          await own(kind, old);
          const { unique, post } = keyed(kind);
          const reached = Promise.withResolvers<void>();
          const gate = Promise.withResolvers<void>();
          let posts = 0;
          watch(kind, old, async (_passing, pass) => {
            if (posts++ > 0) return pass();
            reached.resolve();
            await gate.promise;
            return pass();
          });
          const late = edge.send(post());
          await reached.promise;
          const sendTwin = async () => {
            const reply = await edge.send(post());
            assert.equal(reply.status, 201, JSON.stringify(reply.body));
            assert.deepEqual(arrived, [`POST 201 at the ${side}`]);
            return reply;
          };
          const before = side === old ? await sendTwin() : null;
          await migrator.switchTo(kind.resource, next);
          const twin = before ?? (await sendTwin());
          gate.resolve();
          assert.deepEqual(await late, twin);
          if (side === old) assert.deepEqual(arrived, again[old]);
          await wasOnce(kind, unique, twin.body);
        });
      }

      test(`${from} whose reply is lost at the switch is sent again, and gets it`, async () => {
        await own(kind, old);
        const { unique, post } = keyed(kind);
        const replied = Promise.withResolvers<unknown>();
        const gate = Promise.withResolvers<void>();
        let posts = 0;
        watch(kind, old, async (_passing, pass) => {
          if (posts++ > 0) return pass();
          replied.resolve(JSON.parse((await pass()).body.toString()));
          await gate.promise;
          return null;
        });
        const sent = edge.send(post());
        const lost = await replied.promise;
        await migrator.switchTo(kind.resource, next);
        gate.resolve();
        const { status, body } = await sent;
        assert.deepEqual({ status, body }, { status: 201, body: lost });
        assert.deepEqual(arrived, again[old]);
        await wasOnce(kind, unique, body);
      });

      test(`${from} and its twin, both held by the mesh, act once on the new side`, async () => {
        await own(kind, old);
        const { unique, post } = keyed(kind);
        const reached = Promise.withResolvers<void>();
        const gate = Promise.withResolvers<void>();
        const service = frontOf(kind, 'service');
        const noting = service.interfere;
        // The first change of the owner at the service: the fence there, or the commit point.
        service.interfere = async (passing, pass) => {
          if (passing.method === 'PUT' && passing.path.startsWith('/internal/ownership')) {
            reached.resolve();
            await gate.promise;
          }
          return noting(passing, pass);
        };
        const switched = migrator.switchTo(kind.resource, next);
        await reached.promise;
        const twins = [edge.send(post()), edge.send(post())];
        await until('both to wait', async () => (await mesh.waiting(kind.resource, 'writes')) === 2);
        gate.resolve();
        await switched;
        const [one, two] = await Promise.all(twins);
        assert.ok(one);
        assert.equal(one.status, 201, JSON.stringify(one.body));
        assert.deepEqual(two, one);
        assert.deepEqual(arrived, Array(2).fill(`POST 201 at the ${next}`));
        await wasOnce(kind, unique, one.body);
      });
    }

    test(`both sides of ${kind.resource} are equal at the end`, () =>
      migrator.mustBeEqual(kind.resource, 'at the end'));
  }
});
