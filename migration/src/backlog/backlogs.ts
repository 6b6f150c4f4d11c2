import type { Logger } from '@banyan/kit/log';
import type { Mover } from '../mover/mover.ts';
import type { Queryable } from '../resources/queryable.ts';
import { Backlog, type Waiting } from './backlog.ts';

/** Refused changes are parked, which `status` tells by itself. */
const counts = `
  select resource.name, owned.state, count(notes.id)::int as changes,
    coalesce(extract(epoch from clock_timestamp() - min(notes.noted_at)) * 1000, 0)::float8 as "ageMs"
  from unnest($1::text[], $2::text[]) as resource (name, group_name)
    left join migration.ownership as owned using (group_name)
    left join migration.notes on notes.resource = resource.name and notes.parked is null
  group by 1, 2`;

/** The backlogs of all resources that are followed. */
export class Backlogs {
  readonly #db: Queryable;
  readonly #logger: Logger;
  readonly #byName = new Map<string, Backlog>();

  constructor(db: Queryable, logger: Logger) {
    this.#db = db;
    this.#logger = logger;
  }

  of(resource: string): Backlog | null {
    return this.#byName.get(resource) ?? null;
  }

  all(): ReadonlyMap<string, Backlog> {
    return this.#byName;
  }

  /**
   * Looks at the backlogs of these resources and forgets all others. Logs an alarm, and its end.
   *
   * @param nowMs monotonic
   */
  async look(movers: readonly Mover[], nowMs: number): Promise<void> {
    const resources = movers.map(({ resource }) => resource);
    const noted = await this.#db
      .query<Waiting & { name: string; state: string | null }>({
        name: 'backlogs',
        text: counts,
        values: [resources.map(({ name }) => name), resources.map(({ group }) => group)],
      })
      .then(
        ({ rows }) => new Map(rows.map((row) => [row.name, row])),
        () => null,
      );
    for (const name of this.#byName.keys()) {
      if (!resources.some((resource) => resource.name === name)) this.#byName.delete(name);
    }
    for (const mover of movers) {
      const found = noted?.get(mover.resource.name);
      const isMonoliths = found !== undefined && found.state !== 'follower';
      // What waits at a service, or at a monolith that does not respond, is as old as the last round that succeeded.
      const waiting = isMonoliths
        ? { changes: found.changes, ageMs: found.ageMs }
        : { changes: null, ageMs: nowMs - mover.inStepAtMs };
      this.#take(mover.resource.name, nowMs, waiting);
    }
  }

  #take(resource: string, nowMs: number, waiting: Waiting): void {
    const backlog = this.#byName.get(resource) ?? new Backlog();
    this.#byName.set(resource, backlog);
    const switched = backlog.look(nowMs, waiting);
    if (switched === 'on') this.#logger.warn({ resource, ...waiting }, 'the follower stays behind its owner');
    if (switched === 'off') this.#logger.info({ resource }, 'the follower has caught up with its owner');
  }
}
