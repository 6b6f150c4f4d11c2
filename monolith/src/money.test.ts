import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CurrencyStyle } from './money.ts';
import { formatAmount, lineTotals, maxAmount, maxTaxRate, sumTotals, taxUnit } from './money.ts';

const usd: CurrencyStyle = {
  code: 'USD',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is how currencies write it.
  format: '${price}',
  decimalPoint: '.',
  thousandSeparator: ',',
  decimalPlaces: 2,
};
const eur: CurrencyStyle = {
  code: 'EUR',
  format: '{price} €',
  decimalPoint: ',',
  thousandSeparator: '.',
  decimalPlaces: 2,
};
const jpy: CurrencyStyle = { ...usd, code: 'JPY', format: '¥{price}', decimalPlaces: 0 };

describe('formatAmount', () => {
  const cases: [number, CurrencyStyle, string][] = [
    [0, usd, '$0.00'],
    [5, usd, '$0.05'],
    [-500, usd, '-$5.00'],
    [123456789, usd, '$1,234,567.89'],
    [123456789, eur, '1.234.567,89 €'],
    [1234, jpy, '¥1,234'],
    [100, { ...usd, thousandSeparator: '' }, '$1.00'],
    // `$&` in a separator is text, not a pattern of String.replace.
    [123456, { ...usd, thousandSeparator: '$&' }, '$1$&234.56'],
  ];
  for (const [amount, style, expected] of cases) {
    test(`${amount} ${style.code} is ${expected}`, () => assert.equal(formatAmount(amount, style), expected));
  }

  test('the digits read back as the amount', () => {
    fc.assert(
      fc.property(fc.integer({ min: -maxAmount, max: maxAmount }), (amount) => {
        const digits = formatAmount(amount, usd).replaceAll(/[$.,-]/g, '');
        assert.equal(Number(digits), Math.abs(amount));
      }),
    );
  });
});

describe('taxUnit', () => {
  test('a gross price has its tax backed out, from the rounded net', () => {
    assert.deepEqual(taxUnit(499, true, [10.2]), { withTax: 504, withoutTax: 45, tax: 459 });
    assert.deepEqual(taxUnit(1200, true, [0.2]), { withTax: 1200, withoutTax: 1000, tax: 200 });
  });

  test('a net price has its tax added', () => {
    assert.deepEqual(taxUnit(999, false, [0.2]), { withTax: 1199, withoutTax: 999, tax: 200 });
  });

  test('half a minor unit goes up', () => {
    assert.equal(taxUnit(250, false, [0.01]).tax, 3);
    assert.equal(taxUnit(249, false, [0.01]).tax, 2);
  });

  test('rates add without float error', () => {
    // 0.1 + 0.2 as floats is over 0.3, and 5 × that would still round down; the boundary 15 × 0.3 = 4.5 must go up.
    assert.equal(taxUnit(15, false, [0.1, 0.2]).tax, 5);
  });

  const rate = fc.double({ min: 0, max: maxTaxRate, noNaN: true });
  const amount = fc.integer({ min: 0, max: maxAmount });

  test('parts are non-negative safe integers that add up', () => {
    fc.assert(
      fc.property(amount, fc.boolean(), fc.array(rate, { maxLength: 5 }), (unit, gross, rates) => {
        const taxed = taxUnit(unit, gross, rates);
        assert.equal(taxed.withoutTax + taxed.tax, taxed.withTax);
        assert.ok(
          [taxed.withTax, taxed.withoutTax, taxed.tax].every((part) => Number.isSafeInteger(part) && part >= 0),
        );
      }),
    );
  });

  test('without tax, amounts do not change', () => {
    fc.assert(
      fc.property(amount, fc.boolean(), (unit, gross) => {
        assert.deepEqual(taxUnit(unit, gross, []), { withTax: unit, withoutTax: unit, tax: 0 });
      }),
    );
  });

  test('backing tax out of a gross price moves it by at most half the tax factor', () => {
    fc.assert(
      fc.property(amount, fc.integer({ min: 0, max: 100 }), (unit, percent) => {
        const taxed = taxUnit(unit, true, [percent / 100]);
        assert.ok(Math.abs(taxed.withTax - unit) <= 1);
      }),
    );
  });
});

describe('totals', () => {
  test('a line is its unit times its quantity', () => {
    const line = { unitAmount: 499, quantity: 4, includesTax: true, rates: [10.2] };
    assert.deepEqual(lineTotals(line, 'simple').value, { withTax: 2016, withoutTax: 180, tax: 1836 });
  });

  test('a sum is the sum of its lines, in any order', () => {
    const line = fc.record({
      unitAmount: fc.integer({ min: 0, max: 1_000_000 }),
      quantity: fc.integer({ min: 1, max: 1000 }),
      includesTax: fc.boolean(),
      rates: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 10 }), (lines) => {
        const sum = sumTotals(lines, 'simple');
        assert.equal(sum.withTax, sum.withoutTax + sum.tax);
        assert.deepEqual(sumTotals([...lines].reverse(), 'simple'), sum);
      }),
    );
  });
});
