import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Access } from '@banyan/kit/access';
import { customersRule } from './access.ts';
import { paths } from './contract.ts';

const [mine, yours] = ['aaaaaaaa-0000-4000-8000-000000000000', 'bbbbbbbb-0000-4000-8000-000000000000'];
const caller = (kind: Access['kind'], subject?: string): Access => ({
  ...{ kind, clientId: 'c', scope: '' },
  ...(subject !== undefined && { subject }),
});
const may = (access: Access, method: string, path: string, params: Record<string, string> = {}) =>
  customersRule({ method, path, params }, access);

test('anyone with an access token signs up and signs in, and sees nothing else', () => {
  const shopper = caller('implicit');
  assert.ok(may(shopper, 'POST', paths.customers));
  assert.ok(may(shopper, 'POST', paths.tokens));
  for (const path of [paths.customers, paths.attributes, paths.customer, paths.addresses]) {
    assert.ok(!may(shopper, 'GET', path, { customerId: mine }), path);
  }
  assert.ok(!may(shopper, 'PUT', paths.tokens));
});

test('a customer token opens what is its own, as it is written in the token', () => {
  const ann = caller('implicit', mine);
  for (const method of ['GET', 'PUT', 'DELETE', 'POST']) {
    assert.ok(may(ann, method, paths.customer, { customerId: mine }), method);
    assert.ok(may(ann, method, paths.address, { customerId: mine, addressId: 'x' }), method);
    assert.ok(!may(ann, method, paths.customer, { customerId: yours }), method);
    assert.ok(!may(ann, method, paths.customer, { customerId: mine.toUpperCase() }), method);
  }
  assert.ok(!may(ann, 'GET', paths.customers));
});

test('an administrator may everything, and with a customer token what is that customer alone', () => {
  assert.ok(may(caller('client_credentials'), 'DELETE', paths.customer, { customerId: yours }));
  const narrowed = caller('client_credentials', mine);
  assert.ok(may(narrowed, 'GET', paths.customers));
  assert.ok(may(narrowed, 'DELETE', paths.customer, { customerId: mine }));
  assert.ok(!may(narrowed, 'GET', paths.customer, { customerId: yours }));
});

test('entries are read by whom their own routes let, and never written by shoppers', () => {
  const list = '/v2/flows/customers/entries';
  assert.ok(may(caller('implicit', mine), 'GET', list));
  assert.ok(!may(caller('implicit', mine), 'POST', list));
});
