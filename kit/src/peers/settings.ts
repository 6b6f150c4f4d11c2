import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../service/clock.ts';
import type { Asking } from './asking.ts';

/** What services know of the settings of the store. */
export interface StoreSettings {
  /** The page length of lists, for a request that names none. */
  pageLength: number;
  /** How carts are priced: tax by the unit, or by the line after discounts. */
  calculationMethod: 'simple' | 'line';
}

/** The settings as they were known last. Never rejects. */
export type AskSettings = (headers: IncomingHttpHeaders) => Promise<StoreSettings>;

/** The settings of a new store: used until they have been read once. */
const initial: StoreSettings = { pageLength: 100, calculationMethod: 'simple' };

/**
 * Asks for the settings, once for all requests of `freshMs`. While they cannot be asked, the last ones known hold; so does
 * each member that a reply does not have.
 */
export function settingsOf(asking: Pick<Asking, 'internal'>, now: Clock, freshMs: number): AskSettings {
  let known = initial;
  let untilMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const read = async (headers: IncomingHttpHeaders) => {
    try {
      const { data } = await asking.internal('settings', '/internal/settings', headers);
      known = { ...known, ...toldBy(data) };
    } catch {
      // The last ones known hold.
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

function toldBy(data: unknown): Partial<StoreSettings> {
  const { page_length: length, calculation_method: method } = (data ?? {}) as Record<string, unknown>;
  return {
    ...(Number.isInteger(length) && { pageLength: length as number }),
    ...((method === 'simple' || method === 'line') && { calculationMethod: method }),
  };
}
