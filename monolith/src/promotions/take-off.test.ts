import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { lineTotals, type PricedLine, sumTotals, type Taxed, taxUnit } from '../money.ts';
import { sharesOf, takingOff } from './take-off.ts';

const line = (unitAmount: number, quantity: number, rate: number, includesTax = false): PricedLine => ({
  ...{ unitAmount, quantity, includesTax },
  rates: rate === 0 ? [] : [rate],
});
const anyLine = fc.record({
  unitAmount: fc.integer({ min: 0, max: 100_000 }),
  quantity: fc.integer({ min: 1, max: 1_000 }),
  includesTax: fc.boolean(),
  rates: fc.array(fc.constantFrom(0, 0.05, 0.2, 0.055, 10.2), { maxLength: 3 }),
});
const smallLine = anyLine.map(({ unitAmount, quantity, ...rest }) => ({
  ...{ ...rest, unitAmount: unitAmount % 20, quantity: 1 + (quantity % 3) },
}));
const lines = fc.array(fc.oneof(anyLine, smallLine), { maxLength: 12 });
const offers = fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 200_000_000 })), {
  maxLength: 6,
});
const methods = fc.constantFrom('simple' as const, 'line' as const);
const minus = (a: Taxed, b: Taxed): Taxed => ({
  withTax: a.withTax - b.withTax,
  withoutTax: a.withoutTax - b.withoutTax,
  tax: a.tax - b.tax,
});

describe('the method `line`', () => {
  test('tax is rounded for the whole line', () => {
    // Of one unit it is 0.5, which is rounded to 1 and then multiplied by the method `simple`.
    assert.deepEqual(lineTotals(line(10, 3, 0.05), 'line').value, { withTax: 32, withoutTax: 30, tax: 2 });
    assert.deepEqual(lineTotals(line(10, 3, 0.05), 'simple').value, { withTax: 33, withoutTax: 30, tax: 3 });
    assert.deepEqual(lineTotals(line(499, 4, 10.2, true), 'line').value, { withTax: 1994, withoutTax: 178, tax: 1816 });
  });

  test('a discount is spread over lines before tax, and lowers their tax', () => {
    const cart = [line(1_000, 3, 0.2), line(1_000, 1, 0)];
    // 500 is 375 of the first line and 125 of the second: the tax falls from 600 to 525.
    assert.deepEqual(takingOff(cart, 'line')(500), { withTax: 575, withoutTax: 500, tax: 75 });
    assert.deepEqual(takingOff(cart, 'simple')(500), { withTax: 500, withoutTax: 500, tax: 0 });
  });

  test('what is missing after rounding goes to the largest remainders, then the larger line, then the higher rate', () => {
    const left = (net: bigint, rate = 0n) => ({ net, rate });
    assert.deepEqual(sharesOf(10n, [left(100n), left(100n), left(101n)]), [3n, 3n, 4n]);
    assert.deepEqual(sharesOf(1n, [left(100n), left(300n)]), [0n, 1n]);
    assert.deepEqual(sharesOf(2n, [left(1n), left(3n)]), [0n, 2n]);
    assert.deepEqual(sharesOf(1n, [left(50n), left(50n, 5n)]), [0n, 1n]);
    assert.deepEqual(sharesOf(9n, [left(2n), left(3n)]), [2n, 3n]);
    assert.deepEqual(sharesOf(9n, [left(0n)]), [0n]);
    assert.deepEqual(sharesOf(9n, []), []);
  });

  test('shares add up, are within a unit of the proportion and leave no line below zero', () => {
    const net = fc.integer({ min: 0, max: 100_000_000_000 }).map(BigInt);
    const parts = fc.array(fc.record({ net, rate: fc.constant(0n) }), { maxLength: 100 });
    fc.assert(
      fc.property(parts, fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map(BigInt), (all, offered) => {
        const total = all.reduce((sum, part) => sum + part.net, 0n);
        const amount = offered < total ? offered : total;
        const shares = sharesOf(offered, all);
        assert.equal(
          shares.reduce((sum, share) => sum + share, 0n),
          amount,
        );
        for (const [index, share] of shares.entries()) {
          const own = all[index]?.net ?? 0n;
          assert.ok(share >= 0n && share <= own);
          const off = share * total - amount * own;
          assert.ok(total === 0n || (off < total && -off < total));
        }
      }),
    );
  });

  test('each offer is taken off before tax as far as something is left', () => {
    fc.assert(
      fc.property(lines, offers, (all, offered) => {
        let { withoutTax: left } = sumTotals(all, 'line');
        const takeOff = takingOff(all, 'line');
        for (const each of offered) {
          const { withoutTax } = takeOff(each);
          assert.equal(withoutTax, Math.min(each, left));
          left -= withoutTax;
        }
      }),
    );
  });

  test('a line of one unit, and lines without tax, cost the same by both methods', () => {
    fc.assert(
      fc.property(anyLine, (any) => {
        const one = { ...any, quantity: 1 };
        assert.deepEqual(lineTotals(one, 'line'), lineTotals(one, 'simple'));
      }),
    );
    fc.assert(
      fc.property(lines, offers, (all, offered) => {
        const untaxed = all.map((each) => ({ ...each, rates: [] }));
        assert.deepEqual(offered.map(takingOff(untaxed, 'line')), offered.map(takingOff(untaxed, 'simple')));
      }),
    );
  });
});

