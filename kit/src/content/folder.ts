import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { syncFolder } from './sync-folder.ts';

/** A hash of content: SHA-256 in hex. Nothing else becomes a path. */
export const hashPattern = '^[0-9a-f]{64}$';
const isHash = (text: string): boolean => new RegExp(hashPattern).test(text);
/** Larger than Node's own pieces: a file takes fewer turns of the event loop. */
const chunkBytes = 256 * 1_024;

/** Content that has arrived and is on the disk, but does not have its final name yet. */
export interface Received {
  path: string;
  /** SHA-256 in hex. */
  hash: string;
  /** Bytes. */
  size: number;
  /** The first bytes. */
  head: Buffer;
}

export interface ReceiveOptions {
  /** How many of the first bytes are kept in memory. */
  headBytes?: number;
  /** Longer content is refused. */
  maxBytes?: number;
}

/** Content that is longer than its reader permits. */
export class ContentTooLong extends Error {}

/**
 * Content on the disk, named by its hash: equal content exists once. `incoming/` holds what is still arriving. The folder
 * that it is in must exist: a folder that is not mounted must not become an empty one.
 */
export class ContentFolder {
  readonly path: string;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  get incoming(): string {
    return join(this.path, 'incoming');
  }

  /** @throws RangeError: the text is no hash */
  pathOf(hash: string): string {
    if (!isHash(hash)) throw new RangeError('content is named by a hash');
    return join(this.path, hash.slice(0, 2), hash);
  }

  /**
   * Writes a stream to the disk and hashes it on the way. After a failure nothing is left.
   *
   * @throws ContentTooLong, the error of the stream, or that of the disk
   */
  async receive(source: Readable, { headBytes = 0, maxBytes }: ReceiveOptions = {}): Promise<Received> {
    await makeFolder(this.path);
    await makeFolder(this.incoming);
    const path = join(this.incoming, randomUUID());
    const hash = createHash('sha256');
    const head: Buffer[] = [];
    let size = 0;
    const measure = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        if (size < headBytes) head.push(chunk.subarray(0, headBytes - size));
        size += chunk.length;
        if (maxBytes !== undefined && size > maxBytes) throw new ContentTooLong(`longer than ${maxBytes} bytes`);
        hash.update(chunk);
        yield chunk;
      }
    };
    // Opened before the pipeline: a stream that opens its file itself may create it after the failed pipeline's `rm`.
    const file = await open(path, 'wx', 0o640);
    try {
      // `flush`: the bytes are on the disk before the content gets its name.
      await pipeline(source, measure, file.createWriteStream({ flush: true }));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    return { path, hash: hash.digest('hex'), size, head: Buffer.concat(head) };
  }

  /** Gives content its final name, durably. It is as new as it arrived, whether or not the same content was there. */
  keep({ path, hash }: Received): Promise<void> {
    return this.#inTurn(async () => {
      const target = this.pathOf(hash);
      const shard = join(target, '..');
      const isNew = await makeFolder(shard);
      await rename(path, target);
      await syncFolder(shard);
      if (isNew) await syncFolder(this.path);
    });
  }

  /** Deletes content that was not kept; does nothing after `keep`. */
  async discard({ path }: Pick<Received, 'path'>): Promise<void> {
    await rm(path, { force: true });
  }

  /** Opens content for reading; undefined if it is missing. The caller closes it. */
  async open(hash: string): Promise<FileHandle | undefined> {
    return open(this.pathOf(hash)).catch(unlessMissing);
  }

  async has(hash: string): Promise<boolean> {
    return (await stat(this.pathOf(hash)).catch(unlessMissing)) !== undefined;
  }

  /** Whether content is there and has its hash. Reads all of it, a piece at a time. */
  async isIntact(hash: string): Promise<boolean> {
    const file = await this.open(hash);
    if (file === undefined) return false;
    const actual = createHash('sha256');
    for await (const chunk of file.createReadStream({ highWaterMark: chunkBytes })) actual.update(chunk);
    return actual.digest('hex') === hash;
  }

  /** Makes content as new as if it had just arrived, if it is there and has its hash. Returns whether it does. */
  freshen(hash: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!(await this.isIntact(hash))) return false;
      const now = new Date();
      await utimes(this.pathOf(hash), now, now);
      return true;
    });
  }

  /**
   * Deletes content that is older than a moment and that nothing names, and what broken uploads left that long ago.
   * Content that arrives meanwhile stays: its name may be about to be written.
   *
   * @param before Unix ms
   * @param namedAmong those of the hashes that something names
   * @returns how many files were deleted
   */
  async sweep(
    before: number,
    namedAmong: (hashes: readonly string[]) => Promise<ReadonlySet<string>>,
  ): Promise<number> {
    let swept = 0;
    for (const name of await namesIn(this.incoming)) {
      const path = join(this.incoming, name);
      if (!(await isOlder(path, before))) continue;
      await rm(path, { force: true });
      swept += 1;
    }
    for (const shard of (await namesIn(this.path)).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
      const old: string[] = [];
      for (const hash of (await namesIn(join(this.path, shard))).filter(isHash)) {
        if (await isOlder(this.pathOf(hash), before)) old.push(hash);
      }
      if (old.length === 0) continue;
      const named = await namedAmong(old);
      for (const hash of old) if (!named.has(hash) && (await this.#sweepOne(hash, before, namedAmong))) swept += 1;
    }
    return swept;
  }

  #sweepOne(hash: string, before: number, namedAmong: (hashes: readonly string[]) => Promise<ReadonlySet<string>>) {
    return this.#inTurn(async () => {
      const path = this.pathOf(hash);
      // Once more: the same content may have arrived since, or a name.
      if ((await namedAmong([hash])).has(hash) || !(await isOlder(path, before))) return false;
      await rm(path, { force: true });
      return true;
    });
  }

  /** What gives content its name or its age, and what deletes it, take turns. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}

const unlessMissing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT') return undefined;
  throw error;
};

/** Returns whether it is new. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isOlder(path: string, before: number): Promise<boolean> {
  const found = await stat(path).catch(unlessMissing);
  return found !== undefined && found.mtimeMs < before;
}

/** The names in a folder; none if the folder does not exist yet. */
async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(unlessMissing)) ?? [];
}
