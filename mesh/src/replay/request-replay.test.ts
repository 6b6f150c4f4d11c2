import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { type BodySink, type BodySource, bodyOf } from '../body.ts';
import { MeshError } from '../errors.ts';
import { HeldMemory } from '../memory/held-memory.ts';
import { RequestReplay } from './request-replay.ts';

/** A body that a test delivers piece by piece, as a client's connection would. */
class Upload implements BodySource {
  readonly length: number | null;
  paused = false;
  started = 0;
  canceled = false;
  #sink: BodySink | null = null;

  constructor(length: number | null) {
    this.length = length;
  }

  start(sink: BodySink): void {
    this.started += 1;
    this.#sink = sink;
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  cancel(): void {
    this.canceled = true;
    this.#sink = null;
  }
  chunk(bytes: Uint8Array): void {
    this.#sink?.chunk(bytes);
  }
  end(): void {
    this.#sink?.end();
  }
  fail(error: MeshError): void {
    this.#sink?.fail(error);
  }
}

/** The bytes that one attempt has read. */
class Attempt implements BodySink {
  readonly source: BodySource;
  readonly chunks: Uint8Array[] = [];
  ends = 0;
  error: MeshError | null = null;

  constructor(source: BodySource) {
    this.source = source;
  }

  start(): this {
    this.source.start(this);
    return this;
  }
  chunk(bytes: Uint8Array): void {
    assert.equal(this.ends, 0, 'no bytes after the end');
    this.chunks.push(bytes);
  }
  end(): void {
    this.ends += 1;
  }
  fail(error: MeshError): void {
    this.error = error;
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

let memory: HeldMemory;
beforeEach(() => {
  memory = new HeldMemory(2 ** 30);
});

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function content(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = seed | 1;
  for (let i = 0; i < size; i += 1) {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

describe('a request body for several attempts', () => {
  test('in pieces of one byte takes little more memory than its content, and releases it', async () => {
    const upload = new Upload(null);
    const replay = new RequestReplay(upload, 65_536, memory);
    const first = new Attempt(replay.open()).start();
    for (let i = 0; i < 60_000; i += 1) upload.chunk(content(1, i));
    await settled();
    assert.ok(memory.takenBytes < 80_000, String(memory.takenBytes));
    first.source.cancel();
    const second = new Attempt(replay.open()).start();
    await settled();
    assert.equal(second.bytes.byteLength, 60_000);
    assert.ok(second.bytes.equals(first.bytes));
    assert.ok(second.chunks.length < 20, `${second.chunks.length} pieces`);
    second.source.cancel();
    replay.release();
    assert.equal(memory.takenBytes, 0);
  });

  test('is streamed and not kept if the process has no room for it', async () => {
    const full = new HeldMemory(3000);
    const upload = new Upload(null);
    const replay = new RequestReplay(upload, 65_536, full);
    const attempt = new Attempt(replay.open()).start();
    upload.chunk(content(1000));
    assert.equal(replay.replayable, true);
    upload.chunk(content(1000, 2));
    await settled();
    assert.equal(replay.replayable, false);
    assert.ok(attempt.bytes.equals(Buffer.concat([content(1000), content(1000, 2)])));
    upload.end();
    await settled();
    assert.equal(attempt.ends, 1);
    assert.equal(full.takenBytes, 0);
  });

  test('is refused if there is no room for bytes that must wait', async () => {
    const full = new HeldMemory(2000);
    const upload = new Upload(null);
    const replay = new RequestReplay(upload, 0, full);
    const attempt = new Attempt(replay.open()).start();
    attempt.source.pause();
    upload.chunk(content(3000));
    assert.equal(attempt.error?.code, 'overloaded');
    assert.equal(upload.canceled, true);
    assert.equal(full.takenBytes, 0);
  });

  test('an attempt that fails before it reads leaves the whole body to the next one, the first piece once', async () => {
    const replay = new RequestReplay(bodyOf(content(1000)), 65_536, memory);
    replay.open().cancel();
    const second = new Attempt(replay.open()).start();
    await settled();
    assert.deepEqual(second.bytes, content(1000));
    assert.equal(second.ends, 1);
  });

  test('the source is started once, whatever the number of attempts', async () => {
    const upload = new Upload(4);
    const replay = new RequestReplay(upload, 65_536, memory);
    const first = new Attempt(replay.open()).start();
    upload.chunk(Buffer.from('ab'));
    await settled();
    first.source.cancel();
    const second = new Attempt(replay.open()).start();
    upload.chunk(Buffer.from('cd'));
    upload.end();
    await settled();
    assert.equal(upload.started, 1);
    assert.equal(String(first.bytes), 'ab');
    assert.equal(String(second.bytes), 'abcd');
    assert.equal(upload.canceled, false);
  });

  test('a body announced as longer than the limit is not kept; another attempt can have it until one begins to read', () => {
    const upload = new Upload(101);
    const replay = new RequestReplay(upload, 100, memory);
    replay.open().cancel();
    assert.equal(replay.replayable, true);
    assert.equal(replay.shareable, false);
    new Attempt(replay.open()).start();
    assert.equal(replay.replayable, false);
    assert.throws(() => replay.open());
  });

  test('a body of unknown length is kept until it passes the limit, and streams on after that', async () => {
    const upload = new Upload(null);
    const replay = new RequestReplay(upload, 100, memory);
    const first = new Attempt(replay.open()).start();
    upload.chunk(content(100));
    await settled();
    assert.equal(replay.replayable, true);
    assert.equal(replay.shareable, false, 'the rest may be too much');
    upload.chunk(content(1));
    await settled();
    assert.equal(replay.replayable, false);
    upload.chunk(content(5000));
    upload.end();
    await settled();
    assert.deepEqual(first.bytes, Buffer.concat([content(100), content(1), content(5000)]));
    assert.equal(first.ends, 1);
  });

  test('beyond the limit the attempt sets the pace of the client', async () => {
    const upload = new Upload(null);
    const replay = new RequestReplay(upload, 10, memory);
    const attempt = new Attempt(replay.open()).start();
    upload.chunk(content(11));
    await settled();
    assert.equal(upload.paused, false);
    attempt.source.pause();
    assert.equal(upload.paused, true);
    upload.chunk(content(7, 5));
    await settled();
    assert.equal(attempt.bytes.byteLength, 11, 'nothing is delivered while it is paused');
    attempt.source.resume();
    await settled();
    assert.equal(attempt.bytes.byteLength, 18);
    assert.equal(upload.paused, false);
  });

  test('between two attempts the client waits, and a piece on its way is not lost', async () => {
    const upload = new Upload(null);
    const replay = new RequestReplay(upload, 10, memory);
    const first = new Attempt(replay.open()).start();
    upload.chunk(content(8));
    first.source.cancel();
    assert.equal(upload.paused, true);
    upload.chunk(content(50, 3));
    assert.equal(replay.replayable, true);
    const second = new Attempt(replay.open()).start();
    assert.equal(upload.paused, false);
    await settled();
    upload.chunk(content(4, 7));
    upload.end();
    await settled();
    assert.deepEqual(second.bytes, Buffer.concat([content(8), content(50, 3), content(4, 7)]));
    assert.equal(replay.replayable, false);
  });

  test('two attempts at a time read the same, and a slow one does not hold up the other', async () => {
    const upload = new Upload(3000);
    const replay = new RequestReplay(upload, 65_536, memory);
    const slow = new Attempt(replay.open()).start();
    slow.source.pause();
    const quick = new Attempt(replay.open()).start();
    for (let i = 0; i < 3; i += 1) upload.chunk(content(1000, i));
    upload.end();
    await settled();
    const whole = Buffer.concat([content(1000, 0), content(1000, 1), content(1000, 2)]);
    assert.deepEqual(quick.bytes, whole);
    assert.equal(quick.ends, 1);
    assert.equal(upload.paused, false);
    assert.equal(slow.bytes.byteLength, 0);
    slow.source.resume();
    await settled();
    assert.deepEqual(slow.bytes, whole);
    assert.equal(slow.ends, 1);
  });

  test('a client that breaks off fails every attempt, also a later one', async () => {
    const upload = new Upload(10);
    const replay = new RequestReplay(upload, 100, memory);
    const attempt = new Attempt(replay.open()).start();
    const late = replay.open();
    const gone = new MeshError('client_closed', 'gone');
    upload.fail(gone);
    assert.equal(attempt.error, gone);
    const second = new Attempt(late).start();
    await settled();
    assert.equal(second.error, gone);
    assert.equal(replay.replayable, false);
  });

  test('after the last attempt, a source without readers is canceled', () => {
    const upload = new Upload(10);
    const replay = new RequestReplay(upload, 100, memory);
    const attempt = new Attempt(replay.open()).start();
    replay.release();
    assert.equal(upload.canceled, false, 'the reply’s head may come before the body has gone');
    attempt.source.cancel();
    assert.equal(upload.canceled, true);
  });

  test('any body, cut anywhere, for any number of attempts: the last attempt reads it byte for byte, the others a beginning of it', async () => {
    const attempt = fc.record({
      /** How many pieces come while this attempt reads. */
      pieces: fc.nat({ max: 6 }),
      starts: fc.boolean(),
      pauses: fc.boolean(),
      /** Whether microtasks run before the attempt is canceled: bytes on their way, or not. */
      waits: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 9000 }), { maxLength: 12 }),
        fc.array(attempt, { maxLength: 4 }),
        fc.boolean(),
        fc.nat({ max: 40_000 }),
        async (sizes, attempts, announced, limit) => {
          const pieces = sizes.map((size, i) => content(size, i + 1));
          const whole = Buffer.concat(pieces);
          const upload = new Upload(announced ? whole.byteLength : null);
          const replay = new RequestReplay(upload, limit, memory);
          let next = 0;
          for (const { pieces: count, starts, pauses, waits } of attempts) {
            if (!replay.replayable) break;
            const failing = new Attempt(replay.open());
            if (starts) failing.start();
            for (let i = 0; i < count && next < pieces.length && upload.started > 0; i += 1) {
              if (pauses && i === 1) failing.source.pause();
              upload.chunk(pieces[next] as Buffer);
              next += 1;
              if (waits) await settled();
              if (pauses && i === 2) failing.source.resume();
            }
            assert.ok(whole.subarray(0, failing.bytes.byteLength).equals(failing.bytes), 'a beginning of the body');
            if (!replay.replayable) {
              // The body is no longer replayable: this attempt must be the last one.
              if (!starts) failing.start();
              failing.source.resume();
              while (next < pieces.length) upload.chunk(pieces[next++] as Buffer);
              upload.end();
              await settled();
              assert.ok(failing.bytes.equals(whole));
              assert.equal(memory.takenBytes, 0);
              assert.equal(failing.ends, 1);
              return;
            }
            failing.source.cancel();
          }
          const last = new Attempt(replay.open()).start();
          replay.release();
          while (next < pieces.length) {
            upload.chunk(pieces[next++] as Buffer);
            if (next % 3 === 0) await settled();
          }
          upload.end();
          await settled();
          assert.ok(last.bytes.equals(whole));
          assert.equal(last.ends, 1);
          assert.equal(memory.takenBytes, 0, 'everything is given back');
        },
      ),
      { numRuns: 3000 },
    );
  });
});
