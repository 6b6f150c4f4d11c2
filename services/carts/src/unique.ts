import { taken } from '@banyan/kit/api';
import type { Field } from '@banyan/kit/fields';
import type { RedisTx } from '@banyan/kit/redis-ledger';
import { expiryMs } from './cart.ts';
import { type Keys, readCarts } from './rows.ts';

/** The value of a unique field that a change sets. */
export interface Cell {
  /** Id of the cart or of the line that gets it. */
  owner: string;
  kind: 'cart' | 'line';
  field: Field;
  /** Never null. */
  value: unknown;
}

/** How many carts are read at once. */
const page = 100;

/**
 * Makes sure that no other cart or line has a value. It reads every cart that has values of fields: there are few. Two
 * writes of one unique field exclude each other, since both change its number.
 *
 * @throws ServiceError `validation_failed`: a value is taken
 */
export async function requireUnique(tx: RedisTx, keys: Keys, nowMs: number, cells: readonly Cell[]): Promise<void> {
  if (cells.length === 0) return;
  const textOf = ({ field, value }: Pick<Cell, 'field' | 'value'>) => `${field.id} ${JSON.stringify(value)}`;
  const wanted = new Map<string, Cell>();
  for (const cell of cells) {
    if (wanted.has(textOf(cell))) throw taken(`data.${cell.field.slug}`);
    wanted.set(textOf(cell), cell);
  }
  for (const id of new Set(cells.map(({ field }) => field.id))) {
    await tx.read('GET', keys.unique(id));
    tx.write('INCR', keys.unique(id));
  }
  const ids = await tx.peek((client) => client.zrange(keys.valued, '0', '-1'));
  for (let at = 0; at < ids.length; at += page) {
    const stored = await tx.peek((client) => readCarts(client, keys, ids.slice(at, at + page)));
    for (const { cart } of stored.filter((one) => one !== undefined)) {
      if (expiryMs(cart) <= nowMs) continue;
      for (const { id, values } of [cart, ...cart.lines]) {
        for (const [fieldId, value] of Object.entries(values)) {
          const cell = wanted.get(`${fieldId} ${JSON.stringify(value)}`);
          if (cell !== undefined && cell.owner !== id) throw taken(`data.${cell.field.slug}`);
        }
      }
    }
  }
}
