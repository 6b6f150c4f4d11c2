import type { Version } from '../import/version.ts';
import type { NewEvent } from '../store/events.ts';
import { type Cause, factOf } from '../store/facts.ts';
import { groupEvents } from './contract.ts';
import type { GroupKind } from './kind.ts';

type Happened = keyof ReturnType<typeof groupEvents>;

/** Collects what a transaction changes, so that each group is told of once, as it is in the end. */
export class ToldChanges {
  /** What one transaction did to one group, in the end, with the version of its last change. */
  readonly #changes = new Map<string, { happened: Happened; version: Version }>();

  add(ids: readonly string[], happened: Happened, version: Version): void {
    for (const id of ids) {
      const before = this.#changes.get(id)?.happened;
      this.#changes.set(id, { happened: before === 'created' && happened === 'updated' ? before : happened, version });
    }
  }

  /**
   * The facts of the transaction, in the order of the first changes. Call it last.
   *
   * @param read groups as an administrator sees them, by id
   */
  async facts(
    { type }: GroupKind,
    read: (ids: readonly string[]) => Promise<ReadonlyMap<string, { data: object }>>,
    atUs: number,
    cause: Cause,
  ): Promise<NewEvent[]> {
    const events = groupEvents(type);
    const states = await read([...this.#changes].flatMap(([id, { happened }]) => (happened === 'deleted' ? [] : [id])));
    return [...this.#changes].map(([aggregateId, { happened, version }]) =>
      factOf({ event: events[happened], aggregateId, version, state: states.get(aggregateId) ?? null, atUs }, cause),
    );
  }
}
