import { currencies } from './currencies.ts';
import { daysBefore, type Plan, spread } from './plan.ts';
import type { SeededProduct } from './products.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';
import { adjectives, occasions } from './words.ts';

/** A code that every seeded shop has: ten percent off everything. */
export const demoCode = 'WELCOME10';

/** The last date of a 32-bit clock: of promotions without an end. */
const endless = new Date('2038-01-19T00:00:00Z');

interface SeededPromotion {
  id: string;
  name: string;
  automatic: boolean;
  type: string;
  schema: unknown;
  start: Date;
  end: Date;
  codes: { id: string; code: string; uses: number | null }[];
  createdAt: Date;
}

/** Promotions with their codes. Four of ten still run; the automatic ones have all ended. */
export function promotionTables(plan: Plan, products: readonly SeededProduct[]): Table[] {
  const promotions = planPromotions(plan, products);
  return [
    {
      name: 'promotions',
      columns: [
        ...['id', 'name', 'description', 'enabled', 'automatic', 'promotion_type', 'schema', 'min_cart_value'],
        ...['max_discount_value', 'starts_at', 'ends_at', 'created_at', 'updated_at'],
      ],
      rows: promotions.map((each): Cell[] => [
        ...[each.id, each.name, `${each.name}, while it lasts.`, true, each.automatic, each.type],
        ...[{ json: each.schema }, { json: [] }, { json: [] }, each.start, each.end, each.createdAt, each.createdAt],
      ]),
    },
    {
      name: 'promotion_codes',
      columns: ['id', 'promotion_id', 'code', 'uses', 'created_at'],
      rows: promotions.flatMap(({ id, codes, createdAt }) =>
        codes.map((each): Cell[] => [each.id, id, each.code, each.uses, createdAt]),
      ),
    },
  ];
}

function planPromotions(plan: Plan, products: readonly SeededProduct[]): SeededPromotion[] {
  const random = new Random(plan.seed, 'promotions');
  const { promotions: count, codes: codesEach } = plan.size;
  return Array.from({ length: count }, (_, index) => {
    const createdAt = spread(plan, 600, index, count);
    const isDemo = index === 0;
    const automatic = index % 10 === 9;
    const runs = isDemo || index % 10 < 4;
    const offer = isDemo ? percentOff(10) : offerOf(random, index, products);
    const codes = Array.from({ length: automatic ? 0 : codesEach }, (_, n) => ({
      id: random.uuid(),
      code: isDemo && n === 0 ? demoCode : random.hex(6).toUpperCase(),
      uses: isDemo || random.chance(20) ? null : random.int(1, 5),
    }));
    return {
      id: random.uuid(),
      name: isDemo ? 'Welcome' : `${random.pick(adjectives)} ${random.pick(occasions)} ${index}`,
      automatic,
      ...offer,
      start: createdAt,
      end: runs ? endless : daysBefore(plan, 0),
      codes,
      createdAt,
    };
  });
}

function percentOff(percentage: number) {
  return {
    type: 'percent_discount',
    schema: { currencies: currencies.map(({ code }) => ({ currency: code, percentage })) },
  };
}

function offerOf(random: Random, index: number, products: readonly SeededProduct[]) {
  const amount = random.int(2, 20) * 100;
  const amounts = currencies.map(({ code, rate }) => ({ currency: code, amount: Math.round(amount * rate) }));
  const targets = random.sample(products.slice(0, 50), 3).map(({ sku }) => sku);
  switch (index % 4) {
    case 0:
      return { type: 'x_for_y', schema: { x: 3, y: 2, targets } };
    case 1:
      return { type: 'fixed_discount', schema: { currencies: amounts } };
    case 2:
      return percentOff(random.int(1, 6) * 5);
    default:
      return { type: 'item_fixed_discount', schema: { targets, currencies: amounts } };
  }
}
