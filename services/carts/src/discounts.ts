import { createHash } from 'node:crypto';
import { type Micros, microsOf } from '@banyan/kit/api';
import type { Cart, EnteredCode, Line } from './cart.ts';
import { type CalculationMethod, lineTotals, type PricedLine, type Taxed } from './money.ts';
import { type Counted, discountOf, type Terms } from './promotion.ts';
import { takingOff } from './take-off.ts';

/** A promotion as its owner describes it to this service. */
export type Promotion = Terms & {
  id: string;
  name: string;
  description: string;
  /** Applies to every cart that qualifies, without a code. */
  automatic: boolean;
  /** It is enabled, has begun and has not ended. */
  running: boolean;
  /** RFC 3339. */
  created_at: string;
};

/** A code with its promotion. */
export interface Code {
  promotion: Promotion;
  /** As many orders as may use it have used it. */
  usedUp: boolean;
  /** Id or e-mail address of the one customer who may use it. */
  forCustomer: string | null;
}

/** What is on offer. */
export interface Offers {
  /** Undefined: there is no such code. */
  code(text: string): Code | undefined;
  /** The automatic promotions that run, oldest first. */
  readonly automatic: readonly Promotion[];
}

/** A line of a cart that takes something off. */
export interface Discount extends EnteredCode {
  /** Minor units, with tax; `amount` = `net` + `tax`. */
  amount: number;
  net: number;
  tax: number;
}

/** A line as the calculation of totals needs it. */
export function pricedLine({ unitAmount, quantity, includesTax, taxes }: Line): PricedLine {
  return { unitAmount, quantity, includesTax, rates: taxes.map(({ rate }) => rate) };
}

/** Minor units that a promotion takes off a cart as it is. */
export function worthTo(cart: Cart, promotion: Promotion, method: CalculationMethod): number {
  return cart.currency === null ? 0 : discountOf(promotion, countedIn(cart, method), cart.currency);
}

/** The discounts of a cart: of the codes in the order in which they were entered, then of automatic promotions. */
export function discountsOf(cart: Cart | undefined, offers: Offers, method: CalculationMethod): Discount[] {
  if (cart === undefined || cart.currency === null || cart.lines.length === 0) return [];
  const { currency } = cart;
  const counted = countedIn(cart, method);
  // Together they never take off more than the cart is worth: no total is below zero.
  const takeOff = takingOff(cart.lines.map(pricedLine), method);
  const worth = (line: EnteredCode, promotion: Promotion | undefined): Discount => {
    const offered = promotion === undefined ? 0 : discountOf(promotion, counted, currency);
    const { withTax: amount, withoutTax: net, tax } = takeOff(offered);
    return { ...line, amount, net, tax };
  };
  const entered = cart.codes.map((line) => worth(line, holding(line, offers)));
  const automatic = offers.automatic.map((promotion) => worth(automaticLine(cart.id, promotion), promotion));
  // An automatic promotion that the cart does not qualify for is no line.
  return [...entered, ...automatic.filter(({ amount }) => amount > 0)];
}

/** Totals after the discounts. */
export function afterDiscounts(totals: Taxed, discounts: readonly Discount[]): Taxed {
  const withTax = discounts.reduce((rest, { amount }) => rest - amount, totals.withTax);
  const withoutTax = discounts.reduce((rest, { net }) => rest - net, totals.withoutTax);
  return { withTax, withoutTax, tax: withTax - withoutTax };
}

/** The promotion of a line, if it still runs and its code may be used. A line that does not hold is worth nothing. */
function holding({ code: text, promotionId }: EnteredCode, offers: Offers): Promotion | undefined {
  const code = offers.code(text);
  if (code === undefined || code.usedUp || code.promotion.id !== promotionId) return undefined;
  return code.promotion.running && !code.promotion.automatic ? code.promotion : undefined;
}

/** Lines as promotions count them. */
function countedIn({ lines }: Cart, method: CalculationMethod): Counted[] {
  const counted = method === 'line' ? 'withoutTax' : 'withTax';
  return lines.map((line) => {
    const { unit, value } = lineTotals(pricedLine(line), method);
    const { productId, sku, quantity } = line;
    return { productId, sku, quantity, unit: unit[counted], value: value[counted] };
  });
}

function automaticLine(cartId: string, { id, name, description, created_at }: Promotion): EnteredCode {
  const createdAt: Micros = microsOf(Date.parse(created_at));
  return { id: automaticLineId(cartId, id), promotionId: id, code: `auto_${id}`, name, description, createdAt };
}

/** The id of a line that is not stored: the same at each reading, and the same in the monolith. */
function automaticLineId(cartId: string, promotionId: string): string {
  const hex = createHash('sha256').update(`${promotionId} ${cartId}`).digest('hex');
  const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) & 3];
  // A version 8 UUID (RFC 9562, section 5.8): its bits are our own.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
