import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { ServiceError } from '@banyan/kit/errors';
import fc from 'fast-check';
import { type Currencies, firstCurrencies, requireEnabled, withChanged, withNew, without } from './domain.ts';

const now = 1_700_000_000_000_000;
const code = (expected: string) => (error: unknown) => error instanceof ServiceError && error.code === expected;

test('a new store has dollars, which are the default', () => {
  const [dollars, ...others] = firstCurrencies(randomUUID(), now);
  assert.deepEqual([dollars?.code, dollars?.isDefault, dollars?.enabled, others], ['USD', true, true, []]);
});

test('of two that are made in one millisecond, the second one is listed second', () => {
  let all = firstCurrencies('ffffffff-0000-4000-8000-000000000000', now);
  all = withNew(all, { code: 'EUR', format: '{price}' }, '00000000-0000-4000-8000-000000000000', now);
  const sorted = all.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  assert.deepEqual(sorted, all);
});

test('a default that moves changes both, and both tell when', () => {
  const all = withNew(firstCurrencies(randomUUID(), now), { code: 'EUR', format: '{price}' }, randomUUID(), now);
  const [usd, eur] = withChanged(all, all[1]?.id ?? '', { default: true }, now + 5_000);
  assert.deepEqual(
    [usd?.isDefault, usd?.updatedAt, eur?.isDefault, eur?.updatedAt],
    [false, now + 5_000, true, now + 5_000],
  );
});

test('a currency that a request asks for must be there and enabled', () => {
  const all = withNew(firstCurrencies(randomUUID(), now), { code: 'EUR', format: '{price}', enabled: false }, 'e', now);
  requireEnabled(all, 'USD');
  for (const asked of ['EUR', 'XXX']) {
    assert.throws(() => requireEnabled(all, asked), code('currency_disabled'), asked);
  }
});

test('whatever is asked in whatever order: one default, enabled, codes that differ, ten at most', () => {
  const members = {
    code: fc.option(fc.constantFrom('USD', 'eur', 'GBP', 'chf'), { nil: undefined }),
    default: fc.option(fc.boolean(), { nil: undefined }),
    enabled: fc.option(fc.boolean(), { nil: undefined }),
  };
  const letters = fc.string({ unit: fc.constantFrom('A', 'B', 'C'), minLength: 3, maxLength: 3 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('make' as const), at: fc.nat(12), ...members, code: letters }),
    fc.record({ kind: fc.constant('change' as const), at: fc.nat(12), ...members }),
    fc.record({ kind: fc.constant('delete' as const), at: fc.nat(12) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let all: Currencies = firstCurrencies(randomUUID(), now);
      for (const [n, { kind, at, ...given }] of steps.entries()) {
        const data = JSON.parse(JSON.stringify(given)) as { code: string };
        const id = all[at]?.id ?? 'unknown';
        try {
          if (kind === 'make') all = withNew(all, { format: '{price}', ...data }, randomUUID(), now + n);
          else if (kind === 'change') all = withChanged(all, id, data, now + n);
          else all = without(all, id);
        } catch (error) {
          assert.ok(error instanceof ServiceError, String(error));
        }
        assert.deepEqual(
          all.filter((one) => one.isDefault).map(({ enabled }) => enabled),
          [true],
        );
        assert.equal(new Set(all.map((one) => one.code)).size, all.length);
        assert.ok(all.length <= 10);
      }
    }),
  );
});
