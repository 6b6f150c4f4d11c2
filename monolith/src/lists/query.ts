import type { FastifyRequest } from 'fastify';
import { badRequest } from '../api/faults.ts';
import { isText } from '../api/text.ts';
import { loadSettings } from '../settings/store.ts';
import type { Shop } from '../shop.ts';
import { type FilterTerm, parseFilter } from './filter.ts';
import { type Page, pageLinks, pageMeta, parsePage } from './paging.ts';

export type Query = Record<string, string | undefined>;

/** The parameters of a list request. */
export interface ListQuery {
  page: Page;
  filter: FilterTerm[];
  sort: string | undefined;
  include: ReadonlySet<string>;
}

const maxIncludes = 5;

/**
 * The query of a request. If a name occurs twice, the last value counts.
 * @throws ShopError `bad_request` when a text cannot be stored
 */
export function queryOf(request: FastifyRequest): Query {
  const query: Query = {};
  for (const [name, value] of Object.entries(request.query as Record<string, string | string[]>)) {
    const text = Array.isArray(value) ? value.at(-1) : value;
    if (text !== undefined && !isText(text))
      throw badRequest(`The parameter ${name} holds a character that is not text`);
    query[name] = text;
  }
  return query;
}

/** The names in `include`, trimmed. Callers ignore unknown names. */
export function includeOf(query: Query): ReadonlySet<string> {
  const names = (query.include ?? '').split(',').map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => name !== '').slice(0, maxIncludes));
}

/**
 * Reads filter, sort, page and include of a list.
 * @throws ShopError `bad_request` when one of them cannot be parsed
 */
export async function readListQuery(shop: Shop, request: FastifyRequest): Promise<ListQuery> {
  const query = queryOf(request);
  const page = parsePage(query, query['page[limit]'] ? 1 : (await loadSettings(shop.db)).pageLength);
  const filter = query.filter === undefined || query.filter.trim() === '' ? [] : parseFilter(query.filter.trim());
  return { page, filter, sort: query.sort, include: includeOf(query) };
}

/** The envelope of a list. An empty `included` is left out. */
export function listReply(
  shop: Shop,
  request: FastifyRequest,
  page: Page,
  total: number,
  data: readonly unknown[],
  included: Record<string, readonly unknown[]> = {},
) {
  const path = request.url.split('?', 1)[0];
  return {
    data,
    links: pageLinks(`${shop.config.publicUrl}${path}`, queryOf(request), page, total),
    meta: pageMeta(page, total),
    ...includedMember(included),
  };
}

/** `included` of a reply without its empty lists; undefined when every list is empty. */
export function includedMember(included: Record<string, readonly unknown[]>) {
  const filled = Object.entries(included).filter(([, list]) => list.length > 0);
  return filled.length === 0 ? {} : { included: Object.fromEntries(filled) };
}
