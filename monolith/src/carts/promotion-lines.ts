import { randomUUID } from 'node:crypto';
import Type from 'typebox';
import { badRequest, notFound, unprocessable } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { checker } from '../api/validate.ts';
import { isUsedUp } from '../promotions/applied.ts';
import { findCode } from '../promotions/codes.ts';
import { discountOf } from '../promotions/discount.ts';
import { findPromotion, isRunning } from '../promotions/store.ts';
import type { Adding } from './adding.ts';
import { goodsOf } from './discounts.ts';
import type { CartDraft } from './draft.ts';
import { methodFor } from './pricing.ts';

const promotionLine = checker(Type.Object({ code: Type.String({ minLength: 1, maxLength: 255 }) }));

/** The most codes that one cart holds. */
const maxCodes = 20;

const unknownCode = () => notFound('No promotion could be found with the given code.');

/**
 * Enters a promotion code into a cart. The same code again changes nothing.
 * @throws ShopError `not_found` when no running promotion has the code, or the code is another customer's
 * @throws ShopError `validation_failed` when the code is used up, or the cart does not qualify
 * @throws ShopError `bad_request` when the cart holds too many codes
 */
export async function addPromotion(to: Adding, data: unknown): Promise<void> {
  to.spend(1);
  const { code } = promotionLine(data);
  const { draft, request } = to;
  const known = await findCode(draft.db, code);
  const promotion = known && (await findPromotion(draft.db, known.promotion_id));
  if (known === undefined || promotion === undefined) throw unknownCode();
  if (promotion.automatic || !isRunning(promotion, draft.now)) throw unknownCode();
  const { customerId } = request.access;
  // The e-mail address of the buyer is known at checkout only.
  const isAnothers = isUuid(known.for_customer) && customerId !== undefined && known.for_customer !== customerId;
  if (isAnothers) throw unknownCode();
  if (isUsedUp(known)) throw unprocessable('Cannot complete request', `The promotion code ${code} has been used`);
  const { currency } = draft.cart;
  const goods = goodsOf(draft.items, await methodFor(draft.db, draft.items));
  if (currency === null || goods.length === 0 || discountOf(promotion, goods, currency) === 0) {
    throw unprocessable(
      'Cannot complete request',
      'At least one product must be included in your cart to qualify for this offer',
    );
  }
  const id = await insertLine(draft, { code, ...promotion });
  draft.messages.push({
    source: { type: 'promotion_item', id },
    title: 'Promotion Added',
    description: `${promotion.name} has been added to your cart`,
  });
}

async function insertLine(
  { db, cart, now }: CartDraft,
  line: { id: string; code: string; name: string; description: string },
): Promise<string> {
  const { rows: present } = await db.query<{ id: string; code: string }>(
    'select id, code from cart_promotions where cart_id = $1',
    [cart.id],
  );
  const same = present.find(({ code }) => code === line.code);
  if (same !== undefined) return same.id;
  if (present.length >= maxCodes) throw badRequest(`A cart holds at most ${maxCodes} promotion codes`);
  const id = randomUUID();
  await db.query(
    `insert into cart_promotions (id, cart_id, promotion_id, code, name, description, created_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [id, cart.id, line.id, line.code, line.name, line.description, now],
  );
  return id;
}

/** Removes the line of a promotion; returns whether there was one. */
export async function removePromotion({ db, cart }: CartDraft, lineId: string): Promise<boolean> {
  if (!isUuid(lineId)) return false;
  const { rowCount } = await db.query('delete from cart_promotions where cart_id = $1 and id = $2', [cart.id, lineId]);
  return rowCount === 1;
}

/** Whether a line is that of a promotion code. */
export async function isPromotionLine({ db, cart }: CartDraft, lineId: string): Promise<boolean> {
  if (!isUuid(lineId)) return false;
  const { rowCount } = await db.query('select from cart_promotions where cart_id = $1 and id = $2', [cart.id, lineId]);
  return rowCount === 1;
}

/** @throws ShopError `not_found` when the cart does not hold the code */
export async function removeCode({ db, cart }: CartDraft, code: string): Promise<void> {
  const { rowCount } = await db.query('delete from cart_promotions where cart_id = $1 and code = $2', [cart.id, code]);
  if (rowCount === 0) throw unknownCode();
}
