import type { AdminClient } from './admin-client.ts';
import { wholeNumber } from './numbers.ts';
import type { Output } from './output.ts';

/** A line of the stream. */
interface TapLine {
  event: 'request' | 'alive';
  dropped?: number;
  time: string;
  method: string;
  host: string;
  path: string;
  status: number;
  durationMs: number;
  attempts: number;
  route?: string;
  service?: string;
  endpoint?: string;
  flags?: string[];
  reason?: string;
  traceId?: string;
}

export interface TapOptions {
  route?: string;
  service?: string;
  endpoint?: string;
  method?: string;
  status?: string;
  path?: string;
  minMs?: string;
  failed?: boolean;
  perSecond?: string;
  /** Ends after so many requests. */
  count?: string;
  json: boolean;
}

/** `mesh tap`: requests as they end, until `stop` is aborted, the mesh ends or there have been enough. */
export async function tap(admin: AdminClient, options: TapOptions, stop: AbortSignal, output: Output): Promise<void> {
  const { json, count, failed, ...conditions } = options;
  if (conditions.perSecond !== undefined) wholeNumber('--per-second', conditions.perSecond);
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(conditions)) if (value !== undefined) query.set(name, value);
  if (failed !== undefined) query.set('failed', String(failed));
  const enough = new AbortController();
  let left = count === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--count', count);
  const onLine = (text: string) => {
    if (text === '' || left <= 0) return;
    const line = JSON.parse(text) as TapLine;
    if (line.event === 'request') {
      output.out(json ? text : readable(line));
      left -= 1;
      if (left <= 0) enough.abort();
    } else if (line.dropped !== undefined && line.dropped > 0) {
      output.err(`${line.dropped} more were not shown: there were too many, or they were taken too slowly.`);
    }
  };
  await admin.lines(`/tap?${query}`, onLine, AbortSignal.any([stop, enough.signal]));
}

function readable(line: TapLine): string {
  const to = [line.route, line.service, line.endpoint].filter((part) => part !== undefined).join(' ');
  const more = [
    line.attempts > 1 ? `${line.attempts} attempts` : '',
    line.reason ?? '',
    (line.flags ?? []).join(','),
    line.traceId ?? '',
  ].filter((part) => part !== '');
  return `${line.time} ${line.status} ${line.durationMs.toFixed(1)} ms ${line.method} ${line.host}${line.path} -> ${to} ${more.join(' ')}`;
}
