import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { versionOf } from '@banyan/kit/import';
import { until } from '@banyan/kit/testing';
import { MigrationError } from '../errors.ts';
import type { ServiceSide } from '../service/service-side.ts';
import { type Moving, openMoving, type RunningWorker } from '../testing/moving.ts';

type Import = ServiceSide['import'];

describe('moving brands, at unlucky moments', () => {
  let moving: Moving;
  let one: RunningWorker;
  /** Takes the place of the call that brings changes to the service. */
  let onImport: ((real: Import, ...args: Parameters<Import>) => ReturnType<Import>) | null = null;
  let onAcknowledge: (() => void) | null = null;
  let onOwnership: (() => void) | null = null;
  /** Each change of the owner is sent twice, as by a mesh that got no reply: the second reply is what the worker gets. */
  let changesTwice = false;
  before(async () => {
    moving = await openMoving((real) => ({
      ...real,
      import: (...args) => (onImport === null ? real.import(...args) : onImport(real.import, ...args)),
      ownership: async (...args) => {
        onOwnership?.();
        return real.ownership(...args);
      },
      acknowledge: async (...args) => {
        onAcknowledge?.();
        return real.acknowledge(...args);
      },
      changeOwnership: async (...args) => {
        if (changesTwice) await real.changeOwnership(...args);
        return real.changeOwnership(...args);
      },
    }));
  });
  after(() => moving.drop());
  beforeEach(async () => {
    one = await moving.worker();
  });
  afterEach(async () => {
    onImport = null;
    onAcknowledge = null;
    onOwnership = null;
    changesTwice = false;
    const [status] = await one.worker.status();
    if (status?.owner === 'service') await one.run('switch', { target: 'monolith' });
    await one.run('detach');
    await one.stop();
    await moving.monolith.query('delete from brands');
  });

  const settle = () => one.worker.settle(['brands']);
  const slugAtService = async (id: string) => (await moving.follower.state(id))?.slug;
  const update = (id: string, slug: string) =>
    moving.monolith.query('update brands set slug = $2 where id = $1', [id, slug]);
  const done = async (verb: 'backfill' | 'switch', target?: 'service' | 'monolith') => {
    const operation = await one.run(verb, target ? { target } : {});
    assert.equal(operation.state, 'done', String(operation.result));
    if (verb === 'switch') assert.deepEqual(operation.result, { switched: true, reason: null });
  };
  /** Holds the first call that carries `key`, until the returned function is called. */
  const holdImportOf = (key: string) => {
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let isFirst = true;
    onImport = async (real, ...args) => {
      const [, , changes] = args;
      if (isFirst && changes.some((change) => change.key === key)) {
        isFirst = false;
        reached.resolve();
        await gate.promise;
      }
      return real(...args);
    };
    return { reached: reached.promise, release: gate.resolve };
  };

  test('an update is not lost while the chunk that holds its row travels', async () => {
    const id = await moving.addBrand('copied');
    const held = holdImportOf(id);
    const backfilled = done('backfill');
    await held.reached;
    await update(id, 'updated meanwhile');
    held.release();
    await backfilled;
    await settle();
    assert.equal(await slugAtService(id), 'updated meanwhile');
  });

  test('a row that is deleted while the chunk that holds it travels does not come back', async () => {
    const id = await moving.addBrand('copied');
    const held = holdImportOf(id);
    const backfilled = done('backfill');
    await held.reached;
    await moving.monolith.query('delete from brands where id = $1', [id]);
    held.release();
    await backfilled;
    await settle();
    assert.equal(await slugAtService(id), undefined);
  });

  test('to settle in the middle of a round waits for a round that begins later', async () => {
    const [a, b] = [await moving.addBrand('a'), await moving.addBrand('b')];
    await done('backfill');
    const held = holdImportOf(a);
    await update(a, 'a2');
    await held.reached;
    await update(b, 'b2');
    const settled = settle();
    held.release();
    await settled;
    assert.equal(await slugAtService(b), 'b2');
  });

  test('a reply that is lost after the commit is sent again, and does no harm', async () => {
    const id = await moving.addBrand('a');
    await done('backfill');
    let lost = 0;
    onImport = async (real, ...args) => {
      const outcomes = await real(...args);
      if (args[2].some(({ key }) => key === id) && lost++ === 0) throw new Error('the reply is lost');
      return outcomes;
    };
    await update(id, 'b');
    await until('the reply to be lost', () => lost > 0);
    assert.equal(await slugAtService(id), 'b');
    await update(id, 'c');
    await until('the changes to be sent again', () =>
      settle().then(
        () => true,
        () => false,
      ),
    );
    assert.equal(await slugAtService(id), 'c');
  });

  test('a batch of an old epoch that arrives after a switch, or after the way back, changes nothing', async () => {
    const id = await moving.addBrand('original');
    await done('backfill');
    let late: (() => ReturnType<Import>) | undefined;
    onImport = (real, ...args) => {
      if (args[2].some(({ key }) => key === id)) late ??= () => real(...args);
      return real(...args);
    };
    await update(id, 'before the switch');
    await settle();
    const state = await moving.follower.state(id);
    assert.ok(state && late);
    const arrivesLate = late;
    await done('switch', 'service');
    await moving.follower.write(id, { ...state, slug: 'written by the service' });
    await assert.rejects(arrivesLate(), /owner at epoch/);
    await done('switch', 'monolith');
    await assert.rejects(arrivesLate(), /follower at epoch/);
    assert.equal(await slugAtService(id), 'written by the service');
  });

  test('changes that the monolith applied, and whose acknowledgement is lost, are applied once', async () => {
    const id = await moving.addBrand('a');
    await done('backfill');
    await done('switch', 'service');
    const state = await moving.follower.state(id);
    assert.ok(state);
    let lost = 0;
    onAcknowledge = () => {
      if (lost++ === 0) throw new Error('the acknowledgement is lost');
    };
    await moving.follower.write(id, { ...state, slug: 'b' });
    await until('the acknowledgement to be lost', () => lost > 0);
    await until('the changes to be acknowledged', () =>
      settle().then(
        () => true,
        () => false,
      ),
    );
    const [row] = await moving.monolith.query<{ slug: string; version: string }>(
      `select slug, (select version from migration.applied where key = id::text) as version from brands where id = $1`,
      [id],
    );
    assert.equal(row?.slug, 'b');
    assert.deepEqual((await moving.follower.moves.changes('brands', 10)).changes, []);
  });

  test('a backfill whose worker is gone goes on from its last chunk', async () => {
    await moving.monolith.query(
      "insert into brands (name, slug) select 'n' || n, 's' || n from generate_series(1, 4500) as n",
    );
    const chunks: number[] = [];
    onImport = async (real, ...args) => {
      if (chunks.length === 1) throw new Error('the worker dies here');
      chunks.push(args[2].length);
      return real(...args);
    };
    const failed = await one.run('backfill');
    assert.equal(failed.state, 'failed');
    onImport = async (real, ...args) => {
      chunks.push(args[2].length);
      return real(...args);
    };
    await one.stop();
    one = await moving.worker();
    await one.run('parity');
    const [status] = await one.worker.status();
    assert.equal(status?.backfill?.doneAt === null, false);
    assert.equal(status?.parity?.clean, true);
    const big = chunks.filter((length) => length > 100);
    assert.deepEqual(big, [1_000, 1_000, 1_000, 1_000, 500], 'no chunk was sent twice');
  });

  test('a backfill waits for a service that is away for a moment', async () => {
    const id = await moving.addBrand('patient');
    let refusals = 0;
    onImport = (real, ...args) => {
      if (refusals++ === 0) throw new MigrationError('target_unavailable', 'the service restarts');
      return real(...args);
    };
    await done('backfill');
    assert.equal(await slugAtService(id), 'patient');
  });

  test('a backfill waits for a service that is ready later than the worker', async () => {
    const id = await moving.addBrand('first');
    let refusals = 0;
    onOwnership = () => {
      if (refusals++ === 0) throw new MigrationError('target_unavailable', 'the service starts');
    };
    await done('backfill');
    assert.equal(await slugAtService(id), 'first');
  });

  test('a change of the owner that the mesh sends again is the change that was asked for', async () => {
    await moving.addBrand('a');
    await done('backfill');
    changesTwice = true;
    await done('switch', 'service');
    await done('switch', 'monolith');
  });

  test('a switch that stopped after the fence is undone by the next worker', async () => {
    const id = await moving.addBrand('a');
    await done('backfill');
    await one.stop();
    await moving.monolith.query("update migration.ownership set state = 'fenced'");
    one = await moving.worker();
    const { result } = await one.run('parity');
    assert.equal((result as { clean: boolean }).clean, true);
    await update(id, 'written again');
    await settle();
    assert.equal(await slugAtService(id), 'written again');
  });

  test('a switch that stopped after the commit point is finished by the next worker', async () => {
    const id = await moving.addBrand('a');
    await done('backfill');
    await one.stop();
    const { ownership } = await moving.follower.moves.ownership('brands');
    await moving.monolith.query("update migration.ownership set state = 'fenced'");
    await moving.follower.moves.changeOwnership('brands', ownership, {
      epoch: ownership.epoch + 1,
      state: 'owner',
      wayBack: true,
    });
    const state = await moving.follower.state(id);
    assert.ok(state);
    await moving.follower.write(id, { ...state, slug: 'written between' });
    one = await moving.worker();
    await one.run('parity');
    await settle();
    const [row] = await moving.monolith.query<{ slug: string }>('select slug from brands where id = $1', [id]);
    assert.equal(row?.slug, 'written between');
  });

  test('a controller that stopped before the commit point cannot hand over after another one has undone', async () => {
    await moving.addBrand('a');
    await done('backfill');
    const { ownership } = await moving.follower.moves.ownership('brands');
    await one.stop();
    await moving.monolith.query("update migration.ownership set state = 'fenced'");
    one = await moving.worker();
    await one.run('parity');
    const late = await moving.follower.moves.changeOwnership('brands', ownership, {
      epoch: ownership.epoch + 1,
      state: 'owner',
      wayBack: true,
    });
    assert.equal(late.changed, false);
    assert.ok(versionOf(late.ownership.epoch, 0) > versionOf(ownership.epoch + 1, 0), 'the epoch was burned');
  });
});
