import { currencyDisabled, failedValidation, isUuid, type Micros, timestamps } from '@banyan/kit/api';
import type { CurrencyChange, CurrencyView, NewCurrency } from './contract.ts';
import { CurrenciesError, currencyMissing } from './errors.ts';

export interface Currency {
  id: string;
  code: string;
  exchangeRate: number;
  format: string;
  decimalPoint: string;
  thousandSeparator: string;
  decimalPlaces: number;
  enabled: boolean;
  isDefault: boolean;
  createdAt: Micros;
  updatedAt: Micros;
}

/** All currencies of the store, in the order of (creation, id). One of them is the default, and it is enabled. */
export type Currencies = readonly Currency[];

const maxCurrencies = 10;

/** The id in a path. @throws CurrenciesError `currency_missing`: the text is no id */
export function currencyIdOf(text: string): string {
  if (!isUuid(text)) throw currencyMissing();
  return text.toLowerCase();
}

/** @throws CurrenciesError `currency_missing` */
export function currencyIn(currencies: Currencies, id: string): Currency {
  const found = currencies.find((currency) => currency.id === id);
  if (found === undefined) throw currencyMissing();
  return found;
}

/** The currencies of a new store: dollars. */
export function firstCurrencies(id: string, now: Micros): Currencies {
  const dollars = { code: 'USD', format: `$${'{price}'}`, default: true };
  return withNew([], dollars, id, now);
}

/**
 * The currencies with a new one. A new default unsets the old one.
 *
 * @throws ServiceError `validation_failed`
 * @throws CurrenciesError `too_many_currencies`, `currency_exists`
 */
export function withNew(before: Currencies, made: NewCurrency, id: string, now: Micros): Currencies {
  // Of two that are made in one millisecond, the second one is listed second.
  const createdAt = Math.max(now, ...before.map((currency) => currency.createdAt + 1));
  const currency: Currency = {
    ...{ id, exchangeRate: 1, decimalPoint: '.', thousandSeparator: ',', decimalPlaces: 2 },
    ...{ enabled: true, isDefault: false, createdAt, updatedAt: createdAt },
    ...{ code: made.code.toUpperCase(), format: made.format },
    ...membersOf(made),
  };
  requireSound(currency);
  requireEnabledDefault(currency);
  if (before.length >= maxCurrencies) {
    const detail = `A store has at most ${maxCurrencies} currencies`;
    throw new CurrenciesError('too_many_currencies', { detail });
  }
  return withFreeCodes([...(currency.isDefault ? withoutDefault(before, now) : before), currency]);
}

/**
 * The currencies with one of them changed. A new default unsets the old one; the default is neither disabled nor unset.
 *
 * @throws ServiceError `validation_failed`
 * @throws CurrenciesError `currency_missing`, `currency_exists`
 */
export function withChanged(before: Currencies, id: string, change: CurrencyChange, now: Micros): Currencies {
  const members = membersOf(change);
  requireSound(members);
  requireEnabledDefault({ isDefault: members.isDefault ?? false, enabled: members.enabled ?? true });
  const old = currencyIn(before, id);
  const currency: Currency = { ...old, ...members, updatedAt: now };
  if (old.isDefault && !currency.isDefault) {
    throw invalid('default', 'is unset by making another currency the default');
  }
  requireEnabledDefault(currency);
  const others = currency.isDefault && !old.isDefault ? withoutDefault(before, now) : before;
  return withFreeCodes(others.map((one) => (one.id === id ? currency : one)));
}

/**
 * The currencies without one of them.
 *
 * @throws CurrenciesError `currency_missing`
 * @throws ServiceError `validation_failed`: it is the default
 */
export function without(before: Currencies, id: string): Currencies {
  if (currencyIn(before, id).isDefault) throw invalid('default', 'is set: the default currency cannot be deleted');
  return before.filter((currency) => currency.id !== id);
}

/** @throws ServiceError `currency_disabled`: there is no currency of this code, or it is switched off */
export function requireEnabled(currencies: Currencies, code: string): void {
  if (!currencies.some((currency) => currency.code === code && currency.enabled)) throw currencyDisabled();
}

/** A currency in the form of the API. `publicUrl`: the platform's address as clients see it. */
export function currencyView(currency: Currency, publicUrl: string): CurrencyView {
  const { id, code, exchangeRate, format, decimalPoint, thousandSeparator, decimalPlaces } = currency;
  return {
    ...{ id, type: 'currency', code, exchange_rate: exchangeRate, format, decimal_point: decimalPoint },
    ...{ thousand_separator: thousandSeparator, decimal_places: decimalPlaces },
    ...{ default: currency.isDefault, enabled: currency.enabled },
    links: { self: `${publicUrl}/v2/currencies/${id}` },
    meta: timestamps(currency.createdAt, currency.updatedAt),
  };
}

/** The members that a body gives, and no others. */
function membersOf(data: CurrencyChange): Partial<Currency> {
  const given = {
    code: data.code?.toUpperCase(),
    exchangeRate: numberOf(data.exchange_rate),
    format: data.format,
    decimalPoint: data.decimal_point,
    thousandSeparator: data.thousand_separator,
    decimalPlaces: numberOf(data.decimal_places),
    enabled: data.enabled,
    isDefault: data.default,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const numberOf = (value: number | string | undefined) => (value === undefined ? undefined : Number(value));

function withoutDefault(currencies: Currencies, now: Micros): Currencies {
  return currencies.map((one) => (one.isDefault ? { ...one, isDefault: false, updatedAt: now } : one));
}

function withFreeCodes(currencies: Currencies): Currencies {
  if (new Set(currencies.map(({ code }) => code)).size === currencies.length) return currencies;
  const detail = 'The specified currency code already exists for this store';
  throw new CurrenciesError('currency_exists', { detail });
}

function requireSound({ exchangeRate = 1, decimalPlaces = 0 }: Partial<Currency>): void {
  if (exchangeRate <= 0) throw invalid('exchange_rate', 'must be greater than zero');
  if (!Number.isInteger(decimalPlaces) || decimalPlaces < 0 || decimalPlaces > 8) {
    throw invalid('decimal_places', 'must be a whole number from 0 to 8');
  }
}

function requireEnabledDefault({ isDefault, enabled }: Pick<Currency, 'isDefault' | 'enabled'>): void {
  if (isDefault && !enabled) throw invalid('enabled', 'must be true for the default currency');
}

function invalid(member: string, rule: string) {
  return failedValidation([{ detail: `The data.${member} field ${rule}.`, source: `data.${member}` }]);
}
