import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { until } from '@banyan/kit/testing';
import { type Moving, openMoving, type RunningWorker } from '../testing/moving.ts';

describe('moving brands', () => {
  let moving: Moving;
  let one: RunningWorker;
  before(async () => {
    moving = await openMoving();
  });
  after(() => moving.drop());
  beforeEach(async () => {
    one = await moving.worker();
  });
  afterEach(async () => {
    const [status] = await one.worker.status();
    if (status?.owner === 'service') await one.run('switch', { target: 'monolith' });
    await one.run('detach');
    await one.stop();
    await moving.monolith.query('delete from brands');
    moving.meshCalls.length = 0;
  });

  const { settle } = { settle: () => one.worker.settle(['brands']) };
  const slugAtMonolith = async (id: string) =>
    (await moving.monolith.query<{ slug: string }>('select slug from brands where id = $1', [id]))[0]?.slug;
  const slugAtService = async (id: string) => (await moving.follower.state(id))?.slug;
  const backfilled = async () => {
    const operation = await one.run('backfill');
    assert.equal(operation.state, 'done', String(operation.result));
  };
  const switched = async (target: 'service' | 'monolith') => {
    const operation = await one.run('switch', { target });
    assert.deepEqual(operation.result, { switched: true, reason: null });
  };
  const stateOf = async (id: string) => {
    const state = await moving.follower.state(id);
    assert.ok(state);
    return state;
  };

  test('a backfill copies everything, and says that both sides are equal', async () => {
    const ids = [];
    for (let n = 0; n < 25; n++) ids.push(await moving.addBrand(`copied-${n}`));
    await backfilled();
    for (const [n, id] of ids.entries()) assert.equal(await slugAtService(id), `copied-${n}`);
    const [status] = await one.worker.status();
    assert.deepEqual(
      [status?.owner, status?.parity?.clean, status?.parity?.compared, status?.open],
      ['monolith', true, 25, 0],
    );
  });

  test('accents, trailing blanks, emoji and microseconds travel unchanged', async () => {
    const id = await moving.addBrand('déjà 😀 ');
    await moving.monolith.query("update brands set created_at = '2018-05-10T14:11:32.000123Z' where id = $1", [id]);
    await backfilled();
    const { slug, created_at } = await stateOf(id);
    assert.deepEqual([slug, created_at], ['déjà 😀 ', '2018-05-10T14:11:32.000123Z']);
  });

  test('changes follow, deletes too', async () => {
    const id = await moving.addBrand('before');
    await backfilled();
    await moving.monolith.query("update brands set slug = 'after' where id = $1", [id]);
    const other = await moving.addBrand('new');
    await settle();
    assert.deepEqual([await slugAtService(id), await slugAtService(other)], ['after', 'new']);
    await moving.monolith.query('delete from brands where id = $1', [id]);
    await settle();
    assert.equal(await slugAtService(id), undefined);
  });

  test('of two updates in one microsecond, the second one stays', async () => {
    const id = await moving.addBrand('first');
    await backfilled();
    for (const slug of ['second', 'third']) {
      await moving.monolith.query("update brands set slug = $2, updated_at = '2020-01-01Z' where id = $1", [id, slug]);
      await settle();
    }
    assert.equal(await slugAtService(id), 'third');
  });

  test('an older transaction that commits last is what the service ends with', async () => {
    const id = await moving.addBrand('original');
    await backfilled();
    const early = await moving.session();
    await early.query('begin');
    await early.query('select now()');
    await moving.monolith.query("update brands set slug = 'late stamp', updated_at = now() where id = $1", [id]);
    await settle();
    await early.query("update brands set slug = 'early stamp', updated_at = now() where id = $1", [id]);
    await early.query('commit');
    await early.end();
    await settle();
    assert.equal(await slugAtService(id), 'early stamp');
  });

  test('a note with a smaller number that is committed later is not lost', async () => {
    const [a, b] = [await moving.addBrand('a'), await moving.addBrand('b')];
    await backfilled();
    const slow = await moving.session();
    await slow.query('begin');
    await slow.query("update brands set slug = 'a2' where id = $1", [a]);
    await moving.monolith.query("update brands set slug = 'b2' where id = $1", [b]);
    await settle();
    assert.deepEqual([await slugAtService(a), await slugAtService(b)], ['a', 'b2']);
    await slow.query('commit');
    await slow.end();
    await settle();
    assert.equal(await slugAtService(a), 'a2');
  });

  test('two rows that swap their slugs end right on both sides, in both directions', async () => {
    const [a, b] = [await moving.addBrand('red'), await moving.addBrand('blue')];
    await backfilled();
    await moving.monolith.query("update brands set slug = 'tmp' where id = $1", [a]);
    await moving.monolith.query("update brands set slug = 'red' where id = $1", [b]);
    await moving.monolith.query("update brands set slug = 'blue' where id = $1", [a]);
    await settle();
    assert.deepEqual([await slugAtService(a), await slugAtService(b)], ['blue', 'red']);
    await switched('service');
    const [stateA, stateB] = [await stateOf(a), await stateOf(b)];
    await moving.follower.write(a, { ...stateA, slug: 'free' });
    await moving.follower.write(b, { ...stateB, slug: 'blue' });
    await moving.follower.write(a, { ...stateA, slug: 'red' });
    await settle();
    assert.deepEqual([await slugAtMonolith(a), await slugAtMonolith(b)], ['red', 'blue']);
  });

  test('a switch moves writes there and back, by the ten steps', async () => {
    const id = await moving.addBrand('moved');
    await backfilled();
    await switched('service');
    assert.deepEqual(moving.meshCalls, [
      'shift brands/reads brands',
      'hold brands/writes',
      'shift brands/writes brands',
      'shift brands/reads brands',
      'release brands/writes',
    ]);
    await assert.rejects(moving.addBrand('refused'), { code: 'BN421' });
    await moving.follower.write(id, { ...(await stateOf(id)), slug: 'written there' });
    await settle();
    assert.equal(await slugAtMonolith(id), 'written there');
    await switched('monolith');
    await moving.monolith.query("update brands set slug = 'written back' where id = $1", [id]);
    await settle();
    assert.equal(await slugAtService(id), 'written back');
    await assert.rejects(moving.follower.write(id, await stateOf(id)), { code: 'misdirected' });
  });

  test('the way back deletes without a cascade, and then deletes what dangles', async () => {
    const id = await moving.addBrand('gone');
    const [product] = await moving.monolith.query<{ id: string }>(
      `insert into products (name, slug, sku, manage_stock, commodity_type) values ('p', 'p', 'p', false, 'digital')
       returning id`,
    );
    await moving.monolith.query('insert into product_brands (product_id, brand_id, position) values ($1, $2, 1)', [
      product?.id,
      id,
    ]);
    await backfilled();
    await switched('service');
    await moving.follower.write(id, null);
    await settle();
    assert.equal(await slugAtMonolith(id), undefined);
    assert.deepEqual(await moving.monolith.query('select from product_brands'), []);
    await moving.monolith.query('delete from products');
  });

  test('integrations of the monolith hear of what the service writes, once for each change', async () => {
    const id = await moving.addBrand('heard');
    const child = await moving.addBrand('child');
    await backfilled();
    await switched('service');
    await moving.monolith.query('delete from shop_events');
    const state = await stateOf(id);
    const made = randomUUID();
    await moving.follower.write(child, { ...(await stateOf(child)), parent_id: id });
    await moving.follower.write(id, { ...state, name: 'Renamed' });
    await moving.follower.write(made, { ...state, slug: 'made', created_at: '2020-01-01T00:00:00.123456Z' });
    await settle();
    await moving.follower.moves.repeat('brands', [id]);
    await settle();
    await moving.follower.write(made, null);
    await settle();
    const events = await moving.monolith.query<{ key: string; entity_id: string; resources: { data?: object } }>(
      'select key, entity_id, resources from shop_events order by seq',
    );
    const told = events.map(({ key, entity_id }) => `${key} ${entity_id}`);
    assert.deepEqual(
      told.toSorted(),
      [`brand.updated ${child}`, `brand.updated ${id}`, `brand.created ${made}`, `brand.deleted ${made}`].toSorted(),
    );
    const renamed = events.find(({ entity_id, key }) => entity_id === id && key === 'brand.updated');
    assert.partialDeepStrictEqual(renamed?.resources.data, {
      type: 'brand',
      name: 'Renamed',
      relationships: { children: { data: [{ type: 'brand', id: child }] } },
    });
    const created = events.find(({ key }) => key === 'brand.created');
    assert.partialDeepStrictEqual(created?.resources.data, {
      meta: { timestamps: { created_at: '2020-01-01T00:00:00.123Z' } },
    });
  });

  test('a transaction that stays open calls the switch off, and is named', async () => {
    const id = await moving.addBrand('held');
    await backfilled();
    const open = await moving.session();
    await open.query('begin');
    await open.query("update brands set slug = 'in flight' where id = $1", [id]);
    const operation = await one.run('switch', { target: 'service' });
    const { switched: done, reason } = operation.result as { switched: boolean; reason: string };
    assert.equal(done, false);
    assert.match(reason, /writes of brands do not end: process \d+ \(.*in a transaction for \d+ s\)/);
    assert.equal(moving.meshCalls.at(-1), 'shift brands/reads monolith');
    await open.query('commit');
    await open.end();
    await settle();
    assert.equal(await slugAtService(id), 'in flight');
    await switched('service');
  });

  test('a mesh that refuses leaves the monolith the owner, and the next switch works', async () => {
    await moving.addBrand('kept');
    await backfilled();
    moving.mesh.refuses = 'hold';
    const operation = await one.run('switch', { target: 'service' });
    moving.mesh.refuses = null;
    assert.deepEqual((operation.result as { switched: boolean }).switched, false);
    await moving.addBrand('still written here');
    await switched('service');
  });

  test('a change that the service refuses is parked with its reason, and nothing is settled', async () => {
    const id = await moving.addBrand('long');
    await backfilled();
    await moving.monolith.query("update brands set description = repeat('x', 1001) where id = $1", [id]);
    await assert.rejects(settle(), /the service refuses .*description/);
    const [status] = await one.worker.status();
    assert.equal(status?.parked.count, 1);
    const refused = await one.run('switch', { target: 'service' });
    assert.match(String(refused.result), /cannot switch: .*refuse/);
    await moving.monolith.query("update brands set description = '' where id = $1", [id]);
    await until('the parked change to be sent', () =>
      settle().then(
        () => true,
        () => false,
      ),
    );
    await switched('service');
  });

  test('TRUNCATE is refused while the resource is attached, with what to do', async () => {
    await moving.addBrand('kept');
    await backfilled();
    await assert.rejects(moving.monolith.query('truncate brands cascade'), /cannot follow TRUNCATE/);
  });

  test('a column that the resource does not know stops the migration and is named', async () => {
    const id = await moving.addBrand('wide');
    await backfilled();
    await moving.monolith.query('alter table brands add column motto text');
    try {
      await moving.monolith.query("update brands set motto = 'x' where id = $1", [id]);
      await until('the relay to see the column', () =>
        settle().then(
          () => false,
          (error: Error) => /does not know the columns brands.motto/.test(error.message),
        ),
      );
    } finally {
      await moving.monolith.query('alter table brands drop column motto');
    }
    await until('the relay to go on', () =>
      settle().then(
        () => true,
        () => false,
      ),
    );
  });

  test('what only the service has, from an earlier migration, goes', async () => {
    const id = await moving.addBrand('leftover');
    await backfilled();
    await one.run('detach');
    await moving.monolith.query('delete from brands where id = $1', [id]);
    await backfilled();
    assert.equal(await slugAtService(id), undefined);
  });

  test('detach leaves nothing behind in the monolith', async () => {
    const id = await moving.addBrand('free');
    await backfilled();
    await one.run('detach');
    assert.deepEqual(await moving.monolith.query("select from pg_namespace where nspname = 'migration'"), []);
    assert.deepEqual(
      await moving.monolith.query("select from pg_trigger where tgrelid = 'brands'::regclass and not tgisinternal"),
      [],
    );
    await moving.monolith.query("update brands set slug = 'x' where id = $1", [id]);
    await backfilled();
  });

  test('a divergent aggregate is found by parity and mended by repair', async () => {
    const [a, b, c] = [await moving.addBrand('a'), await moving.addBrand('b'), await moving.addBrand('c')];
    await backfilled();
    await moving.follower.database.query("update brands set state = json_set(state, '$.name', 'wrong') where id = ?", [
      a,
    ]);
    await moving.follower.database.query('delete from brands where id = ?', [b]);
    const { result } = await one.run('parity');
    assert.deepEqual(
      (result as { listed: { key: string; kind: string }[] }).listed.toSorted((x, y) => (x.key < y.key ? -1 : 1)),
      [
        { key: a, kind: 'different' },
        { key: b, kind: 'missing' },
      ].toSorted((x, y) => (x.key < y.key ? -1 : 1)),
    );
    assert.equal((await one.run('switch', { target: 'service' })).state, 'failed');
    assert.equal((await one.run('repair')).state, 'done');
    assert.deepEqual([await slugAtService(a), await slugAtService(b), await slugAtService(c)], ['a', 'b', 'c']);
  });

  for (const side of ['service', 'monolith'] as const) {
    test(`a ${side} whose store went back to a backup stops the migration, until everything is copied anew`, async () => {
      const id = await moving.addBrand('kept');
      await backfilled();
      await moving.monolith.query("update brands set slug = 'changed' where id = $1", [id]);
      await settle();
      await until('newer versions to be written down', async () => {
        const { monolith, service } = await moving.newestSeen();
        return monolith > 20 && service > 0;
      });
      if (side === 'service') await moving.follower.database.query('update aggregate_versions set version = 1');
      // A restore ends the connections to the server.
      else {
        await moving.monolith.query(
          `select setval('migration.counter', 1), pg_terminate_backend(pid)
           from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
        );
      }
      await until('the worker to see it', () =>
        settle().then(
          () => false,
          (error: Error) => new RegExp(`the store of the ${side} .* backup`).test(error.message),
        ),
      );
      await moving.monolith.query("update brands set slug = 'after the restore' where id = $1", [id]);
      const operation = await one.run('backfill', { full: true });
      assert.equal(operation.state, 'done', String(operation.result));
      assert.equal(await slugAtService(id), 'after the restore');
    });
  }

  test('a second worker waits until the first one is gone, and goes on from there', async () => {
    const id = await moving.addBrand('handed on');
    await backfilled();
    const second = await moving.worker();
    await assert.rejects(second.worker.settle(['brands']), /another worker/);
    await one.stop();
    one = second;
    await moving.monolith.query("update brands set slug = 'by the second' where id = $1", [id]);
    await until('the second worker to take over', () =>
      settle().then(
        () => true,
        () => false,
      ),
    );
    assert.equal(await slugAtService(id), 'by the second');
  });
});
