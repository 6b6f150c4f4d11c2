import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createLogger, type Logger } from '../observe/log.ts';
import type { NewEvent } from '../store/events.ts';
import { openSqlite, type Sqlite, statement } from '../store/sqlite/sqlite.ts';

const insert = statement<object, [string, number]>('insert', 'insert into seen (id, version) values (?, ?)');
const all = statement<{ id: string; version: number }>('all', 'select id, version from seen order by rowid');

/** A store with an outbox, an inbox and a table of what a consumer has seen. */
export interface Shelf {
  store: Sqlite;
  /** Adds events, one transaction each. */
  add(...events: NewEvent[]): Promise<void>;
  see(tx: Parameters<Sqlite['inbox']>[0], event: NewEvent): Promise<void>;
  /** Versions of an aggregate in the order in which they were seen; of all aggregates without an id. */
  seen(aggregateId?: string): Promise<number[]>;
  waiting(): Promise<number>;
  drop(): Promise<void>;
}

export async function openShelf(): Promise<Shelf> {
  const folder = await mkdtemp(join(tmpdir(), 'shelf-'));
  await writeFile(join(folder, '001_seen.sql'), 'create table seen (id text not null, version integer not null)');
  const store = openSqlite({ path: join(folder, 'store.db') });
  await store.applySchema({ folder: pathToFileURL(`${folder}/`) });
  const unpublished = statement<{ n: number }>('n', 'select count(*) as n from outbox where published_at_ms is null');
  return {
    store,
    add: async (...events) => {
      for (const event of events) await store.transaction((tx) => store.outbox(tx).add(event));
    },
    see: async (tx, event) => {
      await tx.run(insert, [event.aggregateId, event.aggregateVersion]);
    },
    seen: async (aggregateId) => {
      const rows = await store.query(all, []);
      return rows.filter(({ id }) => aggregateId === undefined || id === aggregateId).map(({ version }) => version);
    },
    waiting: async () => (await store.query(unpublished, []))[0]?.n ?? 0,
    drop: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

export const eventAt = (version: number, change: Partial<NewEvent> = {}): NewEvent => ({
  id: randomUUID(),
  type: 'things.changed',
  typeVersion: 1,
  aggregateId: 'thing-1',
  aggregateVersion: version,
  state: { version },
  occurredAtUs: 1_700_000_000_000_000,
  ...change,
});

/** Keeps the lines that a test looks for. */
export function keptLog(): { logger: Logger; lines: () => Record<string, unknown>[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return {
    logger: createLogger({ level: 'info', service: 'tests', destination }),
    lines: () => lines.map((line) => JSON.parse(line)),
  };
}
