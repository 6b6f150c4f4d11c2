import type { FastifyRequest } from 'fastify';
import { badRequest } from '../api/faults.ts';
import type { Debts } from '../debts.ts';
import type { ShopError } from '../errors.ts';
import { activeFields, type Field } from '../flows/field-store.ts';
import { owners } from '../flows/owners.ts';
import type { CartDraft } from './draft.ts';
import { maxLines, mixedCurrencies } from './limits.ts';
import { Shelf } from './shelf.ts';

/** A cart to be merged. */
export interface Source {
  id: string;
  currency: string | null;
  lines: number;
}

/** State that all additions of one request share. */
export class Adding {
  readonly debts: Debts;
  readonly draft: CartDraft;
  readonly request: FastifyRequest;
  readonly shelf: Shelf;
  /** The carts named in the request, by id. */
  readonly sources = new Map<string, Source | undefined>();
  /** Failures of single additions, when others succeeded. */
  readonly failures: ShopError[] = [];
  readonly allOrNothing: boolean;
  #fields: Promise<Field[]> | undefined;
  readonly #wanted: string;
  #left = maxLines;

  /**
   * `wanted` is the currency that an empty cart takes.
   * @throws ShopError `bad_request` when the request names another currency than the cart's
   */
  constructor(debts: Debts, request: FastifyRequest, draft: CartDraft, wanted: string, allOrNothing: boolean) {
    const { currency } = draft.cart;
    if (currency !== null && request.currency !== undefined && request.currency !== currency) {
      throw mixedCurrencies(currency);
    }
    this.debts = debts;
    this.request = request;
    this.draft = draft;
    this.shelf = new Shelf(draft.db);
    this.allOrNothing = allOrNothing;
    this.#wanted = wanted;
  }

  /**
   * The cart's currency. An empty cart takes the currency of the request, then `preferred`, then the store's default.
   */
  currency(preferred?: string): string {
    const { currency } = this.draft.cart;
    if (currency !== null) return currency;
    return this.request.currency === undefined && preferred !== undefined ? preferred : this.#wanted;
  }

  /** The fields of lines, read once. */
  fields(): Promise<Field[]> {
    this.#fields ??= activeFields(this.draft.db, owners.cart_items.slug);
    return this.#fields;
  }

  /**
   * Counts lines before they are read.
   * @throws ShopError `bad_request` when the request adds too many lines
   */
  spend(lines: number): void {
    if (lines > this.#left) throw badRequest(`One request adds at most ${maxLines} lines, merged ones included`);
    this.#left -= lines;
  }
}
