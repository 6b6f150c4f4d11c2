import { type Change, type Outcome, oneBatch, type State, type Version, versionOf } from '@banyan/kit/import';
import type { Client } from 'pg';
import { MigrationError } from '../errors.ts';
import { refuseUnknownColumns } from '../monolith/attach.ts';
import type { Resource } from '../resources/resource.ts';
import { deleteNotes, heartbeatKey, type Note, parkedNote, passLimit, readNotes } from './notes.ts';

/** Hands changes to the service, and resolves with what became of each after its commit. */
export type Send = (resource: Resource, epoch: number, changes: readonly Change[]) => Promise<readonly Outcome[]>;

/** How long a refused aggregate rests. */
const retryParked = "interval '5 seconds'";

/** How long a look at the columns of the tables holds. */
const columnsFreshMs = 1_000;

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

/** What was read for one pass. */
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
 * as long as it lives. It draws a version and reads the notes, then it reads the noted aggregates whole in one snapshot. So
 * a newer version was always read from a later snapshot, whatever order transactions commit in.
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

  /** Notes the time for those resources that the monolith owns, so that the lag of a quiet one is measured too. */
  async beat(resources: readonly Resource[]): Promise<void> {
    await this.#exclusively(() =>
      this.#client.query({
        name: 'heartbeats',
        text: `insert into migration.notes (resource, key)
          select resource.name, $3 from unnest($1::text[], $2::text[]) as resource (name, group_name)
            join migration.ownership using (group_name) where state = 'owner'`,
        values: [resources.map(({ name }) => name), resources.map(({ group }) => group), heartbeatKey],
      }),
    );
  }

  async #deliver(resource: Resource, read: Read): Promise<Pass> {
    const changes = [...read.states].map(([key, state]) => ({ key, version: read.version, state }));
    // An empty batch still takes the whole path to the service's store, which is what a heartbeat measures.
    const outcomes = changes.length + read.notes.length === 0 ? [] : await this.#send(resource, read.epoch, changes);
    const refused = outcomes.filter(({ outcome }) => outcome === 'refused');
    const oldestMs = read.notes.reduce((oldest, { ageMs }) => Math.max(oldest, ageMs), 0);
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

  /**
   * Three statements, each with a snapshot of its own, one after the other: the states are as new as the notes or newer,
   * and newer than the version. A change between two of them has a note that is read in the next pass.
   */
  async #read(resource: Resource, chunk: { after: string | null; limit: number } | null): Promise<Read> {
    await this.#refuseUnknownColumns(resource);
    const { epoch, state, counter, parked, notes } = await readNotes(this.#client, resource);
    const atMs = performance.now();
    // An owner that changes after this is told by the service, which takes no batch of an epoch that has ended.
    if (epoch === null || state === 'follower') {
      throw new MigrationError('not_the_owner', `the monolith does not own ${resource.name}`);
    }
    const noted = [...new Set(notes.map(({ key }) => key))];
    const keys = new Set(oneBatch(noted, resource.weight));
    const taken = notes.filter(({ key }) => keys.has(key));
    keys.delete(heartbeatKey);
    const after = chunk === null ? [] : await this.#keys(resource, chunk.after, chunk.limit);
    const further = oneBatch(after, resource.weight);
    for (const key of further) keys.add(key);
    return {
      epoch,
      version: versionOf(epoch, counter),
      notes: taken,
      states: await this.#states(resource, [...keys]),
      last: further.at(-1) ?? null,
      more: notes.length >= passLimit || taken.length < notes.length,
      parked,
      atMs,
    };
  }

  async #keys({ name, keys }: Resource, after: string | null, limit: number): Promise<string[]> {
    const { rows } = await this.#client.query<{ key: string }>({
      name: `keys of ${name}`,
      text: keys,
      values: [after, limit],
    });
    return rows.map(({ key }) => key);
  }

  /** The states of aggregates; null for those that do not exist. */
  async #states({ name, states: text }: Resource, keys: readonly string[]): Promise<Map<string, State | null>> {
    const states = new Map<string, State | null>(keys.map((key) => [key, null]));
    if (keys.length === 0) return states;
    const { rows } = await this.#client.query<{ key: string; state: State }>({
      name: `states of ${name}`,
      text,
      values: [keys],
    });
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
    await this.#client.query({ name: 'notes that are done', text: deleteNotes, values: [done] });
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
