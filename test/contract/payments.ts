import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { enableManual, orderOf, pay } from './orders-goods.ts';

const state = async ({ admin }: Api, id: string) => {
  const { status, payment } = (await admin('GET', `/v2/orders/${id}`)).body.data;
  return [status, payment];
};

export const paymentCases: Case[] = [
  {
    name: 'payments need a gateway that is on, and its settings are kept',
    run: async (api) => {
      await enableManual(api, false);
      const unpaid = await orderOf(api);
      const refused = await pay(api, unpaid, 'purchase');
      assert.equal(refused.status, 422);
      assert.deepEqual(await state(api, unpaid), ['incomplete', 'unpaid']);

      const list = await api.admin('GET', '/v2/gateways');
      assert.ok(list.body.data.length >= 8);
      assert.equal(list.body.data.find(({ id }: { id: string }) => id === 'manual').enabled, false);
      const stripe = await api.admin('PUT', '/v2/gateways/stripe', { data: { login: 'sk_test', enabled: true } });
      assert.deepEqual(stripe.body.data, {
        id: 'stripe',
        slug: 'stripe',
        type: 'gateway',
        name: 'Stripe',
        enabled: true,
        login: 'sk_test',
      });
      assert.equal((await api.admin('PUT', '/v2/gateways/stripe', { data: { enabled: 'yes' } })).status, 422);
      assert.equal((await api.admin('PUT', '/v2/gateways/stripe', { data: { login: 5 } })).status, 422);
      for (const slug of ['nothing', 'constructor']) {
        assert.equal((await api.admin('GET', `/v2/gateways/${slug}`)).status, 404);
        assert.equal((await api.admin('PUT', `/v2/gateways/${slug}`, { data: { enabled: true } })).status, 404);
      }
      assert.equal((await api.shopper('GET', '/v2/gateways')).status, 403);
      await enableManual(api);
      assert.equal((await api.admin('GET', '/v2/gateways/manual')).body.data.enabled, true);
    },
  },
  {
    name: 'the manual gateway: authorizes, captures, refunds',
    run: async (api) => {
      await enableManual(api);
      const id = await orderOf(api, { manage_stock: true, stock: 4 }, 3);
      const made = await pay(api, id, 'authorize');
      assert.equal(made.status, 201);
      const { data } = made.body;
      assert.deepEqual(
        [data.transaction_type, data['transaction-type'], data.status],
        ['authorize', 'authorize', 'complete'],
      );
      assert.deepEqual([data.amount, data.currency, data.reference], [3000, 'USD', 'manual']);
      assert.equal(data.meta.display_price.formatted, '$30.00');
      assert.deepEqual(data.relationships.order.data, { type: 'order', id });
      assert.deepEqual(await state(api, id), ['processing', 'authorized']);

      const one = `/v2/orders/${id}/transactions/${data.id}`;
      assert.equal((await api.shopper('POST', `${one}/capture`)).status, 403);
      assert.equal((await api.admin('POST', `${one}/refund`)).status, 422);
      const captured = await api.admin('POST', `${one}/capture`, { data: { custom_reference: 'bank 7' } });
      assert.equal(captured.status, 200);
      assert.deepEqual(
        [captured.body.data.transaction_type, captured.body.data.custom_reference],
        ['capture', 'bank 7'],
      );
      assert.deepEqual(await state(api, id), ['complete', 'paid']);
      assert.equal((await api.admin('POST', `${one}/capture`)).status, 422);
      assert.equal((await pay(api, id, 'purchase')).status, 422);

      const refund = await api.admin('POST', `${one}/refund`, { data: {} });
      assert.deepEqual([refund.body.data.transaction_type, refund.body.data.amount], ['refund', 3000]);
      assert.deepEqual(await state(api, id), ['complete', 'refunded']);
      assert.equal((await api.admin('POST', `${one}/refund`)).status, 422);
      const all = await api.admin('GET', `/v2/orders/${id}/transactions`);
      assert.deepEqual(
        all.body.data.map((row: { transaction_type: string }) => row.transaction_type),
        ['capture', 'refund'],
      );
      assert.equal((await api.admin('GET', one)).body.data.id, data.id);
    },
  },
  {
    name: 'the manual gateway: refunds in parts, and no more than was paid',
    run: async (api) => {
      await enableManual(api);
      const id = await orderOf(api);
      const { data } = (await pay(api, id, 'purchase')).body;
      const refund = (amount: number) =>
        api.admin('POST', `/v2/orders/${id}/transactions/${data.id}/refund`, { data: { amount } });
      assert.equal((await refund(400)).body.data.amount, 400);
      assert.deepEqual(await state(api, id), ['complete', 'paid']);
      assert.equal((await refund(601)).status, 422);
      assert.equal((await refund(600)).status, 200);
      assert.deepEqual(await state(api, id), ['complete', 'refunded']);
      for (const amount of [-1, 0, 1.5, 1e300]) assert.equal((await refund(amount)).status, 422);
    },
  },
  {
    name: 'the manual gateway: captures an authorization through a payment too',
    run: async (api) => {
      await enableManual(api);
      const id = await orderOf(api);
      const { data } = (await pay(api, id, 'authorize')).body;
      const captured = await pay(api, id, 'capture');
      assert.equal(captured.body.data.id, data.id);
      assert.deepEqual(await state(api, id), ['complete', 'paid']);
    },
  },
  {
    name: 'the manual gateway: refuses invalid requests',
    run: async (api) => {
      await enableManual(api);
      const id = await orderOf(api);
      const tries = [
        {},
        { gateway: 'manual' },
        { gateway: 'manual', method: 'steal' },
        { gateway: 5, method: 'purchase' },
      ];
      const unusable = [
        { gateway: 'nothing', method: 'purchase' },
        { gateway: 'adyen', method: 'purchase' },
      ];
      const tryToPay = async (data: object) =>
        (await api.shopper('POST', `/v2/orders/${id}/payments`, { data })).status;
      for (const data of [...tries, ...unusable]) assert.equal(await tryToPay(data), 422, JSON.stringify(data));
      assert.equal(await tryToPay({ gateway: 'a\0b', method: 'purchase' }), 400, 'no body may hold NUL');
      assert.equal(
        (
          await api.shopper('POST', `/v2/orders/${id}/payments`, {
            data: { gateway: 'manual', method: 'purchase', amount: 1 },
          })
        ).status,
        422,
      );
      assert.equal((await api.shopper('POST', `/v2/orders/${id}/payments`, '{"data": undefined}')).status, 400);
      assert.equal((await api.admin('POST', `/v2/orders/${id}/transactions/nonsense/capture`)).status, 404);
      assert.equal((await api.admin('GET', `/v2/orders/${id}/transactions/${randomUUID()}`)).status, 404);
      assert.deepEqual(await state(api, id), ['incomplete', 'unpaid']);
    },
  },
  {
    name: 'the manual gateway pays once for each Idempotency-Key',
    run: async (api) => {
      await enableManual(api);
      const id = await orderOf(api);
      const key = { 'idempotency-key': randomUUID() };
      const send = (method: string) =>
        api.shopper('POST', `/v2/orders/${id}/payments`, { data: { gateway: 'manual', method } }, key);
      const [first, again] = [await send('purchase'), await send('purchase')];
      assert.deepEqual([first.status, again.status], [201, 201]);
      assert.deepEqual(again.body, first.body);
      assert.equal((await send('authorize')).status, 422, 'another body under the same key');
      assert.equal((await api.admin('GET', `/v2/orders/${id}/transactions`)).body.data.length, 1);
    },
  },
];
