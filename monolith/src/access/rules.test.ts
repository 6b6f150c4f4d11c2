import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Access } from './access.ts';
import { mayDo } from './rules.ts';

const full: Access = { kind: 'client_credentials', clientId: 'c', scope: '' };
const implicit: Access = { kind: 'implicit', clientId: 'c', scope: '' };
const customer: Access = { ...implicit, customerId: 'me' };

const may = (access: Access, method: string, path: string, pathCustomerId?: string) =>
  mayDo({ method, path, pathCustomerId }, access);

describe('who may do what', () => {
  test('a full token may do everything', () => {
    for (const path of ['/v2/products', '/v2/settings', '/v2/orders/:id/transactions/:t/capture', '/v2/customers']) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE']) assert.equal(may(full, method, path), true);
    }
  });

  test('an implicit token reads the catalog and writes none of it', () => {
    const entities = ['products', 'categories', 'brands', 'collections', 'currencies', 'files', 'inventories'];
    for (const name of [...entities, 'flows', 'fields']) {
      assert.equal(may(implicit, 'GET', `/v2/${name}`), true, name);
      assert.equal(may(implicit, 'HEAD', `/v2/${name}/:id`), true, name);
      assert.equal(may(implicit, 'POST', `/v2/${name}`), false, name);
      assert.equal(may(implicit, 'DELETE', `/v2/${name}/:id`), false, name);
    }
    assert.equal(may(implicit, 'POST', '/v2/inventories/multiple'), true, 'which reads');
    assert.equal(may(implicit, 'POST', '/v2/inventories/:id/transactions'), false);
  });

  test('an implicit token fills carts, but sets no tax', () => {
    assert.equal(may(implicit, 'POST', '/v2/carts/:ref/items'), true);
    assert.equal(may(implicit, 'POST', '/v2/carts/:ref/checkout'), true);
    assert.equal(may(implicit, 'POST', '/v2/carts/:ref/items/:item/taxes'), false);
    assert.equal(may(implicit, 'DELETE', '/v2/carts/:ref/items/:item/taxes/:tax'), false);
  });

  test('an implicit token signs a customer up and in, and sees no customer', () => {
    assert.equal(may(implicit, 'POST', '/v2/customers'), true);
    assert.equal(may(implicit, 'POST', '/v2/customers/tokens'), true);
    assert.equal(may(implicit, 'GET', '/v2/customers'), false);
    assert.equal(may(implicit, 'GET', '/v2/customers/:customerId', 'me'), false);
  });

  test('with a customer token, their own record and orders', () => {
    assert.equal(may(customer, 'GET', '/v2/customers/:customerId', 'me'), true);
    assert.equal(may(customer, 'PUT', '/v2/customers/:customerId/addresses/:addressId', 'me'), true);
    assert.equal(may(customer, 'GET', '/v2/customers/:customerId', 'you'), false);
    assert.equal(may(customer, 'GET', '/v2/customers'), false);
    assert.equal(may(customer, 'GET', '/v2/orders'), true);
    assert.equal(may(customer, 'PUT', '/v2/orders/:id'), false);
  });

  test('an implicit token pays for an order and sees none', () => {
    assert.equal(may(implicit, 'POST', '/v2/orders/:id/payments'), true);
    assert.equal(may(implicit, 'POST', '/v2/orders/:id/transactions/:t/confirm'), true);
    assert.equal(may(implicit, 'GET', '/v2/orders/:id'), false);
    assert.equal(may(implicit, 'POST', '/v2/orders/:id/transactions/:t/capture'), false);
    assert.equal(may(customer, 'POST', '/v2/orders/:id/transactions/:t/refund'), false);
  });

  test('an implicit token cannot administer the shop', () => {
    for (const name of ['settings', 'gateways', 'integrations', 'promotions', 'jobs', 'variations', 'constructor']) {
      assert.equal(may(implicit, 'GET', `/v2/${name}`), false, name);
      assert.equal(may(customer, 'GET', `/v2/${name}`), false, name);
    }
  });

  test('a customer token narrows a full token to that customer', () => {
    const narrowed: Access = { ...full, customerId: 'me' };
    assert.equal(may(narrowed, 'GET', '/v2/customers/:customerId', 'me'), true);
    assert.equal(may(narrowed, 'GET', '/v2/customers/:customerId', 'you'), false);
  });
});
