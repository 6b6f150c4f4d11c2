import Type from 'typebox';
import { isMembers, type Members } from '../api/body.ts';
import { badRequest, failedValidation, unprocessable } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import type { Queryable } from '../db.ts';
import type { Page } from '../lists/paging.ts';

export const maxCodes = 1_000;

/** Codes of automatic promotions, which have none of their own, begin with this. */
const automaticPrefix = 'auto_';

export function automaticCode(promotionId: string): string {
  return `${automaticPrefix}${promotionId}`;
}

export interface CodeRow {
  id: string;
  promotion_id: string;
  code: string;
  /** Number of orders that may use the code; null: any number. */
  uses: number | null;
  /** Id or e-mail address of the one customer who may use the code. */
  for_customer: string | null;
  /** Number of orders that used it. */
  used: number;
}

const Code = Type.String({ pattern: '^[^\\s/]+$', minLength: 1, maxLength: 255 });
const newCodes = checker(
  Type.Object({
    type: Type.Literal('promotion_codes'),
    codes: Type.Array(
      Type.Object({
        code: Code,
        uses: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000_000 }), Type.Null()])),
        user: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Null()])),
      }),
      { minItems: 1, maxItems: maxCodes },
    ),
  }),
);

const columns = `c.id, c.promotion_id, c.code, c.uses, c.for_customer, coalesce(n.used, 0) as used`;
const tables = 'promotion_codes c left join promotion_code_counts n on n.code_id = c.id';

export async function listCodes(db: Queryable, promotionId: string, page: Page) {
  const counted = await db.query<{ total: number }>(
    'select count(*)::integer as total from promotion_codes where promotion_id = $1',
    [promotionId],
  );
  const { rows } = await db.query<CodeRow>(
    `select ${columns} from ${tables} where c.promotion_id = $1 order by c.created_at, c.id limit $2 offset $3`,
    [promotionId, page.limit, page.offset],
  );
  return { rows, total: counted.rows[0]?.total ?? 0 };
}

export async function findCode(db: Queryable, code: string): Promise<CodeRow | undefined> {
  return (await db.query<CodeRow>(`select ${columns} from ${tables} where c.code = $1`, [code])).rows[0];
}

/** The codes of a list that exist. */
export async function findCodes(db: Queryable, codes: readonly string[]): Promise<Map<string, CodeRow>> {
  const { rows } = await db.query<CodeRow>(`select ${columns} from ${tables} where c.code = any($1)`, [codes]);
  return new Map(rows.map((row) => [row.code, row]));
}

/**
 * Adds codes to a promotion that is locked.
 * @throws ShopError `validation_failed` when a code is wrong or taken, or there are too many
 */
export async function addCodes(db: Queryable, promotionId: string, data: Members, now: Date): Promise<void> {
  const { codes } = newCodes(data);
  const taken = (index: number) => {
    const source = `data.codes.${index}.code`;
    return failedValidation([{ detail: `The ${source} field is already taken.`, source }]);
  };
  const texts = codes.map(({ code }) => code);
  const twice = texts.findIndex((code, index) => texts.indexOf(code) < index || code.startsWith(automaticPrefix));
  if (twice >= 0) throw taken(twice);
  const { rows } = await db.query<{ code: string }>(
    `insert into promotion_codes (promotion_id, code, uses, for_customer, created_at)
     select $1::uuid, *, $5::timestamptz from unnest($2::text[], $3::integer[], $4::text[]) on conflict (code) do nothing returning code`,
    [promotionId, texts, codes.map(({ uses }) => uses ?? null), codes.map(({ user }) => user ?? null), now],
  );
  const added = new Set(rows.map(({ code }) => code));
  const missing = texts.findIndex((code) => !added.has(code));
  if (missing >= 0) throw taken(missing);
  const { total } = await listCodes(db, promotionId, { limit: 1, offset: 0 });
  if (total > maxCodes) throw unprocessable('Code limit reached', `A promotion has at most ${maxCodes} codes`);
}

/**
 * The codes in the body of a deletion: objects with `code`, or texts.
 * @throws ShopError `bad_request` when there is no such list
 */
export function codesIn({ codes }: Members): string[] {
  const list: unknown[] = Array.isArray(codes) ? codes : [];
  const texts = list.map((each) => (isMembers(each) ? each.code : each)).filter((code) => typeof code === 'string');
  if (texts.length === 0 || texts.length < list.length || list.length > maxCodes) {
    throw badRequest(`data.codes holds 1 to ${maxCodes} codes`, 'data.codes');
  }
  return texts;
}

/** Deletes codes of a promotion; returns how many there were. */
export async function deleteCodes(db: Queryable, promotionId: string, codes: readonly string[]): Promise<number> {
  const text = 'delete from promotion_codes where promotion_id = $1 and code = any($2)';
  return (await db.query(text, [promotionId, codes])).rowCount ?? 0;
}

export function codeView({ code, uses, for_customer, used }: CodeRow) {
  return { code, ...(uses !== null && { uses }), ...(for_customer !== null && { user: for_customer }), used };
}
