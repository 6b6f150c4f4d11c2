import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Counted, discountOf, type Offer, type Terms } from './promotion.ts';

const goods = (sku: string, unit: number, quantity = 1): Counted => ({
  productId: `id-${sku}`,
  ...{ sku, unit, quantity, value: unit * quantity },
});
const terms = (offer: Offer, limits: Partial<Terms> = {}) =>
  ({ min_cart_value: [], max_discount_value: [], ...offer, ...limits }) as Terms;
const off = (offer: Offer, lines: Counted[], limits: Partial<Terms> = {}) =>
  discountOf(terms(offer, limits), lines, 'USD');
const usd = (amount: number) => [{ currency: 'USD', amount }];

const fixed: Offer = { promotion_type: 'fixed_discount', schema: { currencies: usd(500) } };
const percent = (percentage: number): Offer => ({
  promotion_type: 'percent_discount',
  schema: { currencies: [{ currency: 'USD', percentage }] },
});

describe('a discount', () => {
  test('fixed: the amount of the currency, and never more than the goods are worth', () => {
    assert.equal(off(fixed, [goods('a', 1000)]), 500);
    assert.equal(off(fixed, [goods('a', 300)]), 300);
    assert.equal(discountOf(terms(fixed), [goods('a', 1000)], 'EUR'), 0);
    assert.equal(off(fixed, []), 0);
  });

  test('percent: of everything, rounded half up', () => {
    assert.equal(off(percent(10), [goods('a', 999), goods('b', 1, 2)]), 100);
    assert.equal(off(percent(50), [goods('a', 1)]), 1);
    assert.equal(off(percent(12.5), [goods('a', 1000)]), 125);
    assert.equal(off(percent(100), [goods('a', 100_000_000_000, 1)]), 100_000_000_000);
  });

  test('limits: from a value of the cart on, and up to a value of the discount', () => {
    assert.equal(off(fixed, [goods('a', 999)], { min_cart_value: usd(1000) }), 0);
    assert.equal(off(fixed, [goods('a', 1000)], { min_cart_value: usd(1000) }), 500);
    assert.equal(off(percent(50), [goods('a', 1000)], { max_discount_value: usd(200) }), 200);
    assert.equal(off(fixed, [goods('a', 1000)], { min_cart_value: [{ currency: 'EUR', amount: 9999 }] }), 500);
  });

  test('x for y: the cheapest units are free, and custom items do not count', () => {
    const offer: Offer = { promotion_type: 'x_for_y', schema: { x: 3, y: 2, targets: ['a', 'ID-B'] } };
    assert.equal(off(offer, [goods('a', 500, 2), goods('b', 300)]), 300);
    assert.equal(off(offer, [goods('a', 500, 2)]), 0);
    assert.equal(off(offer, [goods('a', 500, 3), goods('b', 300, 3), goods('c', 1, 9)]), 600);
    assert.equal(off(offer, [{ ...goods('a', 500, 3), productId: null }]), 0);
  });

  test('x for an amount: the dearest units first, and never dearer than without', () => {
    const offer: Offer = {
      promotion_type: 'x_for_amount',
      schema: { x: 2, currencies: usd(700), targets: ['a', 'b'] },
    };
    assert.equal(off(offer, [goods('a', 500, 2)]), 300);
    assert.equal(off(offer, [goods('a', 500), goods('b', 300)]), 100);
    assert.equal(off(offer, [goods('a', 500, 3), goods('b', 300, 3)]), 300 + 100 + 0);
    assert.equal(off(offer, [goods('b', 300, 2)]), 0);
  });

  test('bundle: once for each whole bundle, each unit in one requirement', () => {
    const offer: Offer = {
      promotion_type: 'bundle_fixed_discount',
      schema: {
        requirements: [
          { targets: ['a'], quantity: 1 },
          { targets: ['b'], quantity: 2 },
        ],
        currencies: usd(100),
      },
    };
    assert.equal(off(offer, [goods('a', 500, 3), goods('b', 300, 5)]), 200);
    assert.equal(off(offer, [goods('a', 500, 3), goods('b', 300)]), 0);
    const same: Offer = {
      promotion_type: 'bundle_fixed_discount',
      schema: {
        requirements: [
          { targets: ['a'], quantity: 1 },
          { targets: ['a'], quantity: 1 },
        ],
        currencies: usd(100),
      },
    };
    assert.equal(off(same, [goods('a', 500, 3)]), 100);
  });

  test('item fixed and item percent: off each targeted unit', () => {
    const item: Offer = { promotion_type: 'item_fixed_discount', schema: { targets: ['a'], currencies: usd(200) } };
    assert.equal(off(item, [goods('a', 500, 3), goods('b', 300)]), 600);
    assert.equal(off(item, [goods('a', 150, 2)]), 300);
    const part: Offer = { promotion_type: 'item_percent_discount', schema: { targets: ['a'], percent: 10 } };
    assert.equal(off(part, [goods('a', 505, 3), goods('b', 300)]), 152);
  });
});
