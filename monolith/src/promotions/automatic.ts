import type { Queryable } from '../db.ts';
import type { Debts } from '../debts.ts';
import { automaticPromotions, isRunning, type PromotionRow } from './store.ts';

/** The automatic promotions that run now, oldest first. */
export async function runningAutomatic(db: Queryable, debts: Debts, now: Date): Promise<PromotionRow[]> {
  if (!debts.owed('promotions-read-whole')) return automaticPromotions(db, now);
  // Debt 32: reads every promotion of the shop, past ones included.
  const all = await automaticPromotions(db);
  return all.filter((promotion) => promotion.automatic && isRunning(promotion, now));
}
