import type { FastifyRequest } from 'fastify';
import { badRequest } from '../api/faults.ts';
import type { ShopError } from '../errors.ts';
import type { CartDraft } from './draft.ts';
import { MAX_LINES, mixedCurrencies } from './limits.ts';
import { Shelf } from './shelf.ts';

/** A cart to be merged. */
export interface Source {
  id: string;
  currency: string | null;
  lines: number;
}

/** What the additions of one request share. */
export class Adding {
  readonly draft: CartDraft;
  readonly request: FastifyRequest;
  readonly shelf: Shelf;
  /** Those that were asked for, by id. */
  readonly sources = new Map<string, Source | undefined>();
  /** What could not be added although other things were. */
  readonly failures: ShopError[] = [];
  readonly allOrNothing: boolean;
  readonly #wanted: string;
  #left = MAX_LINES;

  /** `wanted` is the currency that an empty cart takes. Throws 400 where the request names another than the cart's. */
  constructor(request: FastifyRequest, draft: CartDraft, wanted: string, allOrNothing: boolean) {
    const { currency } = draft.cart;
    if (currency !== null && request.currency !== undefined && request.currency !== currency) {
      throw mixedCurrencies(currency);
    }
    this.request = request;
    this.draft = draft;
    this.shelf = new Shelf(draft.db);
    this.allOrNothing = allOrNothing;
    this.#wanted = wanted;
  }

  /** The cart's currency; an empty cart takes the request's, or else `preferred`, or else the store's default. */
  currency(preferred?: string): string {
    const { currency } = this.draft.cart;
    if (currency !== null) return currency;
    return this.request.currency === undefined && preferred !== undefined ? preferred : this.#wanted;
  }

  /** Counts lines before they are read. Throws 400 where the request adds too many. */
  spend(lines: number): void {
    if (lines > this.#left) throw badRequest(`One request adds at most ${MAX_LINES} lines, merged ones included`);
    this.#left -= lines;
  }
}
