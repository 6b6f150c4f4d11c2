import { allOf, Bindings } from '../api/sql.ts';
import { inTransaction, isStoreUnavailable, type PoolClient } from '../db.ts';
import { parseFilter } from '../lists/filter.ts';
import { filterConditions } from '../lists/filter-fields.ts';
import { orderFilters } from '../orders/filters.ts';
import { itemsOfOrders, type OrderRow, selectOrders } from '../orders/store.ts';
import type { Shop } from '../shop.ts';
import { type Claimed, claimJob, discardPieces, endJob, writePiece } from './claim.ts';
import { csvHead, csvOrder } from './csv.ts';

const ordersAtOnce = 500;
/** A piece ends with the order that exceeds this, in characters: pieces stay small whatever shoppers write. */
const pieceLength = 262_144;

/** Runs the exports that wait, one after the other; returns their number. A stop leaves the current one to a retry. */
export async function runExports(shop: Shop, signal: AbortSignal): Promise<number> {
  for (let done = 0; ; done += 1) {
    const claimed = signal.aborted ? undefined : await claimJob(shop.db, shop.now());
    if (claimed === undefined) return done;
    try {
      const orders = await exportOrders(shop, claimed, signal);
      if (orders === undefined) return done;
      await endJob(shop.db, claimed, orders === 0 ? 'No orders match the filter' : null, shop.now());
    } catch (error) {
      // The claim runs out, and the job is tried again.
      if (isStoreUnavailable(error)) throw error;
      shop.log.error({ err: error, job: claimed.id }, 'export failed');
      await endJob(shop.db, claimed, 'The export failed', shop.now());
    }
  }
}

/**
 * Writes the file of an export from one snapshot of the store; returns the number of orders. Undefined if the process
 * stops or another one has the job.
 */
async function exportOrders(shop: Shop, claimed: Claimed, signal: AbortSignal): Promise<number | undefined> {
  await discardPieces(shop.db, claimed);
  return inTransaction(shop.db, async (db) => {
    await db.query('set transaction isolation level repeatable read, read only');
    await openCursor(db, claimed.filter);
    let exported = 0;
    let position = 0;
    const write = async (piece: string) =>
      !signal.aborted && (await writePiece(shop.db, claimed, position++, piece, shop.now()));
    for (;;) {
      const orders = await nextOrders(db);
      if (orders.length === 0) return exported;
      const items = await itemsOfOrders(
        db,
        shop.debts,
        orders.map(({ id }) => id),
      );
      let piece = position === 0 ? csvHead() : '';
      for (const [n, order] of orders.entries()) {
        piece += csvOrder(order, items.get(order.id) ?? []);
        if (piece.length < pieceLength && n < orders.length - 1) continue;
        if (!(await write(piece))) return undefined;
        piece = '';
      }
      exported += orders.length;
    }
  });
}

async function openCursor(db: PoolClient, filter: string): Promise<void> {
  const bindings = new Bindings();
  const conditions = filter === '' ? [] : filterConditions(parseFilter(filter), orderFilters, bindings);
  await db.query(
    `declare exported cursor for select o.id from orders o where ${allOf(conditions)} order by o.created_at, o.id`,
    bindings.values,
  );
}

async function nextOrders(db: PoolClient): Promise<OrderRow[]> {
  const { rows } = await db.query<{ id: string }>(`fetch ${ordersAtOnce} from exported`);
  const bindings = new Bindings();
  const where = `o.id = any(${bindings.add(rows.map(({ id }) => id))})`;
  return selectOrders(db, { where, tail: 'order by o.created_at, o.id', bindings });
}
