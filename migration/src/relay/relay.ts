import { type Change, type Outcome, type State, versionOf } from '@banyan/kit/import';
import type { Client } from 'pg';
import { MigrationError } from '../errors.ts';
import { refuseUnknownColumns } from '../monolith/attach.ts';
import { readOwnership } from '../monolith/fence.ts';
import type { Resource } from '../resources/resource.ts';

/** Hands changes to the service, and resolves with what became of each after its commit. */
export type Send = (resource: Resource, epoch: number, changes: readonly Change[]) => Promise<readonly Outcome[]>;

/** Aggregates in one pass. */
const passLimit = 1_000;
/** How long a refused aggregate rests. */
const retryParked = "interval '5 seconds'";
/** Key of the notes that measure the lag: no aggregate has it. */
const heartbeatKey = '~heartbeat';

interface Note {
  id: string;
  key: string;
  age_ms: number;
}

/** What one pass has sent. */
export interface Pass {
  sent: number;
  /** Whether there were more notes than one pass takes. */
  more: boolean;
  refused: readonly Outcome[];
  /** The age of the oldest note, in ms, when the service had it. Null: there was none. */
  lagMs: number | null;
  /** Of a pass with `after`: the last key that was read. Null: there are no further ones. */
  last: string | null;
  version: number;
}

/**
 * Reads what changed in the monolith and sends it to the service. One relay at a time: its connection holds a lock for
 * as long as it lives. It draws a version, then reads the noted aggregates whole in one snapshot. So a newer version was
 * always read from a later snapshot, whatever order transactions commit in.
 */
export class Relay {
  readonly #client: Client;
  readonly #send: Send;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(client: Client, send: Send) {
    this.#client = client;
    this.#send = send;
  }

  /**
   * @throws MigrationError `second_relay` when another worker holds the lock
   */
  static async open(client: Client, send: Send): Promise<Relay> {
    const { rows } = await client.query<{ locked: boolean }>(
      "select pg_try_advisory_lock(hashtextextended('migration relay', 0)) as locked",
    );
    if (!rows[0]?.locked) throw new MigrationError('second_relay', 'another worker moves data out of this monolith');
    return new Relay(client, send);
  }

  /** Sends what was noted, oldest first. */
  pass(resource: Resource): Promise<Pass> {
    return this.#run(resource, null);
  }

  /** Sends what was noted and, besides, `limit` aggregates after a key (null: from the first). */
  chunk(resource: Resource, after: string | null, limit: number): Promise<Pass> {
    return this.#run(resource, { after, limit });
  }

  /** Notes the time, so that the lag of a quiet resource is measured too. */
  async beat(resource: Resource): Promise<void> {
    await this.#exclusively(() =>
      this.#client.query('insert into migration.notes (resource, key) values ($1, $2)', [resource.name, heartbeatKey]),
    );
  }

  async #run(resource: Resource, chunk: { after: string | null; limit: number } | null): Promise<Pass> {
    const read = await this.#exclusively(() => this.#read(resource, chunk));
    const changes = [...read.states].map(([key, state]) => ({ key, version: read.version, state }));
    // An empty batch still takes the whole path to the service's store, which is what a heartbeat measures.
    const outcomes = changes.length + read.notes.length === 0 ? [] : await this.#send(resource, read.epoch, changes);
    const refused = outcomes.filter(({ outcome }) => outcome === 'refused');
    const sentAtMs = performance.now();
    if (read.notes.length > 0) await this.#exclusively(() => this.#settleNotes(resource, read.notes, refused));
    const oldestMs = Math.max(...read.notes.map(({ age_ms }) => Number(age_ms)));
    return {
      sent: changes.length,
      more: read.more,
      refused,
      lagMs: read.notes.length === 0 ? null : oldestMs + (sentAtMs - read.atMs),
      last: read.last,
      version: read.version,
    };
  }

  /** One statement at a time: a connection runs one transaction. */
  #exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }

  async #read(resource: Resource, chunk: { after: string | null; limit: number } | null) {
    const client = this.#client;
    await refuseUnknownColumns(client, resource);
    const { rows: drawn } = await client.query<{ counter: string }>(`select nextval('migration.counter') as counter`);
    await client.query('begin isolation level repeatable read read only');
    try {
      const ownership = await readOwnership(client, resource.group);
      if (ownership === null || ownership.state === 'follower') {
        throw new MigrationError('not_the_owner', `the monolith does not own ${resource.name}`);
      }
      const { rows: notes } = await client.query<Note>(
        `with picked as (
           select key from migration.notes
           where resource = $1 and (retry_at is null or retry_at < clock_timestamp())
           order by id limit ${passLimit}
         )
         select id, key, extract(epoch from clock_timestamp() - noted_at) * 1000 as age_ms
         from migration.notes where resource = $1 and key in (select key from picked)`,
        [resource.name],
      );
      const atMs = performance.now();
      const keys = new Set(notes.map(({ key }) => key));
      keys.delete(heartbeatKey);
      let last: string | null = null;
      if (chunk !== null) {
        const { rows } = await client.query<{ key: string }>(resource.keys, [chunk.after, chunk.limit]);
        for (const { key } of rows) keys.add(key);
        last = rows.at(-1)?.key ?? null;
      }
      const states = new Map<string, State | null>([...keys].map((key) => [key, null]));
      if (keys.size > 0) {
        const { rows } = await client.query<{ key: string; state: State }>(resource.states, [[...keys]]);
        for (const { key, state } of rows) states.set(key, state);
      }
      const version = versionOf(ownership.epoch, Number(drawn[0]?.counter));
      return { epoch: ownership.epoch, version, notes, states, last, more: notes.length >= passLimit, atMs };
    } finally {
      await client.query('commit');
    }
  }

  /** Deletes exactly the notes that were read. Those of refused aggregates stay, with the reason. */
  async #settleNotes(resource: Resource, notes: readonly Note[], refused: readonly Outcome[]): Promise<void> {
    const reasons = new Map(refused.map(({ key, reason }) => [key, reason ?? 'refused']));
    const done = notes.filter(({ key }) => !reasons.has(key)).map(({ id }) => id);
    await this.#client.query('delete from migration.notes where id = any($1::bigint[])', [done]);
    for (const [key, reason] of reasons) {
      const ids = notes.filter((note) => note.key === key).map(({ id }) => id);
      await this.#client.query(
        `update migration.notes set parked = $2, retry_at = clock_timestamp() + ${retryParked} where id = any($1::bigint[])`,
        [ids, reason],
      );
    }
    // A refused aggregate that was read for a backfill has no note yet: it must not be forgotten.
    const noted = new Set(notes.map(({ key }) => key));
    for (const [key, reason] of reasons) {
      if (noted.has(key)) continue;
      await this.#client.query(
        `insert into migration.notes (resource, key, parked, retry_at)
         values ($1, $2, $3, clock_timestamp() + ${retryParked})`,
        [resource.name, key, reason],
      );
    }
  }
}
