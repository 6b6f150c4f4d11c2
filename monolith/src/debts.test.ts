import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { allDebts, Debts, parseDebtsPaid } from './debts.ts';

describe('debts', () => {
  test('are owed until they are paid by name', () => {
    const debts = new Debts(['eav-joins']);
    assert.equal(debts.owed('eav-joins'), false);
    assert.equal(debts.owed('slow-secret-hash'), true);
    assert.deepEqual(debts.paid(), ['eav-joins']);
  });

  test('"tunable" pays those that tuning can pay, and no others', () => {
    const { paid, unknown } = parseDebtsPaid('tunable');
    const tunable = allDebts.filter((debt) => debt.tunable).map(({ name }) => name);
    assert.deepEqual(paid, tunable);
    assert.ok(!(paid as string[]).includes('slow-secret-hash'));
    assert.deepEqual(unknown, []);
  });

  test('names may have blanks around them; unknown names are reported', () => {
    assert.deepEqual(parseDebtsPaid(' eav-joins , tunabel,,'), { paid: ['eav-joins'], unknown: ['tunabel'] });
  });

  test('each has a number and a name of its own, and an entry in DEBTS.md', async () => {
    assert.equal(new Set(allDebts.map(({ number }) => number)).size, allDebts.length);
    assert.equal(new Set(allDebts.map(({ name }) => name)).size, allDebts.length);
    const document = await readFile(new URL('../DEBTS.md', import.meta.url), 'utf8');
    for (const { number, name } of allDebts)
      assert.match(document, new RegExp(`^## Debt ${number}: \`${name}\`$`, 'm'));
  });
});
