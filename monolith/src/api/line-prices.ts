import {
  type CalculationMethod,
  type CurrencyStyle,
  formattedPrice,
  lineTotals,
  type PricedLine,
  type Taxed,
} from '../money.ts';

/** Unit price and value of one line of a cart or an order, with and without tax. */
export function linePrices(line: PricedLine, method: CalculationMethod, style: CurrencyStyle) {
  const { unit, value } = lineTotals(line, method);
  const both = (part: keyof Taxed) => ({
    unit: formattedPrice(unit[part], style),
    value: formattedPrice(value[part], style),
  });
  return { with_tax: both('withTax'), without_tax: both('withoutTax'), tax: both('tax') };
}