describe('both methods', () => {
  test('what is taken off adds up, is never negative, and leaves no total below zero', () => {
    fc.assert(
      fc.property(lines, offers, methods, (all, offered, method) => {
        let left = sumTotals(all, method);
        for (const taken of offered.map(takingOff(all, method))) {
          left = minus(left, taken);
          assert.equal(taken.withoutTax + taken.tax, taken.withTax);
          for (const part of [...Object.values(taken), ...Object.values(left)]) assert.ok(part >= 0);
        }
        const all100 = takingOff(all, method)(Number.MAX_SAFE_INTEGER);
        assert.deepEqual(all100, sumTotals(all, method));
      }),
    );
  });

  test('the order of lines changes no total', () => {
    const alike = fc.record({
      unitAmount: fc.integer({ min: 1, max: 5 }),
      ...{ quantity: fc.constant(1), includesTax: fc.constant(false) },
      rates: fc.constantFrom<number[][]>([], [0.2], [0.5]),
    });
    // Lines that are nearly alike have equal remainders, where an order would show.
    const some: fc.Arbitrary<PricedLine[]> = fc.oneof(lines, fc.array(alike, { minLength: 2, maxLength: 5 }));
    const shuffled = some.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    const few = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(shuffled, fc.oneof(offers, few), methods, ([all, other], offered, method) => {
        assert.deepEqual(sumTotals(other, method), sumTotals(all, method));
        assert.deepEqual(offered.map(takingOff(other, method)), offered.map(takingOff(all, method)));
      }),
      { numRuns: 500 },
    );
  });

  test('`simple` rounds the unit, and takes discounts off the totals', () => {
    fc.assert(
      fc.property(lines, offers, (all, offered) => {
        let withTax = 0;
        let withoutTax = 0;
        for (const { unitAmount, includesTax, rates, quantity } of all) {
          const unit = taxUnit(unitAmount, includesTax, rates);
          withTax += unit.withTax * quantity;
          withoutTax += unit.withoutTax * quantity;
        }
        assert.deepEqual(sumTotals(all, 'simple'), { withTax, withoutTax, tax: withTax - withoutTax });
        const takeOff = takingOff(all, 'simple');
        for (const each of offered) {
          const amount = Math.min(each, withTax);
          const net = Math.min(amount, withoutTax);
          assert.deepEqual(takeOff(each), { withTax: amount, withoutTax: net, tax: amount - net });
          withTax -= amount;
          withoutTax -= net;
        }
      }),
    );
  });
});
