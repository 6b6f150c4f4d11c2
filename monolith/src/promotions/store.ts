import { isUuid } from '../api/ids.ts';
import type { Bindings } from '../api/sql.ts';
import type { Queryable } from '../db.ts';
import type { Terms } from './discount.ts';

export type PromotionRow = Terms & {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
  /** Applies to every cart that qualifies, without a code. */
  automatic: boolean;
  starts_at: Date;
  ends_at: Date;
  created_at: Date;
  updated_at: Date;
};

const columns = `p.id, p.name, p.description, p.enabled, p.automatic, p.promotion_type, p.schema, p.min_cart_value,
  p.max_discount_value, p.starts_at, p.ends_at, p.created_at, p.updated_at`;

/** Reads promotions. `where` is a condition over `p`; `tail` holds order, limit and lock. */
export async function selectPromotions(
  db: Queryable,
  { where, tail, bindings }: { where: string; tail: string; bindings: Bindings },
): Promise<PromotionRow[]> {
  const text = `select ${columns} from promotions p where ${where} ${tail}`;
  return (await db.query<PromotionRow>(text, bindings.values)).rows;
}

export async function countPromotions(db: Queryable, where: string, bindings: Bindings): Promise<number> {
  const text = `select count(*) as total from promotions p where ${where}`;
  return Number((await db.query<{ total: string }>(text, bindings.values)).rows[0]?.total ?? 0);
}

export async function findPromotion(db: Queryable, id: string, lock?: 'for update'): Promise<PromotionRow | undefined> {
  if (!isUuid(id)) return undefined;
  const text = `select ${columns} from promotions p where p.id = $1 ${lock ?? ''}`;
  return (await db.query<PromotionRow>(text, [id])).rows[0];
}

export async function promotionsById(db: Queryable, ids: readonly string[]): Promise<Map<string, PromotionRow>> {
  const { rows } = await db.query<PromotionRow>(
    `select ${columns} from promotions p where p.id = any($1) order by p.created_at, p.id`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** All promotions, or only the automatic ones that run at a moment. */
export async function automaticPromotions(db: Queryable, runningAt?: Date): Promise<PromotionRow[]> {
  const running = 'where p.automatic and p.enabled and p.starts_at <= $1 and p.ends_at > $1';
  const { rows } = await db.query<PromotionRow>(
    `select ${columns} from promotions p ${runningAt === undefined ? '' : running} order by p.created_at, p.id`,
    runningAt === undefined ? [] : [runningAt],
  );
  return rows;
}

/** Inserts a promotion, or replaces the promotion with its id. */
export async function savePromotion(db: Queryable, row: PromotionRow): Promise<void> {
  await db.query(
    `insert into promotions (id, name, description, enabled, automatic, promotion_type, schema, min_cart_value,
       max_discount_value, starts_at, ends_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (id) do update set name = excluded.name, description = excluded.description,
       enabled = excluded.enabled, automatic = excluded.automatic, promotion_type = excluded.promotion_type,
       schema = excluded.schema, min_cart_value = excluded.min_cart_value,
       max_discount_value = excluded.max_discount_value, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
       updated_at = excluded.updated_at`,
    [
      ...[row.id, row.name, row.description, row.enabled, row.automatic, row.promotion_type],
      ...[row.schema, row.min_cart_value, row.max_discount_value].map((value) => JSON.stringify(value)),
      ...[row.starts_at, row.ends_at, row.created_at, row.updated_at],
    ],
  );
}

/** Whether a promotion applies at a moment. */
export function isRunning({ enabled, starts_at, ends_at }: PromotionRow, now: Date): boolean {
  return enabled && starts_at <= now && now < ends_at;
}
