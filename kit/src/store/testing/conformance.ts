import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ServiceError } from '../../service/errors.ts';
import type { NewEvent } from '../events.ts';
import { SchemaError } from '../schema-files.ts';
import type { Store } from '../store.ts';

/** One transaction of the suite: writes a key, with what belongs to it. */
export interface Change {
  key: string;
  event?: NewEvent;
  /** Writes only if this consumer has not handled the message before. */
  message?: { consumer: string; eventId: string };
  /** Writes only if this version of the aggregate is newer than those that the consumer has seen. */
  version?: { consumer: string; aggregateId: string; version: number };
  /** Fails after it has written everything. */
  fail?: boolean;
}

/** One engine, with an empty store of its own. */
export interface Subject {
  store: Store;
  /** Text of schema files: the first makes what `change` needs, the second depends on it, the third is wrong. */
  files: { ending: string; first: string; second: string; broken: string };
  /** Resolves with whether it wrote. */
  change(change: Change): Promise<boolean>;
  /** All keys that were written, sorted. A key stands once for each time that it was written. */
  keys(): Promise<string[]>;
  /** Begins a transaction and kills its connection from outside. Absent if the engine has no connections. */
  dieInside?(): Promise<unknown>;
  takeDown(): Promise<void>;
  bringBack(): Promise<void>;
  /** Opens another store on the same data, as another instance would. Absent if only one process may open it. */
  another?(): Store;
  drop(): Promise<void>;
}

export const unavailable = (error: unknown): boolean =>
  error instanceof ServiceError && error.code === 'store_unavailable';

export const event = (change: Partial<NewEvent> = {}): NewEvent => ({
  id: randomUUID(),
  type: 'things.changed',
  typeVersion: 1,
  aggregateId: 'thing-1',
  aggregateVersion: 1,
  state: { name: 'é \u{1F600} ', n: 1, nothing: null },
  occurredAtUs: 1_700_000_000_123_456,
  ...change,
});

