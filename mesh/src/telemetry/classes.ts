import type { MeshError } from '../errors.ts';

/** Closed lists for labels: no value from a client creates a series. */
export const methodClasses = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', '_OTHER'] as const;
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none', 'error'] as const;

/**
 * `none`: the client was gone before a status. `error`: a request or attempt that failed without a status, or whose
 * reply broke off.
 */
export const noneClass = statusClasses.indexOf('none');
export const errorClass = statusClasses.indexOf('error');

const methodIndex = new Map<string, number>(methodClasses.map((name, index) => [name, index]));

export function methodClass(method: string): number {
  return methodIndex.get(method) ?? methodClasses.length - 1;
}

export function statusClass(status: number): number {
  if (status === 499 || status < 100 || status > 599) return noneClass;
  return Math.floor(status / 100) - 1;
}

/**
 * The class of a request that failed with `error`, before its head or within its body, whatever the status of the head.
 */
export function failureClass(error: MeshError): number {
  return error.row.where === 'upstream' || error.code === 'internal' ? errorClass : noneClass;
}
