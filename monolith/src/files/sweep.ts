import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inTransaction, type Pool, type Queryable } from '../db.ts';
import { ContentStore } from './content-store.ts';

/** Content without a row stays for this long: its upload may be about to write the row. */
const graceMs = 3_600_000;

// Any number works if every process uses the same one.
const contentLock = 7_205_759_404;

/** Until the transaction ends, no sweep deletes content. Uploads do not wait for each other. */
export async function sharedContentLock(db: Queryable): Promise<void> {
  await db.query('select pg_advisory_xact_lock_shared($1)', [contentLock]);
}

/**
 * Deletes content that no file has had for an hour, and what interrupted uploads left; returns the number of deleted
 * files. Deleting a file deletes only its row, because other rows may have the same content.
 */
export async function sweepContent(db: Pool, folder: string, now: Date): Promise<number> {
  const store = new ContentStore(folder);
  const before = now.getTime() - graceMs;
  let swept = 0;
  for (const name of await namesIn(store.incoming)) {
    const path = join(store.incoming, name);
    if (!(await isOlder(path, before))) continue;
    await rm(path, { force: true });
    swept += 1;
  }
  const shards = (await namesIn(folder)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  for (const shard of shards) {
    for (const hash of await withoutRows(db, await hashesIn(join(folder, shard), before))) {
      if (await sweepOne(db, store, hash, before)) swept += 1;
    }
  }
  return swept;
}

/** Deletes content, unless an upload of the same content has come first. */
async function sweepOne(db: Pool, store: ContentStore, hash: string, before: number): Promise<boolean> {
  return inTransaction(db, async (locked) => {
    await locked.query('select pg_advisory_xact_lock($1)', [contentLock]);
    const path = store.pathOf(hash);
    if ((await withoutRows(locked, [hash])).length === 0 || !(await isOlder(path, before))) return false;
    await rm(path, { force: true });
    return true;
  });
}

async function hashesIn(shard: string, before: number): Promise<string[]> {
  const old: string[] = [];
  for (const name of await namesIn(shard)) {
    if (/^[0-9a-f]{64}$/.test(name) && (await isOlder(join(shard, name), before))) old.push(name);
  }
  return old;
}

async function withoutRows(db: Queryable, hashes: readonly string[]): Promise<string[]> {
  if (hashes.length === 0) return [];
  const { rows } = await db.query<{ hash: string }>(
    'select hash from unnest($1::text[]) hash where not exists (select from files where content_hash = hash)',
    [hashes],
  );
  return rows.map(({ hash }) => hash);
}

async function isOlder(path: string, before: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.mtimeMs < before;
}

/** The names in a folder; none if the folder does not exist yet. */
async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
