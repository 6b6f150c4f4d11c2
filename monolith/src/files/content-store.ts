import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** The first bytes of content that are kept in memory, to tell its type and the size of an image. */
const headBytes = 256 * 1024;

/** Content that has arrived and is on the disk, but does not have its final name yet. */
export interface Received {
  path: string;
  /** SHA-256 in hex. */
  hash: string;
  /** Bytes. */
  size: number;
  head: Buffer;
}

/**
 * Content on the disk, named by its hash: equal content exists once. `incoming/` holds what is still arriving. A folder
 * belongs to one database, because the sweep deletes what that database does not know.
 */
export class ContentStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get incoming(): string {
    return join(this.folder, 'incoming');
  }

  /** The folder that holds the content, and others whose hash begins alike. */
  shardOf(hash: string): string {
    return join(this.folder, hash.slice(0, 2));
  }

  pathOf(hash: string): string {
    return join(this.shardOf(hash), hash);
  }

  /**
   * Writes a stream to the disk and hashes it on the way. After a failure nothing is left.
   * @throws the error of the stream, or of the disk
   */
  async receive(source: Readable): Promise<Received> {
    await mkdir(this.incoming, { recursive: true });
    const path = join(this.incoming, randomUUID());
    const hash = createHash('sha256');
    const head: Buffer[] = [];
    let size = 0;
    const measure = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        if (size < headBytes) head.push(chunk);
        size += chunk.length;
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
    return { path, hash: hash.digest('hex'), size, head: Buffer.concat(head).subarray(0, headBytes) };
  }

  /** Gives content its final name, durably. The same content gets a new time of change, which the sweep looks at. */
  async keep({ path, hash }: Received): Promise<void> {
    const shard = this.shardOf(hash);
    const created = await mkdir(shard, { recursive: true });
    await rename(path, this.pathOf(hash));
    await flushFolder(shard);
    if (created !== undefined) await flushFolder(this.folder);
  }

  /** Deletes content that was not kept; does nothing after `keep`. */
  async discard({ path }: Received): Promise<void> {
    await rm(path, { force: true });
  }

  /** Opens content for reading; undefined if it is missing. The caller closes it. */
  async open(hash: string): Promise<FileHandle | undefined> {
    return open(this.pathOf(hash)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  }
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
