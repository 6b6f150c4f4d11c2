import { randomUUID } from 'node:crypto';
import { badRequest, checker, isUuid } from '@banyan/kit/api';
import type { Adding } from './adding.ts';
import type { EnteredCode } from './cart.ts';
import { PromotionLine } from './contract.ts';
import { type Promotion, worthTo } from './discounts.ts';
import type { Draft } from './draft.ts';
import { CartsError, notFound } from './errors.ts';
import { maxCodes } from './limits.ts';

const promotionLine = checker(PromotionLine);

const unknownCode = () => notFound('No promotion could be found with the given code.');
const refused = (detail: string) => new CartsError('unprocessable', { title: 'Cannot complete request', detail });

/**
 * Enters a promotion code into a cart. The same code again changes nothing.
 *
 * @throws CartsError `not_found`: no running promotion has the code, or it is another customer's; `unprocessable`: it is
 *   used up, or the cart does not qualify; `bad_request`: the cart holds too many codes
 */
export function addPromotion(to: Adding, data: unknown): void {
  to.spend(1);
  const { code: text } = promotionLine(data);
  const code = to.supplies.offers.code(text);
  if (code === undefined || code.promotion.automatic || !code.promotion.running) throw unknownCode();
  const { promotion, forCustomer, usedUp } = code;
  const { subject } = to.caller;
  // The e-mail address of the buyer is known at checkout only.
  if (isUuid(forCustomer) && subject !== undefined && forCustomer !== subject) throw unknownCode();
  if (usedUp) throw refused(`The promotion code ${text} has been used`);
  if (to.draft.lines.length === 0 || worthTo(to.draft.cart, promotion, to.supplies.method) === 0) {
    throw refused('At least one product must be included in your cart to qualify for this offer');
  }
  to.draft.messages.push({
    source: { type: 'promotion_item', id: enter(to.draft, text, promotion) },
    title: 'Promotion Added',
    description: `${promotion.name} has been added to your cart`,
  });
}

/** Returns the id of the line. */
function enter(draft: Draft, code: string, { id: promotionId, name, description }: Promotion): string {
  const { codes } = draft.cart;
  const same = codes.find((line) => line.code === code);
  if (same !== undefined) return same.id;
  if (codes.length >= maxCodes) throw badRequest(`A cart holds at most ${maxCodes} promotion codes`);
  const id = randomUUID();
  const line: EnteredCode = { id, promotionId, code, name, description, createdAt: draft.now };
  draft.cart = { ...draft.cart, codes: [...codes, line].sort(inOrder) };
  return id;
}

const inOrder = (a: EnteredCode, b: EnteredCode): number => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);

/** Whether a line is that of a promotion code. */
export function isPromotionLine({ cart }: Draft, lineId: string): boolean {
  return cart.codes.some(({ id }) => id === lineId.toLowerCase());
}

/** Removes the line of a promotion; returns whether there was one. */
export function removePromotion(draft: Draft, lineId: string): boolean {
  return removeWhere(draft, ({ id }) => id === lineId.toLowerCase());
}

/** @throws CartsError `not_found`: the cart does not hold the code */
export function removeCode(draft: Draft, text: string): void {
  if (!removeWhere(draft, ({ code }) => code === text)) throw unknownCode();
}

function removeWhere(draft: Draft, isGone: (line: EnteredCode) => boolean): boolean {
  const codes = draft.cart.codes.filter((line) => !isGone(line));
  const removed = codes.length < draft.cart.codes.length;
  if (removed) draft.cart = { ...draft.cart, codes };
  return removed;
}
