import { ControlError } from './control-error.ts';
import type { Journal, JournalEntry } from './journal.ts';
import type { WeightStore } from './weight-store.ts';
import type { WeightChanges } from './weights.ts';

/** The weights set by hand. They change only together with the journal entries that say so. */
export class WrittenChanges {
  readonly #journal: Journal;
  readonly #store: WeightStore;
  #weights: WeightChanges;

  /**
   * @param read makes what is used of what was stored
   * @throws Error where the stored weights cannot be read
   */
  constructor(journal: Journal, store: WeightStore, read: (stored: WeightChanges) => WeightChanges) {
    this.#journal = journal;
    this.#store = store;
    this.#weights = read(store.load());
  }

  get weights(): WeightChanges {
    return this.#weights;
  }

  /**
   * Writes a change down before it takes effect: into the journal, then into the weight store. The journal entries are
   * taken back when the store fails.
   *
   * @param weights default: those that stand
   * @throws ControlError not_written: nothing has changed
   */
  write(entries: readonly Omit<JournalEntry, 'at'>[], weights = this.#weights): void {
    const written: JournalEntry[] = [];
    try {
      for (const entry of entries) written.push(this.#journal.add(entry));
      if (weights !== this.#weights) this.#store.save(weights);
    } catch (cause) {
      for (const entry of written.reverse()) this.#journal.retract(entry);
      throw new ControlError('not_written', ['the change could not be written to MESH_STATE, and was not made'], cause);
    }
    this.#weights = weights;
  }

  /**
   * Writes `entries`, and drops the weights of the groups `routes`, which new documents have overtaken.
   *
   * @throws ControlError not_written: nothing has changed
   */
  drop(routes: readonly string[], entries: readonly Omit<JournalEntry, 'at'>[] = []): void {
    if (routes.length === 0) {
      this.write(entries);
      return;
    }
    const why = 'the documents have changed these rules since';
    const dropped = { what: 'weights dropped', who: 'mesh', why, details: { routes } } as const;
    const kept = Object.entries(this.#weights).filter(([route]) => !routes.includes(route));
    this.write([...entries, dropped], Object.fromEntries(kept));
  }
}
