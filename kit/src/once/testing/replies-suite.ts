import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type KeptReplies, type KeptReply, keptForUs } from '../kept-reply.ts';

/** One engine, with an empty store of its own. */
export interface RepliesSubject<Tx> {
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
  /** @param now in microseconds, for an engine that reads the clock */
  replies(tx: Tx, now: number): KeptReplies;
  /** Deletes what is a day old. Absent if the engine does it by itself. */
  forget?(now: number): Promise<boolean>;
  drop(): Promise<void>;
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** The suite that the kept replies of every engine pass. */
export function describeReplies<Tx>(name: string, open: () => Promise<RepliesSubject<Tx>>): void {
  describe(`${name} keeps replies to keyed requests`, () => {
    let subject: RepliesSubject<Tx>;
    const now = Date.now() * 1_000 + 123;
    before(async () => {
      subject = await open();
    });
    after(() => subject.drop());

    const replyAt = (change: Partial<KeptReply> = {}): KeptReply => ({
      ...{ hash: digest(randomUUID()), client: 'implicit c', customer: 'ann é \u{1F600} ', method: 'POST' },
      ...{ path: `/v2/things/${'x'.repeat(3_000)}`, key: 'a "key" \\ \' ?', bodyHash: digest('body'), createdAt: now },
      ...{ status: 201, reply: JSON.stringify({ text: 'é \u{1F600} ?', long: 'x'.repeat(100_000) }) },
      ...change,
    });
    const claim = (reply: KeptReply) => subject.transaction((tx) => subject.replies(tx, reply.createdAt).claim(reply));
    /** What a service does with a keyed request. Resolves with what was replied. */
    const request = (reply: KeptReply, owner: string | null = null) =>
      subject.transaction(async (tx) => {
        const replies = subject.replies(tx, reply.createdAt);
        const earlier = await replies.claim(reply);
        if (earlier) return earlier;
        await replies.keep(reply, owner);
        return null;
      });
    const ofOwners = (owners: readonly string[], at = now) =>
      subject.transaction((tx) => subject.replies(tx, at).ofOwners(owners, at));

    test('a repetition gets the first reply, with all its members', async () => {
      const reply = replyAt();
      assert.equal(await request(reply), null);
      assert.deepEqual(await request({ ...reply, bodyHash: digest('other'), createdAt: now + 1, status: 400 }), reply);
      assert.deepEqual(await claim({ ...reply, createdAt: now + keptForUs - 1_000 }), reply);
      assert.equal(await request(replyAt()), null);
    });

    test('a transaction that fails keeps nothing', async () => {
      const reply = replyAt();
      const failed = subject.transaction(async (tx) => {
        const replies = subject.replies(tx, now);
        assert.equal(await replies.claim(reply), undefined);
        await replies.keep(reply, 'failed');
        throw new Error('changed my mind');
      });
      await assert.rejects(failed, /changed my mind/);
      assert.equal(await request(reply, 'failed'), null);
    });

    test('of twins at once one does the work, and the others get its reply', async () => {
      const reply = replyAt();
      const outcomes = await Promise.all(
        Array.from({ length: 6 }, (_, index) => request({ ...reply, reply: JSON.stringify(index) })),
      );
      const got = outcomes.filter((outcome) => outcome !== null);
      assert.equal(got.length, 5);
      assert.equal(new Set(got.map(({ reply: text }) => text)).size, 1);
    });

    test('a key is new again after a day, and another reply takes its place', async () => {
      const reply = replyAt({ createdAt: now - keptForUs });
      await request(reply, 'old');
      assert.deepEqual(await ofOwners(['old']), new Map());
      const next = { ...reply, createdAt: now, bodyHash: digest('next'), reply: '"next"' };
      assert.equal(await request(next, 'new'), null);
      assert.deepEqual(await request(next), next);
      assert.deepEqual(await ofOwners(['old', 'new']), new Map([['new', [next]]]));
    });

    test('replies are read by the aggregates that they move with, in the order of their hashes', async () => {
      const some = ['b', 'a', 'c'].map((text) => replyAt({ hash: digest(text), reply: '1' }));
      for (const reply of some) await request(reply, 'owner');
      const [other, none] = [replyAt({ reply: '2' }), replyAt()];
      await request(other, 'other');
      await request(none);
      const sorted = some.toSorted((x, y) => (x.hash < y.hash ? -1 : 1));
      const many = Array.from({ length: 1_200 }, (_, index) => `unknown-${index}`);
      const found = await ofOwners(['other', ...many, 'owner', 'Owner', '']);
      assert.deepEqual(Object.fromEntries(found), { other: [other], owner: sorted });
      assert.deepEqual(await ofOwners([]), new Map());
    });

    test('a reply that comes from elsewhere is kept in place of one with its hash', async () => {
      const reply = replyAt();
      await request(reply, 'moved');
      const newer = { ...reply, reply: '"newer"', status: 409 };
      await subject.transaction((tx) => subject.replies(tx, now).keep(newer, 'moved'));
      assert.deepEqual(await request(reply), newer);
      assert.deepEqual(await ofOwners(['moved']), new Map([['moved', [newer]]]));
    });

    test('what is a day old is deleted, and the rest is not', async (t) => {
      if (!subject.forget) return t.skip('this engine lets it expire');
      const [old, young] = [replyAt({ createdAt: now - keptForUs }), replyAt({ createdAt: now - keptForUs + 1_000 })];
      for (const reply of [old, young]) await request(reply, 'aged');
      assert.equal(await subject.forget(now), false);
      assert.deepEqual(await ofOwners(['aged'], now - 1_000), new Map([['aged', [young]]]));
    });
  });
}
