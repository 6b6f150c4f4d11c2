/** Closed lists for labels: what a client sends never makes a new series. */
export const methodClasses = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', '_OTHER'] as const;
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'] as const;

const methodIndex = new Map<string, number>(methodClasses.map((name, index) => [name, index]));

export function methodClass(method: string): number {
  return methodIndex.get(method) ?? methodClasses.length - 1;
}

/** `none` for a client that left before there was a status. */
export function statusClass(status: number): number {
  if (status === 499 || status < 100 || status > 599) return statusClasses.length - 1;
  return Math.floor(status / 100) - 1;
}
