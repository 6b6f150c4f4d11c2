import type { Duckdb } from '@banyan/kit/duckdb';
import type { NewEvent } from '@banyan/kit/events';
import { BadMessage, newerOnly } from '@banyan/kit/messages';
import { orderIn } from './order.ts';
import type { OrdersStore } from './orders-store.ts';
import type { OrdersOwner, OrdersPage } from './owner.ts';

/** Names the queue of facts, and the inbox's rows. */
export const ordersConsumer = 'jobs.orders';
/** How often all is asked for again when the numbers of orders differ: orders are made meanwhile. */
const maxRounds = 3;

/**
 * The copy of the orders. Facts keep it fresh. Before an export it is brought to what the owner has: the owner is asked
 * for what changed since the last time, and for what facts told of meanwhile, because a fact that is late tells of an
 * older state. While that and the export are under way, facts wait. So each order of an export is at least as new as the
 * export's beginning, with a broker and without one.
 */
export class Orders {
  readonly #store: OrdersStore;
  readonly #owner: OrdersOwner;
  readonly #told: (event: NewEvent) => Promise<void>;
  #last: Promise<unknown> = Promise.resolve();
  #ownerHadNone = true;

  constructor(db: Duckdb, store: OrdersStore, owner: OrdersOwner) {
    this.#store = store;
    this.#owner = owner;
    this.#told = newerOnly(db, ordersConsumer, (tx, { aggregateId, state }) => {
      const order = state === null ? null : readable(state);
      if (order !== null && order.id !== aggregateId) throw new BadMessage('the state is of another order');
      return this.#store.tell(tx, aggregateId, order);
    });
  }

  /**
   * Whether the owner had no orders when it was last asked, or was not asked yet. No fact tells of the orders that fill a
   * new shop.
   */
  get ownerHadNone(): boolean {
    return this.#ownerHadNone;
  }

  /** Applies a fact of an order, if it is newer than the facts before. */
  readonly handle = (event: NewEvent): Promise<void> => this.#inTurn(() => this.#told(event));

  /** Brings the copy to what the owner has, then keeps it so until `work` has ended. */
  settled<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#inTurn(async () => {
      await this.#refresh();
      return work();
    });
  }

  async #refresh(): Promise<void> {
    for (let round = 1; ; round += 1) {
      const total = await this.#readChanges(await this.#store.position());
      this.#ownerHadNone = total === 0;
      await this.#readTold();
      if ((await this.#store.count()) === total) return;
      // Orders were made while they were read, or the owner has another store than before.
      if (round < maxRounds) continue;
      await this.#readChanges(null);
      return;
    }
  }

  /** Reads what changed since a position (null: all orders). Resolves with the number of orders at its end. */
  async #readChanges(since: string | null): Promise<number> {
    const seen = new Set<string>();
    let first: OrdersPage | undefined;
    let last: OrdersPage;
    for (let after: string | null = null; ; ) {
      const page = await this.#owner.page({ since, after });
      first ??= page;
      last = page;
      await this.#store.take(page.orders);
      for (const { id } of page.orders) seen.add(id);
      if (!page.more) break;
      after = page.orders.at(-1)?.id ?? null;
    }
    if (first.whole) await this.#store.keepOnly(seen);
    // The first page's: what changed while the others were read is read again the next time.
    await this.#store.setPosition(first.position);
    return last.total;
  }

  async #readTold(): Promise<void> {
    for (;;) {
      const ids = await this.#store.told();
      if (ids.length === 0) return;
      const { orders } = await this.#owner.page({ since: null, after: null, ids });
      await this.#store.take(orders);
      const known = new Set(orders.map(({ id }) => id));
      await this.#store.drop(ids.filter((id) => !known.has(id)));
    }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

function readable(state: unknown) {
  try {
    return orderIn(state);
  } catch (error) {
    throw new BadMessage((error as Error).message);
  }
}
