import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { debtsPaidBy, paidIn } from './debts.ts';

const text = `
| debt | name | costs | tuning pays it | service that pays it off |
|---|---|---|---|---|
| 1 | \`slow-hash\` | 270 ms a token | no | auth |
| 22 | \`audit-rows\` | a row a change | no | every service, by events |
| 32 | \`read-whole\` | all of them | yes | promotions, carts |
`;

test('the debts that a service pays off are its own and those of every service', () => {
  const numbers = (service: string) => paidIn(text, service).map(({ number }) => number);
  assert.deepEqual([numbers('auth'), numbers('carts'), numbers('brands')], [[1, 22], [22, 32], [22]]);
  assert.deepEqual(paidIn(text, 'promotions')[1], {
    number: 32,
    debt: 'read-whole',
    costs: 'all of them',
    tunable: true,
  });
});

test('the list of the monolith is read', async () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  assert.ok((await debtsPaidBy('auth', root)).some(({ debt }) => debt === 'slow-secret-hash'));
  assert.ok((await debtsPaidBy('brands', root)).length > 0);
});
