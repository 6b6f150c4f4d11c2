import { randomUUID } from 'node:crypto';
import { badRequest, notFound, unprocessable } from '../api/faults.ts';
import type { Queryable } from '../db.ts';
import { writeDraft } from './draft-writes.ts';
import { MAX_LINES, MAX_TAXES } from './limits.ts';
import type { CartRow, ItemRow, TaxRow } from './store.ts';
import type { TaxItem } from './taxes.ts';

export type NewLine = Omit<ItemRow, 'id' | 'created_at' | 'updated_at' | 'taxes'>;

/**
 * An open (locked) cart in memory: read once, changed here, and written once by `save`. However much one request asks
 * for, the store sees a fixed number of statements.
 */
export class CartDraft {
  readonly db: Queryable;
  readonly now: Date;
  cart: CartRow;
  readonly #before: { currency: string | null; items: readonly ItemRow[] };
  // Lines are never changed in place: whoever holds an earlier list holds the earlier state.
  #items: readonly ItemRow[];

  constructor(db: Queryable, now: Date, cart: CartRow, items: readonly ItemRow[]) {
    this.db = db;
    this.now = now;
    this.cart = cart;
    this.#items = items;
    this.#before = { currency: cart.currency, items };
  }

  get items(): readonly ItemRow[] {
    return this.#items;
  }

  /** A line. Throws 404. */
  require(itemId: string): ItemRow {
    const item = this.#items.find((each) => each.id === itemId.toLowerCase());
    if (item === undefined) throw notFound("The Item doesn't exist in the cart");
    return item;
  }

  /** Adds a line in `currency`, which the first line fixes. Throws 400 where the cart is full. */
  add(line: NewLine, currency: string): ItemRow {
    if (this.#items.length >= MAX_LINES) throw badRequest(`A cart holds at most ${MAX_LINES} different items`);
    const item: ItemRow = { ...line, id: randomUUID(), created_at: this.now, updated_at: this.now, taxes: [] };
    this.#items = [...this.#items, item];
    this.cart = { ...this.cart, currency };
    return item;
  }

  setQuantity(item: ItemRow, quantity: number): ItemRow {
    return this.#replace({ ...item, quantity, updated_at: this.now });
  }

  /** Takes a line out, if there is such a line. */
  remove(itemId: string): void {
    this.#keep(this.#items.filter(({ id }) => id !== itemId.toLowerCase()));
  }

  clear(): void {
    this.#keep([]);
  }

  /** Adds a tax to a line. Throws 422 where the line has all the taxes that it may have. */
  addTax(item: ItemRow, { name = null, jurisdiction = null, code = null, rate }: TaxItem): TaxRow {
    if (item.taxes.length >= MAX_TAXES) {
      throw unprocessable(
        'Tax item not added to cart item.',
        `Cannot exceed tax item limit of (${MAX_TAXES}) on cart item.`,
      );
    }
    const tax: TaxRow = { id: randomUUID(), item_id: item.id, name, jurisdiction, code, rate };
    this.setTaxes(item, [...item.taxes, tax]);
    return tax;
  }

  /** Gives a line these taxes in the place of those that it has. */
  setTaxes(item: ItemRow, taxes: TaxRow[]): ItemRow {
    return this.#replace({ ...item, taxes });
  }

  /** Runs one step; where it throws, the cart is as before the step. */
  async attempt(step: () => Promise<void>): Promise<void> {
    const { cart } = this;
    const items = this.#items;
    try {
      await step();
    } catch (error) {
      this.cart = cart;
      this.#items = items;
      throw error;
    }
  }

  /** Writes what differs from what was read. */
  async save(): Promise<void> {
    await writeDraft(this.db, this.cart, this.#before, this.#items);
  }

  #replace(item: ItemRow): ItemRow {
    this.#items = this.#items.map((each) => (each.id === item.id ? item : each));
    return item;
  }

  // An empty cart may be filled in any currency.
  #keep(items: readonly ItemRow[]): void {
    this.#items = items;
    if (items.length === 0) this.cart = { ...this.cart, currency: null };
  }
}
