import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Modifier } from '../variations/modifier-types.ts';
import { applyModifiers, type Template } from './apply-modifiers.ts';

const shirt: Template = {
  name: 'Shirt',
  slug: 'shirt-{COLOR}',
  sku: 'SH-{COLOR}',
  description: 'Cotton',
  commodity_type: 'physical',
  status: 'live',
  prices: [
    { amount: 1000, currency: 'EUR', includes_tax: true },
    { amount: 1200, currency: 'USD', includes_tax: false },
  ],
};
const price = (amount: number, currency = 'USD') => [{ amount, currency }];
const amounts = (modifiers: Modifier[]) => applyModifiers(shirt, modifiers).prices.map(({ amount }) => amount);

describe('modifiers', () => {
  test('of no option leave the base as it is', () => {
    assert.deepEqual(applyModifiers(shirt, []), shirt);
  });

  test('set, extend and prefix each text', () => {
    for (const member of ['name', 'description', 'slug', 'sku'] as const) {
      const { [member]: built, ...others } = applyModifiers(shirt, [
        { type: `${member}_append`, value: ' 1' },
        { type: `${member}_prepend`, value: 'a ' },
        { type: `${member}_equals`, value: 'Set' },
        { type: `${member}_append`, value: ' 2' },
        { type: `${member}_prepend`, value: 'b ' },
      ]);
      assert.equal(built, 'b a Set 1 2');
      const { [member]: _, ...unchanged } = shirt;
      assert.deepEqual(others, unchanged);
    }
  });

  test('replace what is in braces in a slug or SKU', () => {
    const built = applyModifiers(shirt, [
      { type: 'slug_builder', value: { seek: '{COLOR}', set: 'red' } },
      { type: 'sku_builder', value: { seek: 'COLOR', set: '$&' } },
      { type: 'sku_append', value: '-S' },
      { type: 'sku_equals', value: 'X{COLOR}{COLOR}{}' },
      { type: 'slug_builder', value: { seek: 'ed', set: 'no braces around it' } },
    ]);
    assert.deepEqual([built.slug, built.sku], ['shirt-red', 'X$&$&{}-S']);
  });

  test('change the prices that the base has', () => {
    assert.deepEqual(amounts([{ type: 'price_increment', value: price(50) }]), [1000, 1250]);
    assert.deepEqual(amounts([{ type: 'price_decrement', value: [...price(50), ...price(1, 'EUR')] }]), [999, 1150]);
    assert.deepEqual(amounts([{ type: 'price_increment', value: price(50, 'GBP') }]), [1000, 1200]);
    const set: Modifier = { type: 'price_equals', value: [{ amount: 7, currency: 'USD', includes_tax: true }] };
    const more: Modifier = { type: 'price_increment', value: [...price(50), ...price(50, 'EUR')] };
    assert.deepEqual(amounts([set, more]), [1050, 7]);
    assert.deepEqual(amounts([more, set]), [1050, 7]);
    assert.equal(applyModifiers(shirt, [set]).prices[1]?.includes_tax, true);
    assert.equal(applyModifiers(shirt, [{ type: 'price_equals', value: price(7) }]).prices[1]?.includes_tax, false);
  });

  test('change status and kind', () => {
    const { status, commodity_type } = applyModifiers(shirt, [
      { type: 'status', value: 'draft' },
      { type: 'commoditytype', value: 'digital' },
    ]);
    assert.deepEqual([status, commodity_type], ['draft', 'digital']);
  });

  test('of prices commute', () => {
    const modifier = fc.record({
      type: fc.constantFrom('price_increment' as const, 'price_decrement' as const),
      value: fc.integer({ min: 0, max: 500 }).map((amount) => price(amount)),
    });
    fc.assert(
      fc.property(fc.array(modifier, { maxLength: 6 }), (modifiers) => {
        assert.deepEqual(amounts(modifiers), amounts(modifiers.toReversed()));
      }),
    );
  });
});
