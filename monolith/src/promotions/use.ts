import { randomUUID } from 'node:crypto';
import { unprocessable } from '../api/faults.ts';
import type { Queryable } from '../db.ts';
import type { Discount } from './applied.ts';

/** The buyer of an order. */
export interface Buyer {
  id: string | null;
  email: string;
}

/**
 * Checks the codes of a cart before its order is written. An order must not cost more than its cart showed: a code
 * that no longer holds refuses the checkout, and the client removes it.
 * @throws ShopError `validation_failed` when a code no longer holds, or is another customer's
 */
export function requireHolding(discounts: readonly Discount[], buyer: Buyer): void {
  for (const { automatic, holds, known, code } of discounts) {
    if (!automatic && (!holds || !isFor(known?.for_customer ?? null, buyer))) throw noLonger(code);
  }
}

function isFor(customer: string | null, buyer: Buyer): boolean {
  const wanted = customer?.toLowerCase();
  return wanted === undefined || wanted === buyer.id || wanted === buyer.email.toLowerCase();
}

/**
 * Records what each promotion is worth to an order, and counts the uses of codes. The counting of a limited code is one
 * conditional statement: of two orders that want its last use, one gets it.
 * @throws ShopError `validation_failed` when another order has taken the last use of a code
 */
export async function recordUses(
  db: Queryable,
  orderId: string,
  discounts: readonly Discount[],
  now: Date,
): Promise<void> {
  const worthy = discounts.filter(({ amount }) => amount > 0);
  if (worthy.length === 0) return;
  // All orders count in one order, so that two of them cannot deadlock.
  const limited = worthy.flatMap(({ known }) => known ?? []).sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const { id, uses, code } of limited) {
    const { rowCount } = await db.query(
      `insert into promotion_code_counts as n (code_id, used) values ($1, 1)
       on conflict (code_id) do update set used = n.used + 1 where $2::integer is null or n.used < $2`,
      [id, uses],
    );
    if (rowCount === 0) throw noLonger(code);
  }
  await db.query(
    `insert into promotion_uses (id, order_id, position, promotion_id, code, name, cart_item_id, amount, net_amount,
       tax_amount, created_at)
     select id, $1::uuid, position, promotion_id, code, name, cart_item_id, amount, net, tax, $2::timestamptz
     from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::bigint[], $9::bigint[], $10::bigint[])
       with ordinality as use (id, promotion_id, code, name, cart_item_id, amount, net, tax, position)`,
    [
      orderId,
      now,
      worthy.map(() => randomUUID()),
      worthy.map((each) => each.promotion_id),
      worthy.map((each) => each.code),
      worthy.map((each) => each.name),
      worthy.map((each) => each.id),
      worthy.map((each) => each.amount),
      worthy.map((each) => each.net),
      worthy.map((each) => each.tax),
    ],
  );
}

function noLonger(code: string) {
  return unprocessable('Cannot complete request', `The promotion code ${code} no longer applies: remove it`);
}
