import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ServiceError } from '@banyan/kit/errors';
import { until } from '@banyan/kit/testing';
import type { Target } from '../journal/journal.ts';
import { type Decide, Fate, type Fault } from '../testing/fate.ts';
import { type Moving, openMoving, type RunningWorker } from '../testing/moving.ts';
import type { WorkerParts } from './worker.ts';

/** Each client writes brands of its own. */
const clients = 3;
const brandsEach = 4;
/** Only a switch that hangs reaches this: clients write all the while. */
const switchMsMax = 180_000;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const other = { service: 'monolith', monolith: 'service' } as const;

describe('a switch whose worker dies, or one of whose calls fails, at every step', () => {
  let moving: Moving;
  let one: RunningWorker;
  let parts: WorkerParts;
  let fate: Fate;
  const ids: string[] = [];
  /** The last slug of each brand whose write was acknowledged. */
  const ledger = new Map<string, string>();
  let writes = 0;

  const startWorker = async (decide: Decide | null = null) => {
    fate = new Fate();
    fate.decide = decide;
    one = await moving.worker((given) => {
      parts = given;
      return fate.around(given);
    });
  };
  before(async () => {
    moving = await openMoving();
    await startWorker();
    for (let n = 0; n < clients * brandsEach; n++) ids.push(await moving.addBrand(`brand-${n}`));
    const { state, result } = await one.run('backfill');
    assert.equal(state, 'done', String(result));
  });
  after(() => moving.drop());

  /** What the mesh was told, call by call. */
  const meshRules = () => {
    const rules: Record<string, string> = { reads: 'monolith', writes: 'monolith' };
    const held = new Set<string>();
    for (const call of moving.meshCalls) {
      const [what, path = '', service = ''] = call.split(' ');
      const rule = path.split('/')[1] ?? '';
      if (what === 'shift') rules[rule] = service;
      else if (what === 'hold') held.add(rule);
      else held.delete(rule);
    }
    return { rules, held };
  };

  /** A write as a client makes it: where one side refuses it, the mesh sends it to the other one. */
  const write = async (id: string): Promise<boolean> => {
    const slug = `slug-${++writes}`;
    const sides: Target[] = meshRules().rules.writes === 'monolith' ? ['monolith', 'service'] : ['service', 'monolith'];
    for (const side of sides) {
      try {
        if (side === 'monolith') await moving.monolith.query('update brands set slug = $2 where id = $1', [id, slug]);
        else {
          const state = await moving.follower.state(id);
          assert.ok(state);
          await moving.follower.write(id, { ...state, slug });
        }
        ledger.set(id, slug);
        return true;
      } catch (error) {
        const misdirected =
          (error instanceof ServiceError && error.code === 'misdirected') ||
          (error as { code?: string }).code === 'BN421';
        if (!misdirected) throw error;
      }
    }
    return false;
  };

  const ownerNow = async (): Promise<Target> => {
    const [mine] = await moving.monolith.query<{ state: string; epoch: string }>(
      'select state, epoch from migration.ownership',
    );
    const { ownership } = await moving.follower.moves.ownership('brands');
    assert.deepEqual([mine?.state, ownership.state].sort(), ['follower', 'owner'], 'one side owns, one follows');
    assert.equal(Number(mine?.epoch), ownership.epoch, 'of the same epoch');
    return mine?.state === 'owner' ? 'monolith' : 'service';
  };

  /** What holds after whatever happened: by itself, without a person. */
  const assertWhole = async (what: string) => {
    await until('the operation to end', isIdle);
    const owner = await ownerNow();
    assert.equal(await parts.journal.openSwitch('brands'), null, `${what}: a switch is open`);
    const { rules, held } = meshRules();
    const service = owner === 'service' ? 'brands' : 'monolith';
    assert.deepEqual(rules, { reads: service, writes: service }, what);
    assert.deepEqual([...held], [], `${what}: the mesh holds`);
    for (const id of ids) assert.ok(await write(id), `${what}: neither side takes writes`);
    await one.worker.settle(['brands']);
    const { rows } = await parts.monolith.query<{ id: string; slug: string }>('select id, slug from brands');
    for (const { id, slug } of rows) {
      assert.equal(slug, ledger.get(id), `${what}: at the monolith`);
      assert.equal((await moving.follower.state(id))?.slug, ledger.get(id), `${what}: at the service`);
    }
    await until(`${what}: no change to be open or parked`, async () => {
      const [status] = await one.worker.status();
      return status?.open === 0 && status.parked.count === 0;
    });
    return owner;
  };

  const goTo = async (target: Target) => {
    if ((await ownerNow()) === target) return;
    assert.deepEqual((await one.run('switch', { target })).result, { switched: true, reason: null });
  };

  /** One switch with clients that write all the while, and a fault. */
  const switchWith = async (target: Target, decide: Decide) => {
    await goTo(other[target]);
    let going = true;
    const writers = Array.from({ length: clients }, async (_, client) => {
      for (let n = 0; going; n++) {
        await write(ids[client * brandsEach + (n % brandsEach)] ?? '');
        await turn();
      }
    });
    fate.decide = decide;
    const operation = one.worker.begin('brands', 'switch', { target });
    try {
      await until('the switch to end', () => fate.isDead || operation.state !== 'running', switchMsMax);
    } finally {
      fate.decide = null;
      going = false;
      await Promise.all(writers);
    }
  };

  /** Every call that changes something in a switch, in order. Some have an epoch, which differs each time. */
  const callsOf = async (target: Target, isBroken: Decide = () => null): Promise<string[]> => {
    const calls: string[] = [];
    await switchWith(target, (call) => {
      calls.push(call);
      return isBroken(call);
    });
    await assertWhole('without a fault');
    return calls;
  };
  /** The fault at the n-th call. */
  const faultAt = (n: number, fault: Fault, isBroken: Decide = () => null): Decide => {
    let calls = 0;
    return (call) => (calls++ === n ? fault : isBroken(call));
  };
  const restart = async (decide: Decide | null = null) => {
    await one.stop();
    await startWorker(decide);
  };
  const ended = () => until('the worker to die or to end', async () => fate.isDead || (await isIdle()));
  const isIdle = async () => (await one.worker.status())[0]?.operation?.state !== 'running';

  const brokenComparison: Decide = (call) => (call === 'step compare begun' ? 'fails before' : null);
  const ways = [
    { what: 'there', target: 'service', isBroken: undefined },
    { what: 'back', target: 'monolith', isBroken: undefined },
    { what: 'there and undone', target: 'service', isBroken: brokenComparison },
    { what: 'back and undone', target: 'monolith', isBroken: brokenComparison },
  ] as const;

  for (const { what, target, isBroken } of ways) {
    test(`${what}: a worker that dies is replaced, and one owner stays with everything`, async () => {
      const calls = await callsOf(target, isBroken);
      assert.ok(calls.length >= 14, calls.join(', '));
      for (const [n, call] of calls.entries()) {
        await switchWith(target, faultAt(n, 'dies after', isBroken));
        await restart();
        await assertWhole(`${n}, after ${call}`);
      }
    });

    test(`${what}: a call that fails, or whose reply is lost, leaves one owner with everything`, async () => {
      const calls = await callsOf(target, isBroken);
      for (const [n, call] of calls.entries()) {
        // What is only written down is the same before as after the call before it.
        const faults = call.startsWith('step ')
          ? (['fails after'] as const)
          : (['fails before', 'fails after'] as const);
        for (const fault of faults) {
          await switchWith(target, faultAt(n, fault, isBroken));
          await assertWhole(`${n}, ${call}: ${fault}`);
        }
      }
    });
  }

  for (const target of ['service', 'monolith'] as const) {
    for (const dying of ['step fence done', 'step compare begun', 'step hand over begun', 'step route begun']) {
      test(`to the ${target}: after '${dying}', the next worker dies at every step of its recovery`, async () => {
        for (let n = 0; ; n++) {
          await switchWith(target, (call) => (call === dying ? 'dies after' : null));
          await restart(faultAt(n, 'dies after'));
          await ended();
          const hasDied = fate.isDead;
          if (hasDied) await restart();
          await assertWhole(`${dying}, and ${n} of the recovery`);
          if (!hasDied) break;
          assert.ok(n < 20, 'the recovery ends');
        }
      });
    }
  }

  for (const fault of ['dies after', 'fails before', 'fails after'] as const) {
    test(`a full backfill one of whose calls ${fault} it has an effect goes on by itself`, async () => {
      for (let n = 0; ; n++) {
        await goTo('monolith');
        let calls = 0;
        fate.decide = (call) => (call !== 'attach' && calls++ === n ? fault : null);
        const operation = one.worker.begin('brands', 'backfill', { full: true });
        await until('the backfill to end', () => fate.isDead || operation.state !== 'running');
        if (fault === 'dies after') await restart();
        else assert.equal(operation.state, 'done', String(operation.result));
        fate.decide = null;
        await assertWhole(`${n} of a backfill: ${fault}`);
        const [status] = await one.worker.status();
        assert.ok(status?.backfill?.doneAt);
        if (calls <= n) break;
      }
    });
  }
});
