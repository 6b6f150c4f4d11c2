import { badRequest } from './faults.ts';

export type Members = Record<string, unknown>;

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * `data` of a body, whatever it is; undefined where there is no body. Clients are known to wrap twice
 * (`{"data": {"data": …}}`): the second wrapper is taken off too.
 */
export function dataOf(body: unknown): unknown {
  if (body === undefined || body === null) return undefined;
  if (!isMembers(body) || !('data' in body)) throw badRequest('The body must be an object with a data member', 'data');
  const { data } = body;
  return isMembers(data) && Object.keys(data).length === 1 && 'data' in data ? data.data : data;
}

/** `data` of a body that must be one object. Throws 400 where it is not. */
export function objectOf(body: unknown): Members {
  const data = dataOf(body);
  if (!isMembers(data)) throw badRequest('The data member must be an object', 'data');
  return data;
}

/** `data` of a body as a list: one object counts as a list of one, null and nothing as an empty one. */
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
