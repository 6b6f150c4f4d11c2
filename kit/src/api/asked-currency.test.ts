import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../service/errors.ts';
import { askedCurrency } from './asked-currency.ts';

test('a currency is asked for in either case, with blanks around it', () => {
  assert.equal(askedCurrency({ 'x-moltin-currency': ' usd ' }), 'USD');
  assert.equal(askedCurrency({}), undefined);
  assert.equal(askedCurrency({ 'x-moltin-currency': '  ' }), undefined);
});

test('a text that is no code of a currency is refused', () => {
  for (const header of ['US', 'USDD', 'U D', '€€€', 'USD, EUR']) {
    assert.throws(
      () => askedCurrency({ 'x-moltin-currency': header }),
      (error) => error instanceof ServiceError && error.code === 'currency_disabled',
      header,
    );
  }
});
