/** How to print a currency. `format` holds `{price}`, e.g. `${price}`. */
export interface CurrencyStyle {
  code: string;
  format: string;
  decimalPoint: string;
  thousandSeparator: string;
  decimalPlaces: number;
}

/** `amount` in minor units. */
export interface FormattedPrice {
  amount: number;
  currency: string;
  formatted: string;
}

/** All three in minor units; `withTax` = `withoutTax` + `tax`. */
export interface Taxed {
  withTax: number;
  withoutTax: number;
  tax: number;
}

/** A priced line: `unitAmount` in minor units, `rates` as fractions (0.2 is 20 %). */
export interface PricedLine {
  unitAmount: number;
  quantity: number;
  includesTax: boolean;
  rates: readonly number[];
}

export interface LineTotals {
  unit: Taxed;
  value: Taxed;
}

/**
 * How carts and orders are priced. `simple`: tax is rounded for one unit and then multiplied, and discounts are taken off
 * afterwards. `line`: discounts are taken off lines before tax, and tax is rounded for the whole line.
 */
export type CalculationMethod = 'simple' | 'line';

/** The largest unit price and line value, in minor units: the sum of 100 lines at the highest tax stays safe. */
export const maxAmount = 100_000_000_000;
/** Highest rate of one tax item (2000 %). */
export const maxTaxRate = 20;

// Rates are counted in millionths, so that rounding is exact: 0.1 + 0.2 has no float error.
const rateScale = 1_000_000n;

/** Prints an amount in minor units, with decimal point and thousands separator. The minus precedes the whole text. */
export function formatAmount(amount: number, style: CurrencyStyle): string {
  const digits = String(Math.abs(amount)).padStart(style.decimalPlaces + 1, '0');
  const split = digits.length - style.decimalPlaces;
  const whole = digits.slice(0, split).replace(/\B(?=(\d{3})+$)/g, () => style.thousandSeparator);
  const price = style.decimalPlaces > 0 ? `${whole}${style.decimalPoint}${digits.slice(split)}` : whole;
  const text = style.format.replace('{price}', () => price);
  return amount < 0 ? `-${text}` : text;
}

export function formattedPrice(amount: number, style: CurrencyStyle): FormattedPrice {
  return { amount, currency: style.code, formatted: formatAmount(amount, style) };
}

/** The printed amount of an empty cart, which has no currency yet. */
export const noPrice: FormattedPrice = { amount: 0, currency: '', formatted: '0' };

/** The sum of rates, in millionths. */
export function rateOf(rates: readonly number[]): bigint {
  return rates.reduce((sum, each) => sum + BigInt(Math.round(each * Number(rateScale))), 0n);
}

/** The tax on an amount before tax, both in minor units, rounded half up. `rate` in millionths. */
export function taxOn(net: bigint, rate: bigint): bigint {
  return divideHalfUp(net * rate, rateScale);
}

/**
 * Tax of one unit, or of one line by the method `line`. The net of a gross price is rounded half up first. The tax on the
 * rounded net is rounded half up, and gross is their sum, so a gross price can change by one minor unit.
 */
export function taxUnit(unitAmount: number, includesTax: boolean, rates: readonly number[]): Taxed {
  const rate = rateOf(rates);
  const given = BigInt(unitAmount);
  const net = includesTax ? divideHalfUp(given * rateScale, rateScale + rate) : given;
  const tax = taxOn(net, rate);
  return { withTax: Number(net + tax), withoutTax: Number(net), tax: Number(tax) };
}

/** Totals of a line without discounts. By the method `line`, the value is not the price of a unit times the quantity. */
export function lineTotals(line: PricedLine, method: CalculationMethod): LineTotals {
  const { unitAmount, quantity, includesTax, rates } = line;
  const unit = taxUnit(unitAmount, includesTax, rates);
  if (method === 'line') return { unit, value: taxUnit(unitAmount * quantity, includesTax, rates) };
  const value = {
    withTax: unit.withTax * quantity,
    withoutTax: unit.withoutTax * quantity,
    tax: unit.tax * quantity,
  };
  return { unit, value };
}

/** Totals of a cart or an order without discounts: the sums of its lines. */
export function sumTotals(lines: readonly PricedLine[], method: CalculationMethod): Taxed {
  const sum = { withTax: 0, withoutTax: 0, tax: 0 };
  for (const line of lines) {
    const { value } = lineTotals(line, method);
    sum.withTax += value.withTax;
    sum.withoutTax += value.withoutTax;
    sum.tax += value.tax;
  }
  return sum;
}

function divideHalfUp(numerator: bigint, denominator: bigint): bigint {
  // Both operands are non-negative, so the truncating division of BigInt is a floor.
  return (2n * numerator + denominator) / (2n * denominator);
}

/** Unit price and value of one line of a cart or an order, with and without tax. */
export function linePrices(line: PricedLine, method: CalculationMethod, style: CurrencyStyle) {
  const { unit, value } = lineTotals(line, method);
  const both = (part: keyof Taxed) => ({
    unit: formattedPrice(unit[part], style),
    value: formattedPrice(value[part], style),
  });
  return { with_tax: both('withTax'), without_tax: both('withoutTax'), tax: both('tax') };
}
