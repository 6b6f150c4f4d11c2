import { badRequest } from './faults.ts';

export type Members = Record<string, unknown>;

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * `data` of a body, of any type; undefined without a body. Some clients wrap twice (`{"data": {"data": …}}`), so the
 * second wrapper is removed too.
 */
export function dataOf(body: unknown): unknown {
  if (body === undefined || body === null) return undefined;
  if (!isMembers(body) || !('data' in body)) throw badRequest('The body must be an object with a data member', 'data');
  const { data } = body;
  return isMembers(data) && Object.keys(data).length === 1 && 'data' in data ? data.data : data;
}

/**
 * `data` of a body that must be one object.
 * @throws ShopError `bad_request` when `data` is not an object
 */
export function objectOf(body: unknown): Members {
  const data = dataOf(body);
  if (!isMembers(data)) throw badRequest('The data member must be an object', 'data');
  return data;
}

/** `data` of a body as a list. One object is a list of one; null and a missing body are an empty list. */
export function listOf(body: unknown): Members[] {
  const data = dataOf(body);
  const list = data === undefined || data === null ? [] : Array.isArray(data) ? data : [data];
  return list.map((entry: unknown) => {
    if (!isMembers(entry)) throw badRequest('Every member of data must be an object', 'data');
    return entry;
  });
}

/** `options` beside `data`. */
export function optionsOf(body: unknown): Members {
  return isMembers(body) && isMembers(body.options) ? body.options : {};
}
