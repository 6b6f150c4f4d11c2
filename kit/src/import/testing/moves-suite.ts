import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Change } from '../contract.ts';
import { digestOf, rangeDigest } from '../digest.ts';
import type { MovedResource } from '../moved-resource.ts';
import { type Moves, openMoves } from '../moves.ts';
import { neverOwned, type Ownership } from '../ownership.ts';
import { epochOf, versionOf } from '../version.ts';
import { code, follower, owner } from './expected.ts';
import type { MovesSubject } from './subject.ts';

/** The suite that every engine's ledger passes. */
export function describeMoves<Tx>(name: string, open: () => Promise<MovesSubject<Tx>>): void {
  describe(`${name} keeps track of what moves`, () => {
    let subject: MovesSubject<Tx>;
    let moves: Moves<Tx>;
    before(async () => {
      subject = await open();
      moves = openMoves(subject.ledger, [subject.resource as unknown as MovedResource<Tx>]);
    });
    after(() => subject.drop());
    beforeEach(() => subject.clear());

    const become = async (to: Ownership) => {
      const { ownership } = await moves.ownership('things');
      assert.ok((await moves.changeOwnership('things', ownership, to)).changed);
    };
    const put = (key: string, name: string) =>
      moves.write('things', async (tx, changed) => {
        await subject.put(tx, key, name);
        return changed(key);
      });
    const states = (...keys: string[]) =>
      subject.ledger.transaction(async (tx) => Object.fromEntries(await subject.resource.read(tx, keys)));
    const change = (key: string, counter: number, name: string | null, epoch = 1): Change => ({
      key,
      version: versionOf(epoch, counter),
      state: name === null ? null : { name },
    });
    const outcomes = async (epoch: number, changes: Change[]) =>
      Object.fromEntries((await moves.apply('things', epoch, changes)).map(({ key, outcome }) => [key, outcome]));

    test('a store that nothing was moved to refuses writes as misdirected, and leaves nothing', async () => {
      assert.deepEqual((await moves.ownership('things')).ownership, neverOwned);
      await assert.rejects(put('a', 'one'), code('misdirected'));
      assert.deepEqual(await states('a'), {});
    });

    test('is in step for some seconds after it was told', () => {
      let nowMs = 0;
      const told = openMoves(subject.ledger, [subject.resource as unknown as MovedResource<Tx>], () => nowMs);
      told.noteInStep('things');
      nowMs = 4_999;
      assert.equal(told.isInStep('things'), true);
      nowMs += 1;
      assert.equal(told.isInStep('things'), false);
    });

    test('the owner gives each change a newer version of its epoch', async () => {
      await become(owner(3));
      const versions = [await put('a', 'one'), await put('b', 'two'), await put('a', 'three')];
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      );
      assert.ok(versions.every((version) => epochOf(version) === 3));
      assert.equal((await moves.ownership('things')).newest, versions.at(-1));
    });

    test('a service that takes part in no migration owns its data from the start, and only then', async () => {
      await moves.ownAlone('things');
      await put('a', 'one');
      assert.deepEqual((await moves.changes('things', 10)).changes, []);
      await become(follower(2));
      await moves.ownAlone('things');
      await assert.rejects(put('b', 'two'), code('misdirected'));
    });

    test('a write that fails leaves no version', async () => {
      await become(owner(1));
      await assert.rejects(
        moves.write('things', async (tx, changed) => {
          await subject.put(tx, 'a', 'one');
          await changed('a');
          throw new Error('no');
        }),
        /no/,
      );
      assert.deepEqual((await moves.changes('things', 10)).changes, []);
    });

    test('the follower lacks what the owner wrote until it acknowledges that very version', async () => {
      await become(owner(1));
      const first = await put('a', 'one');
      assert.deepEqual((await moves.changes('things', 10)).changes, [
        { key: 'a', version: first, state: { name: 'one' } },
      ]);
      const second = await put('a', 'two');
      await moves.acknowledge('things', [{ key: 'a', version: first }]);
      assert.deepEqual((await moves.changes('things', 10)).changes, [
        { key: 'a', version: second, state: { name: 'two' } },
      ]);
      await moves.acknowledge('things', [{ key: 'a', version: second }]);
      assert.deepEqual((await moves.changes('things', 10)).changes, []);
    });

    test('changes come oldest first, and say whether there are more', async () => {
      await become(owner(1));
      for (const key of ['c', 'a', 'b']) await put(key, `name of ${key}`);
      const some = await moves.changes('things', 2);
      assert.deepEqual([some.changes.map(({ key }) => key), some.more], [['c', 'a'], true]);
      assert.equal((await moves.changes('things', 4)).more, false);
    });

    test('without a way back, nothing is kept for a follower', async () => {
      await become(owner(1, false));
      await put('a', 'one');
      assert.deepEqual((await moves.changes('things', 10)).changes, []);
    });

    test('aggregates are sent once more when asked, those that are gone as tombstones', async () => {
      await become(owner(1));
      const version = await put('a', 'one');
      await moves.acknowledge('things', [{ key: 'a', version }]);
      await moves.repeat('things', ['a', 'gone']);
      const { changes } = await moves.changes('things', 10);
      assert.deepEqual(
        changes.map(({ key, state }) => [key, state]).toSorted(),
        [
          ['a', { name: 'one' }],
          ['gone', null],
        ].toSorted(),
      );
      assert.ok(changes.every((one) => one.version > version));
    });

    test('a follower applies newer versions and leaves out older ones', async () => {
      await become(follower(1));
      assert.deepEqual(await outcomes(1, [change('a', 2, 'two'), change('b', 1, 'one')]), {
        a: 'applied',
        b: 'applied',
      });
      assert.deepEqual(await outcomes(1, [change('a', 1, 'old'), change('b', 3, 'three')]), {
        a: 'older',
        b: 'applied',
      });
      assert.deepEqual(await states('a', 'b'), { a: { name: 'two' }, b: { name: 'three' } });
    });

    test('a batch that is sent twice does no harm', async () => {
      await become(follower(1));
      const batch = [change('a', 1, 'one'), change('b', 1, null)];
      await outcomes(1, batch);
      await outcomes(1, batch);
      assert.deepEqual(await states('a', 'b'), { a: { name: 'one' } });
    });

    test('a chunk that arrives after the delete does not bring the aggregate back', async () => {
      await become(follower(1));
      await outcomes(1, [change('a', 5, null)]);
      assert.deepEqual(await outcomes(1, [change('a', 4, 'late')]), { a: 'older' });
      assert.deepEqual(await states('a'), {});
    });

    test('of versions that arrive at once, in any order, the newest stays', async () => {
      await become(follower(1));
      const counters = Array.from({ length: 20 }, (_, n) => ((n * 7) % 20) + 1);
      await Promise.all(counters.map((counter) => outcomes(1, [change('a', counter, `name ${counter}`)])));
      assert.deepEqual(await states('a'), { a: { name: 'name 20' } });
    });

    test('a state that breaks the schema is refused with a reason, and the others are applied', async () => {
      await become(follower(1));
      const results = await moves.apply('things', 1, [
        { key: 'a', version: versionOf(1, 1), state: { name: '' } },
        change('b', 1, 'two'),
      ]);
      const [refused] = results.filter(({ key }) => key === 'a');
      assert.equal(refused?.outcome, 'refused');
      assert.match(refused?.reason ?? '', /name/);
      assert.deepEqual(await states('a', 'b'), { b: { name: 'two' } });
      assert.deepEqual(await outcomes(1, [change('a', 1, 'good')]), { a: 'applied' }, 'no version was kept for it');
    });

    test('a batch of another epoch, or to a store that does not follow, changes nothing', async () => {
      await become(follower(2));
      await assert.rejects(moves.apply('things', 1, [change('a', 9, 'old')]), code('not_following'));
      await become(owner(3));
      await assert.rejects(moves.apply('things', 3, [change('a', 9, 'own', 3)]), code('not_following'));
      await become({ epoch: 3, state: 'fenced', wayBack: true });
      await assert.rejects(moves.apply('things', 3, [change('a', 9, 'fenced', 3)]), code('not_following'));
      assert.deepEqual(await states('a'), {});
    });

    test('a fenced store refuses writes and still hands over what it has', async () => {
      await become(owner(1));
      await put('a', 'one');
      await become({ epoch: 1, state: 'fenced', wayBack: true });
      await assert.rejects(put('b', 'two'), code('misdirected'));
      assert.deepEqual(
        (await moves.changes('things', 10)).changes.map(({ key }) => key),
        ['a'],
      );
    });

    test('ownership changes only from what is in force', async () => {
      await become(owner(1));
      const refused = await moves.changeOwnership('things', owner(2), follower(3));
      assert.equal(refused.changed, false);
      assert.deepEqual(refused.ownership, owner(1));
    });

    test('a change of the owner waits for a write in flight', async () => {
      await become(owner(1));
      const inside = Promise.withResolvers<void>();
      const hold = Promise.withResolvers<void>();
      const writing = moves.write('things', async (tx, changed) => {
        await subject.put(tx, 'a', 'one');
        inside.resolve();
        await hold.promise;
        return changed('a');
      });
      await inside.promise;
      const order: string[] = [];
      const fencing = moves
        .changeOwnership('things', owner(1), { epoch: 1, state: 'fenced', wayBack: true })
        .then(() => order.push('fenced'));
      void writing.then(() => order.push('written'));
      hold.resolve();
      await Promise.all([writing, fencing]);
      assert.deepEqual(order, ['written', 'fenced']);
      assert.deepEqual(
        (await moves.changes('things', 10)).changes.map(({ key }) => key),
        ['a'],
      );
    });

    test('what is newly owned gets newer versions than what was followed', async () => {
      await become(follower(1));
      await outcomes(1, [change('a', 2 ** 40 - 1, 'one')]);
      await become(owner(2));
      assert.ok((await put('a', 'two')) > versionOf(1, 2 ** 40 - 1));
    });

    for (const [first, second] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      test(`two that swap their unique names arrive one after the other, ${first} first`, async () => {
        await become(follower(1));
        await outcomes(1, [change('a', 1, 'red'), change('b', 1, 'blue')]);
        const swapped = { a: 'blue', b: 'red' };
        await outcomes(1, [change(first, 2, swapped[first])]);
        assert.equal((await moves.ownership('things')).displaced, 1);
        await outcomes(1, [change(second, 3, swapped[second])]);
        assert.equal((await moves.ownership('things')).displaced, 0);
        assert.deepEqual(await states('a', 'b'), { a: { name: 'blue' }, b: { name: 'red' } });
      });
    }

    test('two that swap their unique names arrive together', async () => {
      await become(follower(1));
      await outcomes(1, [change('a', 1, 'red'), change('b', 1, 'blue')]);
      await outcomes(1, [change('a', 2, 'blue'), change('b', 2, 'red')]);
      assert.deepEqual(await states('a', 'b'), { a: { name: 'blue' }, b: { name: 'red' } });
      assert.equal((await moves.ownership('things')).displaced, 0);
    });

    test('digests cover ranges of keys and single keys', async () => {
      await become(follower(1));
      const names = { a: 'é', b: 'e ', c: '😀' };
      await outcomes(
        1,
        Object.entries(names).map(([key, name]) => change(key, 1, name)),
      );
      const digest = (key: keyof typeof names) => digestOf(key, { name: names[key] });
      assert.deepEqual(await moves.digests('things', { after: 'a', to: 'c', members: true }), {
        count: 2,
        digest: rangeDigest([digest('b'), digest('c')]),
        members: [
          { key: 'b', digest: digest('b') },
          { key: 'c', digest: digest('c') },
        ],
      });
      const all = await moves.digests('things', { after: null, to: null, members: false });
      assert.equal(all.digest, rangeDigest([digest('a'), digest('b'), digest('c')]));
      const some = await moves.digests('things', { keys: ['c', 'x'], after: null, to: null, members: true });
      assert.deepEqual(some.members, [{ key: 'c', digest: digest('c') }]);
    });

    test('an unknown resource or group is named', async () => {
      await assert.rejects(moves.apply('others', 1, []), code('unknown_resource'));
      await assert.rejects(moves.changeOwnership('others', owner(1), owner(2)), code('unknown_resource'));
    });
  });
}
