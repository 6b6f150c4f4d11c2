import { badRequest, failedValidation } from './faults.ts';
import { isUuid } from './ids.ts';

export type Members = Record<string, unknown>;

/** Whether a value is an object and not an array. */
export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * `data` of a body, of any type; undefined without a body. Some clients wrap twice (`{"data": {"data": …}}`), so the
 * second wrapper is removed too.
 *
 * @throws ServiceError `bad_request`: the body is not an object with `data`
 */
export function dataOf(body: unknown): unknown {
  if (body === undefined || body === null) return undefined;
  if (!isMembers(body) || !('data' in body)) throw badRequest('The body must be an object with a data member', 'data');
  const { data } = body;
  return isMembers(data) && Object.keys(data).length === 1 && 'data' in data ? data.data : data;
}

/**
 * `data` of a body that must be one object.
 *
 * @throws ServiceError `bad_request`: `data` is not an object
 */
export function objectOf(body: unknown): Members {
  const data = dataOf(body);
  if (!isMembers(data)) throw badRequest('The data member must be an object', 'data');
  return data;
}

/**
 * `data` of a body as a list. One object is a list of one; null and a missing body are an empty list.
 *
 * @throws ServiceError `bad_request`: a member is not an object
 */
export function listOf(body: unknown): Members[] {
  const data = dataOf(body);
  const list = data === undefined || data === null ? [] : Array.isArray(data) ? data : [data];
  return list.map((entry: unknown) => {
    if (!isMembers(entry)) throw badRequest('Every member of data must be an object', 'data');
    return entry;
  });
}

/** The most links that one request may name. */
const maxLinks = 1_000;

/**
 * The distinct ids of links (`{type, id}`), in lower case and in their order.
 *
 * @throws ServiceError `validation_failed`: a link has no id; `bad_request`: there are too many links
 */
export function linkIds(links: readonly Members[]): string[] {
  if (links.length > maxLinks) throw badRequest(`One request names at most ${maxLinks} links`, 'data');
  const ids = links.map((link, index) => {
    if (isUuid(link.id)) return link.id.toLowerCase();
    const source = `data.${index}.id`;
    throw failedValidation([{ detail: `The ${source} field must be an id.`, source }]);
  });
  return [...new Set(ids)];
}
