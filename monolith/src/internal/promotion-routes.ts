import type { FastifyInstance } from 'fastify';
import { isText } from '../api/text.ts';
import { checkIntrospector } from '../oauth/introspect.ts';
import { isUsedUp } from '../promotions/applied.ts';
import { runningAutomatic } from '../promotions/automatic.ts';
import { type CodeRow, findCodes } from '../promotions/codes.ts';
import { isRunning, type PromotionRow, promotionsById } from '../promotions/store.ts';
import type { Shop } from '../shop.ts';
import { named } from './named.ts';

/** `/internal/promotions`: what a service that keeps carts asks of the owner of promotions. */
export function promotionRoutes(app: FastifyInstance, shop: Shop): void {
  // Each `code` that exists, with its promotion; and with `automatic=true` the automatic promotions that run, oldest first.
  app.get('/internal/promotions', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const [texts, [automatic]] = [named(request, 'code', isText), named(request, 'automatic', isText)];
    const now = shop.now();
    const codes = texts.length === 0 ? [] : [...(await findCodes(shop.db, texts)).values()];
    const known = await promotionsById(
      shop.db,
      codes.map((code) => code.promotion_id),
    );
    const running = automatic === 'true' ? await runningAutomatic(shop.db, shop.debts, now) : [];
    return {
      data: [
        ...codes.flatMap((code) => {
          const promotion = known.get(code.promotion_id);
          return promotion === undefined ? [] : [{ ...viewOf(promotion, now), code: codeOf(code) }];
        }),
        ...running.map((promotion) => ({ ...viewOf(promotion, now), code: null })),
      ],
    };
  });
}

function viewOf(promotion: PromotionRow, now: Date) {
  const { enabled: _enabled, starts_at: _start, ends_at: _end, updated_at: _updated, ...members } = promotion;
  return { ...members, running: isRunning(promotion, now) };
}

function codeOf(row: CodeRow) {
  return { text: row.code, for_customer: row.for_customer, used_up: isUsedUp(row) };
}
