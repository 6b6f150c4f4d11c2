import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Case } from './api.ts';
import { askJob, order, path } from './jobs-orders.ts';

export const jobHostileCases: readonly Case[] = [
  {
    name: 'a wrong job is refused, and nothing is made',
    run: async (api) => {
      const total = async () => (await api.admin('GET', `${path}?page[limit]=1`)).body.meta.results.total;
      const before = await total();
      const post = async (data: unknown) => (await api.admin('POST', path, { data })).status;
      for (const data of [
        { job_type: 'tea' },
        { type: 'job' },
        { ...order, type: 'x' },
        { ...order, filter: 5 },
        { ...order, filter: 'x'.repeat(8_193) },
      ]) {
        assert.equal(await post(data), 422, JSON.stringify(data));
      }
      const filters = [
        ...['x', 'eq(payment', 'eq(shoe,1)', 'gt(created_at,soon)', 'like(status,x*)', 'eq(with_tax,1.5)'],
        ...['eq(constructor,x)', 'eq(payment,paid)); drop table jobs; --', 'eq(payment,)', 'gt(payment,paid)'],
        Array(11).fill('eq(payment,paid)').join(':'),
      ];
      for (const filter of filters) assert.equal(await post({ ...order, filter }), 400, filter);
      for (const data of [undefined, null, [], 'x', 5]) assert.equal(await post(data), 400, JSON.stringify(data));
      for (const body of ['', '{', '[]', '{"data":{"job_type":"order_export","filter":"\\u0000"}}', '"\\ud800"']) {
        assert.equal((await api.admin('POST', path, body)).status, 400, body);
      }
      assert.equal(await total(), before);
    },
  },
  {
    name: 'a filter that tries to leave its value matches nothing',
    run: async (api) => {
      for (const text of ["' or 1=1 --", "x') or true or ('", '%', '\\', '$1', '?']) {
        const id = await askJob(api, `eq(email,${text.replaceAll(/[()]/g, '')})`);
        const { status } = (
          await api.eventually(`${path}/${id}`, ({ body }) => ['complete', 'failed'].includes(body.data.status))
        ).body.data;
        assert.equal(status, 'failed', text);
      }
    },
  },
  {
    name: 'jobs are for administrators only, and unknown ones are 404',
    run: async (api) => {
      const id = await askJob(api, `eq(email,none@${api.tag}.example)`);
      await api.eventually(`${path}/${id}`, ({ body }) => body.data.status === 'failed');
      for (const under of ['', `/${id}`, `/${id}/file`, `/${id}/file/content`]) {
        assert.equal((await api.shopper('GET', `${path}${under}`)).status, 403, under);
        assert.equal((await api.anonymous('GET', `${path}${under}`)).status, 401, under);
      }
      assert.equal((await api.shopper('POST', path, { data: order })).status, 403);
      assert.equal((await api.admin('GET', `${path}/${id.toUpperCase()}`)).status, 200);
      for (const unknown of [randomUUID(), 'x', '%00', '..%2f..%2fetc', "'%20or%201=1"]) {
        for (const under of ['', '/file', '/file/content']) {
          assert.equal((await api.admin('GET', `${path}/${unknown}${under}`)).status, 404, unknown + under);
        }
      }
      for (const method of ['PUT', 'DELETE']) {
        assert.equal((await api.admin(method, `${path}/${id}`, { data: order })).status, 404, method);
      }
    },
  },
];
