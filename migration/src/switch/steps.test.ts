import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MigrationError } from '../errors.ts';
import type { Target } from '../journal/journal.ts';
import type { Owned, Side } from './sides.ts';
import { catchUp, fence, handOver, reopen, standing } from './steps.ts';

/** A store's ownership in memory, which fails from its n-th change on. */
function fakeSide(name: Target, state: Owned, failFrom = Number.POSITIVE_INFINITY) {
  let now = state;
  let changes = 0;
  const side: Side = {
    name,
    read: async () => now,
    set: async (from, to) => {
      if (++changes >= failFrom) throw new Error(`${name} is down`);
      if (now.epoch !== from.epoch || now.state !== from.state) throw new MigrationError('not_the_owner', name);
      now = to;
    },
  };
  return side;
}

const owner = (epoch: number): Owned => ({ epoch, state: 'owner' });
const follower = (epoch: number): Owned => ({ epoch, state: 'follower' });
const fenced = (epoch: number): Owned => ({ epoch, state: 'fenced' });

for (const [oldName, nextName] of [
  ['monolith', 'service'],
  ['service', 'monolith'],
] as const) {
  describe(`from the ${oldName} to the ${nextName}`, () => {
    const both = (old: Side, next: Side) => (oldName === 'monolith' ? standing(old, next) : standing(next, old));

    test('a switch ends with the new owner one epoch later', async () => {
      const [old, next] = [fakeSide(oldName, owner(4)), fakeSide(nextName, follower(4))];
      await fence({ old, next }, 4);
      await handOver({ old, next }, 4);
      const after = await both(old, next);
      assert.deepEqual([after.kind, after.kind === 'steady' && after.owner.name], ['steady', nextName]);
      assert.deepEqual([await old.read(), await next.read()], [follower(5), owner(5)]);
    });

    test('an undo burns the epoch, so that a controller that wakes up late cannot hand over', async () => {
      const [old, next] = [fakeSide(oldName, owner(4)), fakeSide(nextName, follower(4))];
      await fence({ old, next }, 4);
      await reopen({ old, next }, 4);
      assert.deepEqual([await old.read(), await next.read()], [owner(6), follower(6)]);
      await assert.rejects(handOver({ old, next }, 4), MigrationError);
      assert.deepEqual([await old.read(), await next.read()], [owner(6), follower(6)]);
    });

    test('a request for the fence that arrives after the undo sets none', async () => {
      const [old, next] = [fakeSide(oldName, owner(4)), fakeSide(nextName, follower(4))];
      await reopen({ old, next }, 4);
      assert.deepEqual([await old.read(), await next.read()], [owner(6), follower(6)]);
      await assert.rejects(fence({ old, next }, 4), MigrationError);
      assert.deepEqual(await old.read(), owner(6));
    });

    test('a new epoch that only the follower has is finished', async () => {
      const [old, next] = [fakeSide(oldName, owner(4)), fakeSide(nextName, follower(6))];
      const between = await both(old, next);
      assert.ok(between.kind === 'renewing');
      await catchUp(between.handover, between.epochs);
      assert.deepEqual([(await both(old, next)).kind, await old.read()], ['steady', owner(6)]);
    });

    test('an undo that was broken off can be repeated', async () => {
      const [old, next] = [fakeSide(oldName, fenced(4), 1), fakeSide(nextName, follower(4))];
      await assert.rejects(reopen({ old, next }, 4), /is down/);
      const between = await both(fakeSide(oldName, fenced(4)), next);
      assert.equal(between.kind, 'fenced');
      const again = fakeSide(oldName, fenced(4));
      await reopen({ old: again, next }, 4);
      assert.deepEqual([await again.read(), await next.read()], [owner(6), follower(6)]);
    });

    test('a broken off switch is recognized at every step', async () => {
      const at = async (old: Owned, next: Owned) => (await both(fakeSide(oldName, old), fakeSide(nextName, next))).kind;
      assert.equal(await at(owner(4), follower(4)), 'steady');
      assert.equal(await at(fenced(4), follower(4)), 'fenced');
      assert.equal(await at(fenced(4), follower(6)), 'fenced');
      assert.equal(await at(fenced(4), owner(5)), 'handed over');
      assert.equal(await at(follower(5), owner(5)), 'steady');
      assert.equal(await at(owner(4), owner(5)), 'contradictory');
      assert.equal(await at(follower(4), follower(4)), 'contradictory');
      assert.equal(await at(owner(6), follower(4)), 'contradictory');
    });

    test('after the commit point an undo is refused', async () => {
      const [old, next] = [fakeSide(oldName, fenced(4)), fakeSide(nextName, owner(5))];
      await assert.rejects(reopen({ old, next }, 4), MigrationError);
      assert.deepEqual(await old.read(), fenced(4));
    });
  });
}
