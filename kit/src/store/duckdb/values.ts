import { DuckDBBlobValue, DuckDBListValue, DuckDBStructValue, type DuckDBValue } from '@duckdb/node-api';

/**
 * A value of the engine as a plain one: an integer is a number, DECIMAL, DATE, TIMESTAMP and UUID are text, a list is an
 * array.
 *
 * @throws RangeError if an integer is over 2^53: it would lose digits
 */
export function plain(value: DuckDBValue): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is not a safe integer: cast it to text`);
    return number;
  }
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof DuckDBListValue) return value.items.map(plain);
  if (value instanceof DuckDBBlobValue) return value.bytes;
  if (value instanceof DuckDBStructValue) return plainRow(value.entries);
  return value.toString();
}

export const plainRow = (row: Readonly<Record<string, DuckDBValue>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));

/** What can be bound. The driver would take a Date or another object for a value of some type. */
export function bound(value: unknown): DuckDBValue {
  if (value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return value as DuckDBValue;
  if (value instanceof Uint8Array) return new DuckDBBlobValue(value);
  throw new TypeError(
    `DuckDB gets null, text, numbers, booleans and bytes, and not ${Object.prototype.toString.call(value)}`,
  );
}
