import type { FastifyRequest } from 'fastify';
import { isText } from '../http/json-bodies.ts';
import { badRequest } from './faults.ts';
import { type Page, pageLinks, pageMeta, parsePage } from './paging.ts';

export type Query = Record<string, string | undefined>;

const maxIncludes = 5;

/**
 * The query of a request. If a name occurs twice, the last value counts.
 *
 * @throws ServiceError `bad_request`: a text cannot be stored
 */
export function queryOf(request: Pick<FastifyRequest, 'query'>): Query {
  const query: Query = {};
  for (const [name, value] of Object.entries(request.query as Record<string, string | string[]>)) {
    const text = Array.isArray(value) ? value.at(-1) : value;
    if (text !== undefined && !isText(text))
      throw badRequest(`The parameter ${name} holds a character that is not text`);
    query[name] = text;
  }
  return query;
}

/** The names in the parameter `include`, trimmed, at most five. Callers ignore unknown names. */
export function includeOf(query: Query): ReadonlySet<string> {
  const names = (query.include ?? '').split(',').map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => name !== '').slice(0, maxIncludes));
}

/**
 * The page of a list request.
 *
 * @param defaultLimit the page length of the store, which is asked only if the request has none
 * @throws ServiceError `bad_request`: a parameter is not such a number
 */
export async function readPage(query: Query, defaultLimit: () => Promise<number> | number): Promise<Page> {
  return parsePage(query, query['page[limit]'] ? 1 : await defaultLimit());
}

/** Lists of resources by plural type. */
export type Included = Readonly<Record<string, readonly unknown[]>>;

/**
 * The envelope of a list.
 *
 * @param publicUrl the platform's address as clients see it: links begin with it
 * @param total how many records match the filter
 */
export function listReply(
  { request, publicUrl }: { request: FastifyRequest; publicUrl: string },
  page: Page,
  total: number,
  data: readonly unknown[],
  included: Included = {},
) {
  const path = request.url.split('?', 1)[0];
  return {
    data,
    links: pageLinks(`${publicUrl}${path}`, queryOf(request), page, total),
    meta: pageMeta(page, total),
    ...includedMember(included),
  };
}

/** `included` of a reply without its empty lists. Empty when every list is empty. */
export function includedMember(included: Included) {
  const filled = Object.entries(included).filter(([, list]) => list.length > 0);
  return filled.length === 0 ? {} : { included: Object.fromEntries(filled) };
}
