import type { FastifyRequest } from 'fastify';
import { badRequest } from '../api/faults.ts';
import type { Queryable } from '../db.ts';

/** The members of a product that have translations. */
export interface Texts {
  name: string;
  description: string;
}

/**
 * The language in `X-MOLTIN-LANGUAGE`: two letters of ISO 639-1; of a longer tag (`fr-CA`) the first two. Without the
 * header, or with an empty one, the result is undefined and means the product's own texts.
 * @throws ShopError `bad_request` when it is any other value, because a translation must not overwrite the product
 * itself
 */
export function languageOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-moltin-language'];
  if (header === undefined || header === '') return undefined;
  const language = /^([a-z]{2})(?:[-_][a-z0-9]{2,8})*$/i.exec(String(header).trim())?.[1];
  if (language === undefined) throw badRequest('X-MOLTIN-LANGUAGE is a language of two letters');
  return language.toLowerCase();
}

/** Stores the given texts and keeps the others. Runs in a transaction that has locked the product. */
export async function writeTranslation(
  db: Queryable,
  productId: string,
  language: string,
  { name, description }: { name?: string | undefined; description?: string | undefined },
): Promise<void> {
  if (name === undefined && description === undefined) return;
  await db.query(
    `insert into product_translations as t (product_id, language, name, description) values ($1, $2, $3, $4)
     on conflict (product_id, language) do update
       set name = coalesce(excluded.name, t.name), description = coalesce(excluded.description, t.description)`,
    [productId, language, name, description],
  );
}

/** Translates rows. Texts without a translation stay unchanged. Without a language there is no query. */
export async function translated<Row extends Texts & { id: string }>(
  db: Queryable,
  rows: readonly Row[],
  language: string | undefined,
): Promise<readonly Row[]> {
  if (language === undefined || rows.length === 0) return rows;
  const found = await db.query<{ product_id: string; name: string | null; description: string | null }>(
    'select product_id, name, description from product_translations where language = $1 and product_id = any($2)',
    [language, rows.map(({ id }) => id)],
  );
  const byProduct = new Map(found.rows.map((translation) => [translation.product_id, translation]));
  return rows.map((row) => {
    const { name, description } = byProduct.get(row.id) ?? {};
    return { ...row, name: name ?? row.name, description: description ?? row.description };
  });
}
