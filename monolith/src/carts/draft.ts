import { randomUUID } from 'node:crypto';
import { badRequest, notFound, unprocessable } from '../api/faults.ts';
import type { Queryable } from '../db.ts';
import type { NewValues } from '../flows/check-values.ts';
import type { Field } from '../flows/field-store.ts';
import { owners } from '../flows/owners.ts';
import { storeValues } from '../flows/store-values.ts';
import { writeDraft } from './draft-writes.ts';
import { maxLines, maxTaxes } from './limits.ts';
import type { CartRow, ItemRow, TaxRow } from './store.ts';
import type { TaxItem } from './taxes.ts';

/** One member of `meta.messages` in a reply. */
export interface Message {
  source: { type: string; id: string };
  title: string;
  description: string;
}

export type NewLine = Omit<ItemRow, 'id' | 'created_at' | 'updated_at' | 'taxes'>;

/**
 * An open (locked) cart in memory: read once, changed here, and written once by `save`. The number of statements is
 * fixed, however large the request.
 */
export class CartDraft {
  readonly db: Queryable;
  readonly now: Date;
  cart: CartRow;
  /** What the reply tells about the change. */
  readonly messages: Message[] = [];
  readonly #before: { currency: string | null; items: readonly ItemRow[] };
  // Lines are never changed in place, so that an earlier list keeps the earlier state.
  #items: readonly ItemRow[];
  #values: ReadonlyMap<string, NewValues> = new Map();
  #fields: readonly Field[] = [];

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

  find(itemId: string): ItemRow | undefined {
    return this.#items.find((each) => each.id === itemId.toLowerCase());
  }

  /**
   * A line of the cart.
   * @throws ShopError `not_found` when the cart has no such line
   */
  require(itemId: string): ItemRow {
    const item = this.find(itemId);
    if (item === undefined) throw notFound("The Item doesn't exist in the cart");
    return item;
  }

  /**
   * Adds a line in `currency`. The first line sets the currency of the cart.
   * @throws ShopError `bad_request` when the cart is full
   */
  add(line: NewLine, currency: string): ItemRow {
    if (this.#items.length >= maxLines) throw badRequest(`A cart holds at most ${maxLines} different items`);
    const item: ItemRow = { ...line, id: randomUUID(), created_at: this.now, updated_at: this.now, taxes: [] };
    this.#items = [...this.#items, item];
    this.cart = { ...this.cart, currency };
    return item;
  }

  setQuantity(item: ItemRow, quantity: number): ItemRow {
    return this.#replace({ ...item, quantity, updated_at: this.now });
  }

  /** Removes a line, if it exists. */
  remove(itemId: string): void {
    this.#keep(this.#items.filter(({ id }) => id !== itemId.toLowerCase()));
  }

  clear(): void {
    this.#keep([]);
  }

  /**
   * Adds a tax to a line.
   * @throws ShopError `validation_failed` when the line has the maximum number of taxes
   */
  addTax(item: ItemRow, { name = null, jurisdiction = null, code = null, rate }: TaxItem): TaxRow {
    if (item.taxes.length >= maxTaxes) {
      throw unprocessable(
        'Tax item not added to cart item.',
        `Cannot exceed tax item limit of (${maxTaxes}) on cart item.`,
      );
    }
    const tax: TaxRow = { id: randomUUID(), item_id: item.id, name, jurisdiction, code, rate };
    this.setTaxes(item, [...item.taxes, tax]);
    return tax;
  }

  /** Replaces the taxes of a line. */
  setTaxes(item: ItemRow, taxes: TaxRow[]): ItemRow {
    return this.#replace({ ...item, taxes });
  }

  /** Sets values of the fields of a line; the others keep theirs. */
  setFields({ id }: ItemRow, fields: readonly Field[], values: NewValues): void {
    this.#fields = fields;
    this.#values = new Map([...this.#values, [id, new Map([...(this.#values.get(id) ?? []), ...values])]]);
  }

  /** Runs one step. If the step throws, the cart returns to its state before the step. */
  async attempt(step: () => Promise<void>): Promise<void> {
    const { cart } = this;
    const items = this.#items;
    const values = this.#values;
    try {
      await step();
    } catch (error) {
      this.cart = cart;
      this.#items = items;
      this.#values = values;
      throw error;
    }
  }

  /** Writes the differences from the stored state. */
  async save(): Promise<void> {
    await writeDraft(this.db, this.cart, this.#before, this.#items);
    const changes = [...this.#values].map(([id, values]) => ({ id, values }));
    const kept = changes.filter(({ id }) => this.find(id) !== undefined);
    await storeValues(this.db, owners.cart_items.values, this.#fields, kept);
    // Codes need goods: an empty cart keeps none.
    if (this.#items.length === 0) await this.db.query('delete from cart_promotions where cart_id = $1', [this.cart.id]);
  }

  #replace(item: ItemRow): ItemRow {
    this.#items = this.#items.map((each) => (each.id === item.id ? item : each));
    return item;
  }

  // An empty cart accepts any currency.
  #keep(items: readonly ItemRow[]): void {
    this.#items = items;
    if (items.length === 0) this.cart = { ...this.cart, currency: null };
  }
}
