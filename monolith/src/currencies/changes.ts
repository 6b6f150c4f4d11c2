import { failedValidation, notFound } from '../api/faults.ts';
import { inTransaction, isUniqueViolation, type Pool, type Queryable } from '../db.ts';
import { ShopError } from '../errors.ts';
import {
  type Currency,
  type CurrencyInput,
  codeTaken,
  deleteCurrency,
  findCurrency,
  insertCurrency,
  listCurrencies,
  lockCurrencies,
  unsetDefault,
  updateCurrency,
} from './store.ts';

const maxCurrencies = 10;

/** Called for each currency that a change wrote or deleted, inside the transaction. */
export type Changed = (db: Queryable, what: 'created' | 'updated' | 'deleted', currency: Currency) => Promise<void>;

/**
 * Creates a currency.
 * @throws ShopError `bad_request` when the code is taken
 * @throws ShopError `validation_failed` when the store has ten currencies
 */
export async function createCurrency(pool: Pool, input: CurrencyInput, changed: Changed): Promise<Currency> {
  const complete = withDefaults(input);
  checkRules(complete);
  return freeCode(() =>
    inTransaction(pool, async (db) => {
      await lockCurrencies(db);
      if ((await listCurrencies(db)).length >= maxCurrencies) {
        throw new ShopError('validation_failed', {
          title: 'Currency limit reached',
          detail: `A store has at most ${maxCurrencies} currencies`,
        });
      }
      if (complete.isDefault) for (const old of await unsetDefault(db)) await changed(db, 'updated', old);
      const currency = orNotFound(await insertCurrency(db, complete));
      await changed(db, 'created', currency);
      return currency;
    }),
  );
}

/** Changes a currency. A new default unsets the old one; the default can be neither disabled nor unset. */
export async function changeCurrency(
  pool: Pool,
  id: string,
  input: CurrencyInput,
  changed: Changed,
): Promise<Currency> {
  checkRules(input);
  return freeCode(() =>
    inTransaction(pool, async (db) => {
      await lockCurrencies(db);
      const before = orNotFound(await findCurrency(db, id));
      const enabled = input.enabled ?? before.enabled;
      const isDefault = input.isDefault ?? before.isDefault;
      if (before.isDefault && !isDefault) throw invalid('default', 'is unset by making another currency the default');
      if (isDefault && !enabled) throw invalid('enabled', 'must be true for the default currency');
      if (isDefault && !before.isDefault) for (const old of await unsetDefault(db)) await changed(db, 'updated', old);
      const currency = orNotFound(await updateCurrency(db, id, input));
      await changed(db, 'updated', currency);
      return currency;
    }),
  );
}

/** Deletes a currency, but never the default; returns it. */
export async function removeCurrency(pool: Pool, id: string, changed: Changed): Promise<Currency> {
  return inTransaction(pool, async (db) => {
    await lockCurrencies(db);
    const currency = orNotFound(await findCurrency(db, id));
    if (currency.isDefault) throw invalid('default', 'is set: the default currency cannot be deleted');
    await deleteCurrency(db, currency);
    await changed(db, 'deleted', currency);
    return currency;
  });
}

export function orNotFound(currency: Currency | undefined): Currency {
  if (currency === undefined) throw notFound('The requested currency could not be found');
  return currency;
}

function withDefaults(input: CurrencyInput): CurrencyInput {
  return {
    ...input,
    exchangeRate: input.exchangeRate ?? 1,
    decimalPoint: input.decimalPoint ?? '.',
    thousandSeparator: input.thousandSeparator ?? ',',
    decimalPlaces: input.decimalPlaces ?? 2,
    enabled: input.enabled ?? true,
    isDefault: input.isDefault ?? false,
  };
}

function checkRules({ exchangeRate, decimalPlaces, isDefault, enabled }: CurrencyInput): void {
  if (exchangeRate !== undefined && exchangeRate <= 0) throw invalid('exchange_rate', 'must be greater than zero');
  if (decimalPlaces !== undefined && (!Number.isInteger(decimalPlaces) || decimalPlaces < 0 || decimalPlaces > 8)) {
    throw invalid('decimal_places', 'must be a whole number from 0 to 8');
  }
  if (isDefault && enabled === false) throw invalid('enabled', 'must be true for the default currency');
}

async function freeCode<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isUniqueViolation(error, codeTaken)) throw error;
    throw new ShopError('bad_request', {
      title: 'Currency already exists',
      detail: 'The specified currency code already exists for this store',
    });
  }
}

function invalid(member: string, rule: string): ShopError {
  return failedValidation([{ detail: `The data.${member} field ${rule}.`, source: `data.${member}` }]);
}
