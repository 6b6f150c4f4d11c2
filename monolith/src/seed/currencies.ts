import { daysBefore, type Plan } from './plan.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';

/** `rate`: units of the currency for one US dollar. `taxPercent`: the tax rate of orders in the currency. */
export const currencies = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: how the API writes formats.
  { code: 'USD', format: '${price}', decimalPoint: '.', thousandSeparator: ',', rate: 1, taxPercent: 0 },
  { code: 'EUR', format: '€{price}', decimalPoint: ',', thousandSeparator: '.', rate: 0.86, taxPercent: 19 },
  { code: 'GBP', format: '£{price}', decimalPoint: '.', thousandSeparator: ',', rate: 0.75, taxPercent: 20 },
] as const;

export type SeededCurrency = (typeof currencies)[number];

export function currencyTable(plan: Plan): Table {
  const random = new Random(plan.seed, 'currencies');
  const madeAt = daysBefore(plan, 900);
  // One after the other, because lists are in the order of creation.
  const moments = currencies.map((_, index) => new Date(madeAt.getTime() + index * 1_000));
  return {
    name: 'currencies',
    columns: [
      'id',
      'code',
      'exchange_rate',
      'format',
      'decimal_point',
      'thousand_separator',
      'decimal_places',
      'enabled',
      'is_default',
      'created_at',
      'updated_at',
    ],
    rows: currencies.map((currency, index): Cell[] => [
      random.uuid(),
      currency.code,
      currency.rate,
      currency.format,
      currency.decimalPoint,
      currency.thousandSeparator,
      2,
      true,
      index === 0,
      moments[index] ?? madeAt,
      moments[index] ?? madeAt,
    ]),
  };
}
