import { createHash } from 'node:crypto';
import type { Queryable } from '../db.ts';
import type { Debts } from '../debts.ts';
import type { CalculationMethod, PricedLine, Taxed } from '../money.ts';
import { runningAutomatic } from './automatic.ts';
import { automaticCode, type CodeRow, findCodes } from './codes.ts';
import { discountOf, type Goods } from './discount.ts';
import { isRunning, type PromotionRow, promotionsById } from './store.ts';
import { takingOff } from './take-off.ts';

/** A code that was entered into a cart. */
export interface EnteredCode {
  id: string;
  cart_id: string;
  promotion_id: string;
  code: string;
  name: string;
  description: string;
  created_at: Date;
}

/** A line of a cart that takes something off. */
export interface Discount extends Omit<EnteredCode, 'cart_id'> {
  automatic: boolean;
  /** The code; undefined for automatic promotions, and for a code that no longer holds. */
  known: CodeRow | undefined;
  /** Whether the promotion still runs and its code may be used. A line that does not hold is worth nothing. */
  holds: boolean;
  /** Minor units, with tax; `amount` = `net` + `tax`. */
  amount: number;
  net: number;
  tax: number;
}

/** A cart as promotions see it. `goods` and `lines` are the same lines. */
export interface Basket {
  id: string;
  currency: string;
  goods: readonly Goods[];
  lines: readonly PricedLine[];
  method: CalculationMethod;
}

/** The discounts of carts, by cart id: of the codes in the order in which they were entered, then automatic ones. */
export async function discountsOf(
  db: Queryable,
  debts: Debts,
  now: Date,
  baskets: readonly Basket[],
): Promise<Map<string, Discount[]>> {
  const filled = baskets.filter(({ goods }) => goods.length > 0);
  if (filled.length === 0) return new Map();
  const { rows: entered } = await db.query<EnteredCode>(
    `select id, cart_id, promotion_id, code, name, description, created_at from cart_promotions
     where cart_id = any($1) order by created_at, id`,
    [filled.map(({ id }) => id)],
  );
  const codes = entered.length === 0 ? new Map() : await findCodes(db, [...new Set(entered.map(({ code }) => code))]);
  const ids = [...new Set(entered.map((line) => line.promotion_id))];
  const promotions = ids.length === 0 ? new Map() : await promotionsById(db, ids);
  const automatic = await runningAutomatic(db, debts, now);
  const byCart = Map.groupBy(entered, ({ cart_id }) => cart_id);
  return new Map(
    filled.map((basket) => {
      const lines = byCart.get(basket.id) ?? [];
      return [
        basket.id,
        worth(basket, [
          ...lines.map((line) => ofCode(line, codes.get(line.code), promotions.get(line.promotion_id), now)),
          ...automatic.map((promotion) => ofAutomatic(basket.id, promotion)),
        ]),
      ];
    }),
  );
}

type Candidate = Omit<Discount, 'amount' | 'net' | 'tax'> & { promotion: PromotionRow | undefined };

function ofCode(
  { cart_id: _, ...line }: EnteredCode,
  code: CodeRow | undefined,
  promotion: PromotionRow | undefined,
  now: Date,
): Candidate {
  const known = code?.promotion_id === line.promotion_id ? code : undefined;
  const usable = known !== undefined && !isUsedUp(known);
  const holds = usable && promotion !== undefined && !promotion.automatic && isRunning(promotion, now);
  return { ...line, automatic: false, known, holds, promotion };
}

function ofAutomatic(cartId: string, promotion: PromotionRow): Candidate {
  const { id, name, description, created_at } = promotion;
  const line = { id: automaticLineId(cartId, id), promotion_id: id, code: automaticCode(id), name, description };
  return { ...line, created_at, automatic: true, known: undefined, holds: true, promotion };
}

export function isUsedUp({ uses, used }: CodeRow): boolean {
  return uses !== null && used >= uses;
}

/** What each promotion takes off. Together they never take off more than the cart is worth: no total is below zero. */
function worth({ goods, lines, method, currency }: Basket, candidates: readonly Candidate[]): Discount[] {
  const takeOff = takingOff(lines, method);
  return candidates.flatMap(({ promotion, ...line }): Discount[] => {
    const offered = line.holds && promotion !== undefined ? discountOf(promotion, goods, currency) : 0;
    const { withTax: amount, withoutTax: net, tax } = takeOff(offered);
    // An automatic promotion that the cart does not qualify for is no line.
    return line.automatic && amount === 0 ? [] : [{ ...line, amount, net, tax }];
  });
}

/** Totals after the discounts. */
export function afterDiscounts(totals: Taxed, discounts: readonly Discount[]): Taxed {
  const off = discounts.reduce((sum, { amount, net }) => ({ amount: sum.amount + amount, net: sum.net + net }), {
    amount: 0,
    net: 0,
  });
  const withTax = totals.withTax - off.amount;
  const withoutTax = totals.withoutTax - off.net;
  return { withTax, withoutTax, tax: withTax - withoutTax };
}

/** The id of a line that no row stores: the same at each reading. */
function automaticLineId(cartId: string, promotionId: string): string {
  const hex = createHash('sha256').update(`${promotionId} ${cartId}`).digest('hex');
  const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) & 3];
  // A version 8 UUID (RFC 9562, section 5.8): its bits are our own.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
