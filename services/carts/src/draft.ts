import { randomUUID } from 'node:crypto';
import { badRequest, type Micros } from '@banyan/kit/api';
import { type NewValues, written } from '@banyan/kit/fields';
import type { Cart, Line, Message, Tax } from './cart.ts';
import type { TaxItem } from './contract.ts';
import { CartsError, notFound } from './errors.ts';
import { maxLines, maxTaxes } from './limits.ts';

export type NewLine = Omit<Line, 'id' | 'createdAt' | 'updatedAt' | 'taxes' | 'values'>;

/** A cart that is being changed, in memory. Carts and lines are never changed in place. */
export class Draft {
  readonly now: Micros;
  cart: Cart;
  /** What the reply tells about the change. */
  readonly messages: Message[] = [];
  /** What the change sets: of the cart, and of its lines by their ids. */
  given: { cart: NewValues; lines: ReadonlyMap<string, NewValues> } = { cart: new Map(), lines: new Map() };

  constructor(cart: Cart, now: Micros) {
    this.cart = { ...cart, updatedAt: now };
    this.now = now;
  }

  /** The cart with all changes. Codes need lines: a cart without any keeps none. */
  get result(): Cart {
    return this.lines.length === 0 ? { ...this.cart, codes: [] } : this.cart;
  }

  get lines(): readonly Line[] {
    return this.cart.lines;
  }

  /** @throws CartsError `not_found`: the cart has no such line */
  require(lineId: string): Line {
    const line = this.lines.find(({ id }) => id === lineId.toLowerCase());
    if (line === undefined) throw notFound("The Item doesn't exist in the cart");
    return line;
  }

  /**
   * Adds a line in `currency`. The first line sets the currency of the cart.
   *
   * @throws ServiceError `bad_request`: the cart is full
   */
  add(line: NewLine, currency: string): Line {
    if (this.lines.length >= maxLines) throw badRequest(`A cart holds at most ${maxLines} different items`);
    const added: Line = { ...line, id: randomUUID(), createdAt: this.now, updatedAt: this.now, taxes: [], values: {} };
    this.cart = { ...this.cart, currency, lines: [...this.lines, added] };
    return added;
  }

  setQuantity(line: Line, quantity: number): Line {
    return this.#replace({ ...line, quantity, updatedAt: this.now });
  }

  /** Removes a line, if it exists. */
  remove(lineId: string): void {
    this.#keep(this.lines.filter(({ id }) => id !== lineId.toLowerCase()));
  }

  clear(): void {
    this.#keep([]);
  }

  /** @throws CartsError `unprocessable`: the line has the maximum number of taxes */
  addTax(line: Line, { name = null, jurisdiction = null, code = null, rate }: TaxItem): Tax {
    if (line.taxes.length >= maxTaxes) {
      throw new CartsError('unprocessable', {
        title: 'Tax item not added to cart item.',
        detail: `Cannot exceed tax item limit of (${maxTaxes}) on cart item.`,
      });
    }
    const tax: Tax = { id: randomUUID(), name, jurisdiction, code, rate };
    this.setTaxes(line, [...line.taxes, tax]);
    return tax;
  }

  setTaxes(line: Line, taxes: readonly Tax[]): Line {
    return this.#replace({ ...line, taxes });
  }

  /** Sets values of the cart's fields; the others keep theirs. */
  setValues(given: NewValues): void {
    this.cart = { ...this.cart, values: written(this.cart.values, given) };
    this.given = { ...this.given, cart: new Map([...this.given.cart, ...given]) };
  }

  /** Sets values of a line's fields; the others keep theirs. */
  setLineValues(line: Line, given: NewValues): Line {
    const own = new Map([...(this.given.lines.get(line.id) ?? []), ...given]);
    this.given = { ...this.given, lines: new Map([...this.given.lines, [line.id, own]]) };
    return this.#replace({ ...line, values: written(line.values, given) });
  }

  /** Replaces all values of a line, which counts as changed then. */
  replaceValues(line: Line, values: Line['values'], updatedAt = this.now): void {
    this.#replace({ ...line, values, updatedAt });
  }

  /** Runs one step. If the step throws, the cart returns to its state before the step. */
  attempt(step: () => void): void {
    const { cart, given } = this;
    try {
      step();
    } catch (error) {
      this.cart = cart;
      this.given = given;
      throw error;
    }
  }

  #replace(line: Line): Line {
    this.cart = { ...this.cart, lines: this.lines.map((each) => (each.id === line.id ? line : each)) };
    return line;
  }

  // An empty cart accepts any currency.
  #keep(lines: readonly Line[]): void {
    this.cart = { ...this.cart, lines, currency: lines.length === 0 ? null : this.cart.currency };
  }
}
