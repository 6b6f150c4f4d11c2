import { ServiceError } from '../service/errors.ts';

/** The most ids that one question about targets names, and about how many characters it has. */
const maxIds = 100;
const maxLength = 4_000;
/** No entity has a longer id. */
const maxIdLength = 255;

/** Those of the ids that were asked for that exist, and the `type` of links to them. */
export interface Targets {
  /** Null: what the rule names is none of those that could be asked. */
  type: string | null;
  ids: string[];
}

/**
 * Queries that together ask for all ids, `to=product&id=…&id=…`.
 *
 * @param start of each, such as `to=product`
 * @returns undefined: one of the ids is too long to be one
 */
export function targetQueries(start: string, ids: readonly string[]): string[] | undefined {
  if (ids.some((id) => id.length > maxIdLength || !id.isWellFormed())) return undefined;
  const queries: { text: string; count: number }[] = [];
  for (const id of ids) {
    const part = `&id=${encodeURIComponent(id)}`;
    const last = queries.at(-1);
    if (last === undefined || last.count === maxIds || last.text.length + part.length > maxLength) {
      queries.push({ text: start + part, count: 1 });
    } else {
      last.text += part;
      last.count += 1;
    }
  }
  return queries.map(({ text }) => text);
}

/**
 * The ids that a question about targets names.
 *
 * @param query as it was parsed
 * @throws ServiceError `bad_request`: it names too many, or one that is no text
 */
export function askedIds(query: unknown): string[] {
  const ids: unknown[] = [(query as { id?: unknown }).id ?? []].flat();
  if (ids.length <= maxIds && ids.every((one) => typeof one === 'string')) return ids;
  throw new ServiceError('bad_request', { detail: `The parameter id is given at most ${maxIds} times` });
}

/**
 * What a reply to such a question says.
 *
 * @param body undefined: there is none that can be used
 * @throws ServiceError `peer_unavailable`: it makes no sense
 */
export function targetsIn(body: unknown): Targets {
  const { type, ids } = (body as { data?: { type?: unknown; ids?: unknown } } | undefined)?.data ?? {};
  if ((type === null || typeof type === 'string') && Array.isArray(ids)) return { type, ids };
  throw new ServiceError('peer_unavailable', { retryAfterS: 1, detail: 'The flows service cannot be reached' });
}
