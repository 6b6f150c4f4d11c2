import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstSettings, settingsView, withChanged } from './domain.ts';

const now = 1_700_000_000_000_000;

test('a new store has pages of a hundred, children in lists, no languages, and the simple method', () => {
  assert.deepEqual(settingsView(firstSettings(now)), {
    ...{ type: 'settings', page_length: 100, list_child_products: true, additional_languages: [] },
    ...{ calculation_method: 'simple', currency_limit: 10 },
  });
});

test('a change sets the members that it names, also to values that count as nothing, and keeps the others', () => {
  const french = withChanged(firstSettings(now), { additional_languages: ['fr', 'de'], page_length: 7 }, now + 1_000);
  const changed = withChanged(french, { list_child_products: false, additional_languages: [] }, now + 2_000);
  assert.deepEqual(changed, {
    ...{ pageLength: 7, listChildProducts: false, additionalLanguages: [], calculationMethod: 'simple' },
    updatedAt: now + 2_000,
  });
});

test('two changes in one moment, also of nothing, are two states', () => {
  const first = firstSettings(now);
  const second = withChanged(first, {}, now);
  assert.deepEqual([second.updatedAt, withChanged(second, {}, now - 5).updatedAt], [now + 1, now + 2]);
});
