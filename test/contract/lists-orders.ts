import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { sampleAddress, signUp } from './buyers.ts';
import { ids, makeProduct } from './goods.ts';
import { enableManual, makeOrder, pay } from './orders-goods.ts';

/** Two orders that differ in what filters read: a paid one of a customer, and one of a guest. */
async function twoOrders(api: Api) {
  await enableManual(api);
  const [dear, cheap] = [
    await makeProduct(api, { sku: `D-${api.tag}` }),
    await makeProduct(api, { sku: `C-${api.tag}` }),
  ];
  const customer = await signUp(api, { name: `Ada ${api.tag}` });
  const paid = await makeOrder(api, randomUUID(), dear, 3, { id: customer.id });
  assert.equal((await pay(api, paid, 'purchase')).status, 201);
  const address = { ...sampleAddress, first_name: 'Grace', postcode: 'X9 9XX' };
  const cart = `/v2/carts/${randomUUID()}`;
  await api.shopper('POST', `${cart}/items`, { data: { type: 'cart_item', id: cheap, quantity: 1 } });
  const guest = { name: `Eve ${api.tag}`, email: `eve.${api.tag}@example.com` };
  const data = { customer: guest, billing_address: address, shipping_address: address };
  const open = (await api.shopper('POST', `${cart}/checkout`, { data })).body.data.id as string;
  return { paid, open, dear, customer };
}

export const orderListCases: Case[] = [
  {
    name: 'orders are filtered by each field and operator',
    run: async (api) => {
      const { admin, tag } = api;
      const { paid, open, dear, customer } = await twoOrders(api);
      const both = `in(id,${paid},${open})`;
      const matching = async (filter: string) => ids(await admin('GET', `/v2/orders?filter=${both}:${filter}`));
      const { created_at: created, updated_at: updated } = (await admin('GET', `/v2/orders/${open}`)).body.data.meta
        .timestamps;
      const filters = [
        ...['eq(status,complete)', 'eq(payment,paid)', `eq(name,Ada ${tag})`, 'like(name,ADA*)'],
        ...[
          `eq(email,${customer.email})`,
          `like(email,${customer.email.toUpperCase()})`,
          `eq(customer.email,${customer.email})`,
        ],
        ...[`eq(customer.name,Ada ${tag})`, `eq(customer_id,${customer.id})`, `like(customer_id,${customer.id})`],
        ...['eq(shipping_name,Ada Byron)', 'like(shipping_name,ada*)', 'eq(shipping_postcode,N1 1AA)'],
        ...['like(shipping_postcode,n1*)', 'eq(billing_name,Ada Byron)', 'like(billing_name,*byron):like(name,ada*)'],
        ...['eq(billing_postcode,N1 1AA)', 'like(billing_postcode,n1*)'],
        ...['gt(with_tax,1000)', 'ge(with_tax,3000)', 'gt(without_tax,1000)', 'ge(without_tax,3000)'],
        ...[`eq(product_id,${dear})`, `eq(product_sku,D-${tag})`, `lt(created_at,${created})`, `eq(id,${paid})`],
      ];
      for (const filter of filters) assert.deepEqual(await matching(filter), [paid], filter);
      for (const filter of [
        ...['lt(with_tax,3000)', 'le(with_tax,1000)', 'lt(without_tax,3000)', 'le(without_tax,1000)'],
        ...[`ge(created_at,${created})`, `eq(created_at,${created})`, `eq(updated_at,${updated})`],
        ...[`gt(created_at,${Date.parse(created) - 1})`],
      ]) {
        assert.deepEqual(await matching(filter), [open], filter);
      }
      for (const filter of ['eq(shipping,unfulfilled)', 'eq(currency,USD)', `le(created_at,${created})`]) {
        assert.deepEqual(await matching(filter), [open, paid], filter);
      }
      const today = created.slice(0, 10);
      assert.deepEqual(await matching(`eq(created_at,${today}):gt(updated_at,2018-01-01)`), [open, paid]);
      for (const filter of [
        'eq(total,1)',
        'gt(status,a)',
        'eq(with_tax,x)',
        'eq(created_at,now)',
        'like(currency,U*)',
      ]) {
        assert.equal((await admin('GET', `/v2/orders?filter=${filter}`)).status, 400, filter);
      }
    },
  },
  {
    name: 'orders are sorted by each field, newest first without one, and include their items',
    run: async (api) => {
      const { admin } = api;
      const { paid, open } = await twoOrders(api);
      const both = `filter=in(id,${paid},${open})`;
      const sorted = async (sort: string) => ids(await admin('GET', `/v2/orders?${both}&sort=${sort}`));
      assert.deepEqual(await sorted(''), [open, paid]);
      const ascending = {
        ...{ created_at: [paid, open], payment: [paid, open], status: [paid, open], with_tax: [open, paid] },
        shipping: [paid, open],
      };
      for (const [field, expected] of Object.entries(ascending)) {
        assert.deepEqual(await sorted(field), expected, field);
        assert.deepEqual(await sorted(`-${field}`), expected.toReversed(), field);
      }
      for (const field of ['name', 'id', 'updated_at']) {
        assert.equal((await admin('GET', `/v2/orders?sort=${field}`)).status, 400, field);
      }
      const list = (await admin('GET', `/v2/orders?${both}&include=items`)).body;
      const one = (await admin('GET', `/v2/orders/${paid}?include=items`)).body;
      assert.deepEqual([list.included.items.length, one.included.items.length], [2, 1]);
      assert.deepEqual((await admin('GET', `/v2/orders/${paid}/items`)).body.data, one.included.items);
      assert.equal('included' in (await admin('GET', `/v2/orders/${paid}`)).body, false);
    },
  },
];
