import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '@banyan/kit/errors';
import { ordersWhere } from './filter.ts';

test('no value is ever part of the text of a statement', () => {
  for (const value of ["' or 1=1 --", '?', '$1', 'x; drop table jobs']) {
    assert.equal(ordersWhere(`eq(email,${value})`).text, '(customer_email in (?))');
    assert.ok(!ordersWhere(`like(name,${value})`).text.includes(value === '?' ? '??' : value));
  }
});

test('an empty filter matches every order, and ids that are none match nothing', () => {
  assert.deepEqual(ordersWhere(''), { text: 'true', values: [] });
  assert.deepEqual(ordersWhere('in(product_id,x,y)'), { text: '(false)', values: [] });
});

test('the special characters of a pattern are text', () => {
  assert.deepEqual(ordersWhere('like(name,50%_!*)').values, ['50!%!_!!%']);
});

test('an unknown field, operator or value is refused', () => {
  for (const filter of ['eq(shoe,1)', 'gt(email,x)', 'eq(created_at,soon)', 'eq(__proto__,x)', 'eq(']) {
    assert.throws(
      () => ordersWhere(filter),
      (error) => error instanceof ServiceError && error.code === 'bad_request',
    );
  }
});
