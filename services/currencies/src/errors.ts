import { type CompleteErrorTable, type KitCode, ServiceError } from '@banyan/kit/errors';

/** All errors that this service raises on purpose. */
export type CurrenciesCode = KitCode | 'currency_missing' | 'currency_exists' | 'too_many_currencies';

export class CurrenciesError extends ServiceError<CurrenciesCode> {}

/** The HTTP status of each code. */
export const currenciesErrors = {
  currency_missing: { status: 404, title: 'Not Found' },
  currency_exists: { status: 400, title: 'Currency already exists' },
  too_many_currencies: { status: 422, title: 'Currency limit reached' },
} as const satisfies CompleteErrorTable<CurrenciesCode>;

export function currencyMissing(): CurrenciesError {
  return new CurrenciesError('currency_missing', { detail: 'The requested currency could not be found' });
}
