import { type Change, type Outcome, type State, type Version, versionOf } from '@banyan/kit/import';
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
/** Key of the notes that measure the lag. No aggregate has it: clients choose ids of carts, without control characters. */
const heartbeatKey = '\u0001heartbeat';

/** How long a look at the columns of the tables holds. */
const columnsFreshMs = 1_000;

/** Values: the resource, and how many aggregates at most. */
const readNotes = `
  with picked as (
    select key from migration.notes
    where resource = $1 and (retry_at is null or retry_at < clock_timestamp())
    order by id limit $2
  )
  select id, key, extract(epoch from clock_timestamp() - noted_at) * 1000 as age_ms
  from migration.notes where resource = $1 and key in (select key from picked)`;

const parkedNote = `(select jsonb_build_object('key', key, 'reason', parked) from migration.notes
  where resource = $1 and parked is not null limit 1)`;

interface Note {
  id: string;
  key: string;
  age_ms: number;
}

/** What one pass has sent. */
export interface Pass {
  keys: readonly string[];
  /** Whether there were more notes than one pass takes. */
  more: boolean;
  refused: readonly Outcome[];
  /** An aggregate that the service refuses, with the reason. Null: there is none. */
  parked: { key: string; reason: string } | null;
  /** The age of the oldest note, in ms, when the service had it. Null: there was none. */
  lagMs: number | null;
  version: Version;
}

/** What one snapshot held. */
interface Read {
  epoch: number;
  version: Version;
  notes: readonly Note[];
  states: ReadonlyMap<string, State | null>;
  last: string | null;
  more: boolean;
  parked: Pass['parked'];
  /** Monotonic ms. */
  atMs: number;
}

/**
 * Reads what changed in the monolith and sends it to the service. One relay at a time: its connection holds a lock for
 * as long as it lives. It draws a version, then reads the noted aggregates whole in one snapshot. So a newer version was
 * always read from a later snapshot, whatever order transactions commit in.
 */
export class Relay {
  readonly #client: Client;
  readonly #send: Send;
  readonly #columnsUntilMs = new Map<string, number>();
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
  async pass(resource: Resource): Promise<Pass> {
    return this.#deliver(resource, await this.#exclusively(() => this.#read(resource, null)));
  }

  /**
   * Reads `limit` aggregates after a key (null: from the first), and what was noted. Resolves when they are read, so that
   * the next chunk can be read while this one is sent.
   *
   * @returns the last key that was read (null: there are no further ones), and what was sent
   */
  async chunk(
    resource: Resource,
    after: string | null,
    limit: number,
  ): Promise<{ last: string | null; delivered: Promise<Pass> }> {
    const read = await this.#exclusively(() => this.#read(resource, { after, limit }));
    const delivered = this.#deliver(resource, read);
    // It is awaited later.
    delivered.catch(() => {});
    return { last: read.last, delivered };
  }

  /** Has aggregates sent once more. */
  async note(resource: Resource, keys: readonly string[]): Promise<void> {
    await this.#exclusively(() =>
      this.#client.query('insert into migration.notes (resource, key) select $1, unnest($2::text[])', [
        resource.name,
        keys,
      ]),
    );
  }

  /** Notes the time, so that the lag of a quiet resource is measured too. */
  async beat(resource: Resource): Promise<void> {
    await this.#exclusively(() =>
      this.#client.query('insert into migration.notes (resource, key) values ($1, $2)', [resource.name, heartbeatKey]),
    );
  }

  async #deliver(resource: Resource, read: Read): Promise<Pass> {
    const changes = [...read.states].map(([key, state]) => ({ key, version: read.version, state }));
    // An empty batch still takes the whole path to the service's store, which is what a heartbeat measures.
    const outcomes = changes.length + read.notes.length === 0 ? [] : await this.#send(resource, read.epoch, changes);
    const refused = outcomes.filter(({ outcome }) => outcome === 'refused');
    const oldestMs = Math.max(...read.notes.map(({ age_ms }) => Number(age_ms)));
    const lagMs = read.notes.length === 0 ? null : oldestMs + (performance.now() - read.atMs);
    if (read.notes.length + refused.length > 0) {
      await this.#exclusively(() => this.#settleNotes(resource, read.notes, refused));
    }
    // Read once more: this pass may have sent what was refused before.
    const parked =
      read.parked === null && refused.length === 0
        ? null
        : await this.#exclusively(async () => {
            const { rows } = await this.#client.query<{ parked: Pass['parked'] }>(`select ${parkedNote} as parked`, [
              resource.name,
            ]);
            return rows[0]?.parked ?? null;
          });
    return { ...read, keys: [...read.states.keys()], refused, parked, lagMs };
  }

  /** One statement at a time: a connection runs one transaction. */
  #exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }

  async #read(resource: Resource, chunk: { after: string | null; limit: number } | null): Promise<Read> {
    const client = this.#client;
    await this.#refuseUnknownColumns(resource);
    await client.query('begin isolation level repeatable read');
    try {
      // One relay reads one snapshot after the other, so it does not matter which comes first, version or snapshot.
      const { rows } = await client.query<{ counter: string; parked: Pass['parked'] }>(
        `select nextval('migration.counter') as counter, ${parkedNote} as parked`,
        [resource.name],
      );
      const ownership = await readOwnership(client, resource.group);
      if (ownership === null || ownership.state === 'follower') {
        throw new MigrationError('not_the_owner', `the monolith does not own ${resource.name}`);
      }
      const limit = resource.batch ?? passLimit;
      const { rows: notes } = await client.query<Note>(readNotes, [resource.name, limit]);
      const atMs = performance.now();
      const keys = new Set(notes.map(({ key }) => key));
      keys.delete(heartbeatKey);
      let last: string | null = null;
      if (chunk !== null) {
        const { rows } = await client.query<{ key: string }>(resource.keys, [chunk.after, chunk.limit]);
        for (const { key } of rows) keys.add(key);
        last = rows.at(-1)?.key ?? null;
      }
      const version = versionOf(ownership.epoch, Number(rows[0]?.counter));
      return {
        epoch: ownership.epoch,
        version,
        notes,
        states: await this.#states(resource, [...keys]),
        last,
        more: notes.length >= limit,
        parked: rows[0]?.parked ?? null,
        atMs,
      };
    } finally {
      await client.query('commit');
    }
  }

  /** The states of aggregates; null for those that do not exist. */
  async #states(resource: Resource, keys: readonly string[]): Promise<Map<string, State | null>> {
    const states = new Map<string, State | null>(keys.map((key) => [key, null]));
    if (keys.length === 0) return states;
    const { rows } = await this.#client.query<{ key: string; state: State }>(resource.states, [keys]);
    for (const { key, state } of rows) states.set(key, state);
    return states;
  }

  async #refuseUnknownColumns(resource: Resource): Promise<void> {
    const nowMs = performance.now();
    if (nowMs < (this.#columnsUntilMs.get(resource.name) ?? 0)) return;
    await refuseUnknownColumns(this.#client, resource);
    this.#columnsUntilMs.set(resource.name, nowMs + columnsFreshMs);
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
