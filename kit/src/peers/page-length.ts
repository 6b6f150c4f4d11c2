import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../service/clock.ts';
import type { Asking } from './asking.ts';

/** The page length of lists, for a request that names none. Never rejects. */
export type PageLength = (headers: IncomingHttpHeaders) => Promise<number>;

/** The page length of a new store: used until the settings have been read once. */
const initial = 100;

/**
 * Asks the settings for the page length, once for all requests of `freshMs`. While they cannot be asked, the last one
 * known holds.
 */
export function pageLengthOf(asking: Pick<Asking, 'internal'>, now: Clock, freshMs: number): PageLength {
  let known = initial;
  let untilMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const read = async (headers: IncomingHttpHeaders) => {
    try {
      const { data } = await asking.internal('settings', '/internal/settings', headers);
      const length = (data as { page_length?: unknown } | undefined)?.page_length;
      if (Number.isInteger(length)) known = length as number;
    } catch {
      // The last one known holds.
    }
    reading = undefined;
    untilMs = now() + freshMs;
  };
  return async (headers) => {
    if (untilMs > now()) return known;
    reading ??= read(headers);
    await reading;
    return known;
  };
}
