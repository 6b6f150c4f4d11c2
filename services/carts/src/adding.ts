import type { Access } from '@banyan/kit/access';
import { badRequest } from '@banyan/kit/api';
import type { Field } from '@banyan/kit/fields';
import type { Cart } from './cart.ts';
import type { Offers } from './discounts.ts';
import type { Draft } from './draft.ts';
import { type CartsError, mixedCurrencies } from './errors.ts';
import type { Goods } from './goods.ts';
import { maxLines } from './limits.ts';
import type { CalculationMethod } from './money.ts';
import type { PastOrder } from './products.ts';

/** What was asked for before lines are added to a cart. */
export interface Supplies {
  goods: Goods;
  offers: Offers;
  /** How the cart is priced. */
  method: CalculationMethod;
  /** The carts that are merged, by id. Undefined: there is none. */
  carts: ReadonlyMap<string, Cart | undefined>;
  /** The fields that lines have. */
  fields: readonly Field[];
  /** The orders that are ordered again, by id, or why not. */
  orders: ReadonlyMap<string, PastOrder | CartsError>;
}

/** Who adds, and how. */
export interface Adder {
  caller: Access;
  /** The currency of the request's header. */
  currency: string | undefined;
  /** The default currency of the store. */
  defaultCurrency: string;
  allOrNothing: boolean;
}

/** State that all additions of one request share. */
export class Adding {
  readonly draft: Draft;
  readonly caller: Access;
  readonly goods: Goods;
  readonly supplies: Supplies;
  readonly allOrNothing: boolean;
  /** Failures of single additions, when others succeeded. */
  readonly failures: CartsError[] = [];
  readonly #adder: Adder;
  #left = maxLines;

  /** @throws CartsError `bad_request`: the request names another currency than the cart's */
  constructor(draft: Draft, adder: Adder, supplies: Supplies) {
    const { currency } = draft.cart;
    if (currency !== null && adder.currency !== undefined && adder.currency !== currency) {
      throw mixedCurrencies(currency);
    }
    this.draft = draft;
    this.caller = adder.caller;
    this.goods = supplies.goods;
    this.supplies = supplies;
    this.allOrNothing = adder.allOrNothing;
    this.#adder = adder;
  }

  /**
   * The cart's currency. An empty cart takes the currency of the request, then `preferred`, then the store's default.
   */
  currency(preferred?: string): string {
    return this.draft.cart.currency ?? this.#adder.currency ?? preferred ?? this.#adder.defaultCurrency;
  }

  /**
   * Counts lines before they are added.
   *
   * @throws ServiceError `bad_request`: the request adds too many lines
   */
  spend(lines: number): void {
    if (lines > this.#left) throw badRequest(`One request adds at most ${maxLines} lines, merged ones included`);
    this.#left -= lines;
  }
}
