import { badRequest } from './faults.ts';

/** Both in records. */
export interface Page {
  limit: number;
  offset: number;
}

export interface PageLinks {
  current: string;
  first: string;
  last: string | null;
  prev: string | null;
  next: string | null;
}

export const maxPageLength = 100;
// Beyond this offset the store reads and discards too many rows.
const maxOffset = 10_000;

/**
 * Reads `page[limit]` (1 to 100) and `page[offset]` (records).
 * @throws ServiceError `bad_request`: one of them is not such a number
 */
export function parsePage(query: Record<string, string | undefined>, defaultLimit: number): Page {
  const limit = wholeNumber(query['page[limit]'], 'page[limit]', 1) ?? defaultLimit;
  const offset = wholeNumber(query['page[offset]'], 'page[offset]', 0) ?? 0;
  if (offset > maxOffset) throw badRequest(`page[offset] is at most ${maxOffset}`, 'page[offset]');
  return { limit: Math.min(limit, maxPageLength), offset };
}

function wholeNumber(text: string | undefined, name: string, least: number): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw badRequest(`${name} must be a whole number of at least ${least}`, name);
  }
  return value;
}

/** `meta` of a list. `total` counts the records that match the filter. */
export function pageMeta(page: Page, total: number) {
  return {
    page: {
      limit: page.limit,
      offset: page.offset,
      current: Math.floor(page.offset / page.limit) + 1,
      total: Math.ceil(total / page.limit),
    },
    results: { total },
  };
}

/** Links of a list. They repeat the other query parameters. `url` has no query. */
export function pageLinks(
  url: string,
  query: Record<string, string | undefined>,
  page: Page,
  total: number,
): PageLinks {
  const others = Object.entries(query).filter(([name]) => name !== 'page[limit]' && name !== 'page[offset]');
  const suffix = others.map(([name, value]) => `&${name}=${encodeURIComponent(value ?? '')}`).join('');
  const to = (offset: number) => `${url}?page[limit]=${page.limit}&page[offset]=${offset}${suffix}`;
  const lastOffset = Math.max(0, Math.ceil(total / page.limit) - 1) * page.limit;
  return {
    current: to(page.offset),
    first: to(0),
    last: lastOffset === 0 ? null : to(lastOffset),
    prev: page.offset === 0 ? null : to(Math.max(0, page.offset - page.limit)),
    next: page.offset + page.limit >= total ? null : to(page.offset + page.limit),
  };
}
