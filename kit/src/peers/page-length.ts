import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../service/clock.ts';
import type { Asking } from './asking.ts';
import { settingsOf } from './settings.ts';

/** The page length of lists, for a request that names none. Never rejects. */
export type PageLength = (headers: IncomingHttpHeaders) => Promise<number>;

/** Asks the settings for the page length, as `settingsOf` does. */
export function pageLengthOf(asking: Pick<Asking, 'internal'>, now: Clock, freshMs: number): PageLength {
  const settings = settingsOf(asking, now, freshMs);
  return async (headers) => (await settings(headers)).pageLength;
}
