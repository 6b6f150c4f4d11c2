import { badRequest, type Micros } from '@banyan/kit/api';
import type { Values } from '@banyan/kit/fields';

/** A cart expires this long after its last change. */
export const cartLifetimeMs = 7 * 24 * 60 * 60 * 1_000;

export interface Tax {
  id: string;
  name: string | null;
  jurisdiction: string | null;
  code: string | null;
  /** A fraction: 0.2 is 20 %. */
  rate: number;
}

/** A line is a snapshot of what was added, and outlives its product. */
export interface Line {
  id: string;
  type: 'cart_item' | 'custom_item';
  productId: string | null;
  name: string;
  sku: string;
  slug: string;
  description: string;
  quantity: number;
  manageStock: boolean;
  /** Minor units. */
  unitAmount: number;
  includesTax: boolean;
  createdAt: Micros;
  updatedAt: Micros;
  taxes: readonly Tax[];
  values: Values;
}

/** A line of a promotion code. What it is worth is calculated whenever the cart is shown. */
export interface EnteredCode {
  id: string;
  promotionId: string;
  code: string;
  /** Of the promotion when the code was entered. */
  name: string;
  description: string;
  createdAt: Micros;
}

export interface Cart {
  /** Chosen by the client. */
  id: string;
  name: string | null;
  description: string | null;
  /** The first line sets the currency; null while the cart is empty. */
  currency: string | null;
  createdAt: Micros;
  updatedAt: Micros;
  /** Ids of customers. */
  customers: readonly string[];
  /** In the order in which they were added. */
  lines: readonly Line[];
  /** In the order of their creation, then of their ids. A cart without lines has none. */
  codes: readonly EnteredCode[];
  values: Values;
}

/** One member of `meta.messages` in a reply. */
export interface Message {
  source: { type: string; id: string };
  title: string;
  description: string;
}

export function emptyCart(id: string, now: Micros): Cart {
  return {
    id,
    name: null,
    description: null,
    currency: null,
    createdAt: now,
    updatedAt: now,
    customers: [],
    lines: [],
    codes: [],
    values: {},
  };
}

/** When a cart expires, in milliseconds. */
export function expiryMs({ updatedAt }: Pick<Cart, 'updatedAt'>): number {
  return Math.floor(updatedAt / 1_000) + cartLifetimeMs;
}

const maxIdLength = 128;

/**
 * The client's own id for its cart.
 *
 * @throws ServiceError `bad_request`: the id cannot be stored
 */
export function cartIdOf(text: string): string {
  const hasControls = [...text].some((character) => character < ' ' || character === '\x7f');
  if (text === '' || text.length > maxIdLength || hasControls || !text.isWellFormed()) {
    throw badRequest(`The id of a cart is a text of 1 to ${maxIdLength} characters`);
  }
  return text;
}
