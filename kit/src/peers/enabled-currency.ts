import type { IncomingHttpHeaders } from 'node:http';
import { askedCurrency, currencyDisabled } from '../api/asked-currency.ts';
import type { Clock } from '../service/clock.ts';
import { type Asking, forwarded, type PeerReply } from './asking.ts';

/**
 * Checks the currency that a request asks for. The API refuses a currency that is not enabled on any path, also where
 * there is no price.
 *
 * @throws ServiceError `currency_disabled`
 */
export type RequireCurrency = (headers: IncomingHttpHeaders) => Promise<void>;

/**
 * Asks the owner of the currencies, with the caller's own token. A currency that is enabled counts as enabled for
 * `freshMs`; one that is not is asked for each time. An owner that cannot be asked fails no request.
 */
export function requireCurrencyBy(asking: Pick<Asking, 'ask'>, now: Clock, freshMs: number): RequireCurrency {
  // Their number is limited by what the owner has.
  const untilMs = new Map<string, number>();
  return async (headers) => {
    const code = askedCurrency(headers);
    if (code === undefined || (untilMs.get(code) ?? Number.NEGATIVE_INFINITY) > now()) return;
    const own = forwarded(headers, ['authorization']);
    const reply = await asking.ask('currencies', '/v2/currencies', own, headers).catch(() => null);
    const list = listIn(reply);
    if (list === null) return;
    if (!list.some((currency) => currency.code === code && currency.enabled)) throw currencyDisabled();
    untilMs.set(code, now() + freshMs);
  };
}

function listIn(reply: PeerReply | null): readonly { code: string; enabled: boolean }[] | null {
  if (reply?.status !== 200 || !Array.isArray(reply.body.data)) return null;
  return reply.body.data as { code: string; enabled: boolean }[];
}