/** The suite that every engine passes. */
export function describeStore(name: string, open: () => Promise<Subject>): void {
  describe(`${name} keeps what every store promises`, () => {
    let subject: Subject;
    let path: string;
    const write = (file: string, text: string) => writeFile(join(path, `${file}.${subject.files.ending}`), text);
    const folder = () => pathToFileURL(`${path}/`);
    const waiting = async () => {
      const claim = await subject.store.outboxFeed.claim();
      assert.ok(claim);
      const rows = await claim.next(100, []);
      await claim.release();
      return rows;
    };

    before(async () => {
      subject = await open();
      path = await mkdtemp(join(tmpdir(), 'schema-'));
      await write('001_first', subject.files.first);
    });
    after(async () => {
      await subject.store.close();
      await subject.drop();
      await rm(path, { recursive: true });
    });

    test('the schema is applied once, by one of several instances', async () => {
      const stores = subject.another ? [subject.store, subject.another(), subject.another()] : [subject.store];
      const applied = (await Promise.all(stores.map((store) => store.applySchema({ folder: folder() })))).flat();
      assert.deepEqual(
        applied.filter((file) => !file.startsWith('kit/')),
        [`001_first.${subject.files.ending}`],
      );
      assert.equal(new Set(applied).size, applied.length);
      await Promise.all(stores.slice(1).map((store) => store.close()));
    });

    test('the schema grows by files, and not by changes of files', async () => {
      await write('002_second', subject.files.second);
      assert.deepEqual(await subject.store.applySchema({ folder: folder() }), [`002_second.${subject.files.ending}`]);
      await write('003_broken', subject.files.broken);
      await assert.rejects(
        subject.store.applySchema({ folder: folder() }),
        (error) => error instanceof SchemaError && /003_broken/.test(error.message),
      );
      await rm(join(path, `003_broken.${subject.files.ending}`));
      await write('001_first', `${subject.files.first}\n`);
      await assert.rejects(subject.store.applySchema({ folder: folder() }), /001_first\.\w+ has changed/);
      await write('001_first', subject.files.first);
      assert.deepEqual(await subject.store.applySchema({ folder: folder() }), []);
    });

    test('a change and its event are committed together, and the event keeps its content', async () => {
      const sent = event({
        trace: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` },
        deadlineMs: 1_700_000,
      });
      let told = 0;
      const stop = subject.store.outboxFeed.onAdded(() => {
        told += 1;
      });
      await subject.change({ key: 'with event', event: sent });
      await subject.change({ key: 'without event' });
      stop();
      assert.equal(told, 1);
      assert.deepEqual(
        (await waiting()).map((row) => row.event),
        [sent],
      );
    });

    test('a change that fails takes its event and its message back', async () => {
      const before = await waiting();
      let told = 0;
      const stop = subject.store.outboxFeed.onAdded(() => {
        told += 1;
      });
      const message = { consumer: 'tests', eventId: randomUUID() };
      await assert.rejects(subject.change({ key: 'undone', event: event(), message, fail: true }));
      stop();
      assert.equal(told, 0);
      assert.deepEqual(await waiting(), before);
      assert.ok(!(await subject.keys()).includes('undone'));
      assert.equal(await subject.change({ key: 'repeated', message }), true);
    });

    test('a duplicate message acts once, also when its twins run at once', async () => {
      const message = { consumer: 'tests', eventId: randomUUID() };
      const twins = await Promise.all(Array.from({ length: 4 }, () => subject.change({ key: 'twin', message })));
      assert.equal(twins.filter((wrote) => wrote).length, 1);
      assert.equal(await subject.change({ key: 'twin', message }), false);
      assert.equal(await subject.change({ key: 'other', message: { ...message, consumer: 'others' } }), true);
      assert.deepEqual(
        (await subject.keys()).filter((key) => key === 'twin'),
        ['twin'],
      );
    });

    test('a newer version is applied and an older one is ignored', async () => {
      const large = 2 ** 53 - 2;
      const apply = (version: number, aggregateId = 'a') =>
        subject.change({ key: 'versioned', version: { consumer: 'tests', aggregateId, version } });
      assert.deepEqual([await apply(2), await apply(2), await apply(1), await apply(3)], [true, false, false, true]);
      assert.deepEqual([await apply(large), await apply(large), await apply(large + 1)], [true, false, true]);
      assert.equal(await apply(1, 'A'), true);
      const twins = await Promise.all(Array.from({ length: 4 }, () => apply(1, 'twin')));
      assert.equal(twins.filter((wrote) => wrote).length, 1);
    });

    test('one relay at a time reads the outbox, in order, until it marks what it published', async () => {
      const first = await subject.store.outboxFeed.claim();
      assert.ok(first);
      assert.equal(await subject.store.outboxFeed.claim(), null);
      await first.markPublished((await first.next(100, [])).map(({ place }) => place));
      const ids = [1, 2, 3].map((n) =>
        event({ aggregateVersion: n, type: n === 2 ? 'others.changed' : 'things.gone' }),
      );
      for (const one of ids) await subject.change({ key: one.id, event: one });
      const versions = async (limit: number, except: string[]) =>
        (await first.next(limit, except)).map((row) => row.event.aggregateVersion);
      assert.deepEqual(await versions(100, []), [1, 2, 3]);
      assert.deepEqual(await versions(2, []), [1, 2]);
      assert.deepEqual(await versions(100, ['things.gone']), [2]);
      const oldestAtUs = 1_700_000_000_123_456;
      assert.deepEqual(await first.backlog([]), { waiting: 3, oldestAtUs });
      assert.deepEqual(await first.backlog(['things.gone']), { waiting: 1, oldestAtUs });
      assert.deepEqual(await first.backlog(['things.gone', 'others.changed']), { waiting: 0, oldestAtUs: null });
      await first.markPublished((await first.next(1, [])).map(({ place }) => place));
      await first.markPublished([]);
      assert.deepEqual(await versions(100, []), [2, 3]);
      await first.release();
      const second = await subject.store.outboxFeed.claim();
      assert.ok(second);
      await second.release();
    });

    test('an unsound event is refused', async () => {
      const faults: Partial<NewEvent>[] = [
        { id: 'x' },
        { type: 'Things' },
        { typeVersion: 0 },
        { aggregateId: '' },
        { aggregateVersion: 2 ** 53 },
        { state: undefined },
      ];
      for (const fault of faults) {
        await assert.rejects(subject.change({ key: 'unsound', event: event(fault) }), /cannot be added to the outbox/);
      }
      assert.ok(!(await subject.keys()).includes('unsound'));
    });

    test('failures to handle a message are counted', async () => {
      const id = randomUUID();
      const { failures } = subject.store;
      assert.equal(await failures.record('tests', id, 'first'), 1);
      assert.equal(await failures.record('tests', id, 'x'.repeat(5_000)), 2);
      assert.equal(await failures.record('others', id, 'first'), 1);
    });

    test('published events and records of messages are forgotten, and the rest is not', async () => {
      const message = { consumer: 'tests', eventId: randomUUID() };
      const unpublished = event();
      await subject.change({ key: 'kept', event: unpublished, message });
      assert.equal(await subject.store.forget(0), false);
      assert.equal(await subject.change({ key: 'kept', message }), false);
      await subject.store.forget(Date.now() + 60_000);
      assert.equal(await subject.change({ key: 'kept', message }), true);
      assert.ok((await waiting()).some((row) => row.event.id === unpublished.id));
    });

    test('a connection that dies inside a transaction is an error, and the store goes on', async (t) => {
      if (!subject.dieInside) return t.skip('this engine has no connections');
      await assert.rejects(subject.dieInside(), unavailable);
      await subject.store.ping();
      assert.equal(await subject.change({ key: 'after death' }), true);
    });

    test('a store that is down is reported, and used again when it is back', async () => {
      await subject.takeDown();
      await assert.rejects(subject.store.ping(), unavailable);
      await assert.rejects(subject.change({ key: 'while down', event: event() }), unavailable);
      await assert.rejects(subject.store.outboxFeed.claim(), unavailable);
      await assert.rejects(subject.store.applySchema({ folder: folder() }), unavailable);
      await subject.bringBack();
      await subject.store.ping();
      assert.equal(await subject.change({ key: 'back' }), true);
      assert.ok(!(await subject.keys()).includes('while down'));
    });

    test('a closed store refuses calls', async () => {
      await subject.store.close();
      await assert.rejects(subject.store.ping(), unavailable);
      await assert.rejects(subject.change({ key: 'closed' }), unavailable);
    });
  });
}
