import type { IncomingHttpHeaders } from 'node:http';
import { ServiceError } from '../service/errors.ts';

/**
 * The currency that a request asks for by `X-MOLTIN-CURRENCY`: three capital letters. Undefined: it asks for none.
 * Whether it is enabled, the owner of the currencies says.
 *
 * @throws ServiceError `currency_disabled`: the text is no code of a currency
 */
export function askedCurrency({ 'x-moltin-currency': header }: IncomingHttpHeaders): string | undefined {
  if (typeof header !== 'string' || header.trim() === '') return undefined;
  const code = header.trim().toUpperCase();
  if (!/^[A-Z]{3}$/.test(code)) throw currencyDisabled();
  return code;
}

/** The refusal of a request for a currency that the store does not have, or has switched off. */
export function currencyDisabled(): ServiceError<'currency_disabled'> {
  return new ServiceError('currency_disabled', { detail: 'The selected currency is not enabled on this store' });
}
