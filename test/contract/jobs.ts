import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case, Reply } from './api.ts';
import { ids, makeProduct } from './goods.ts';
import { jobHostileCases } from './jobs-hostile.ts';
import { askJob, exportOf, makeOrder, order, path, sampleAddress } from './jobs-orders.ts';

const isOver = ({ body }: Reply) => ['complete', 'failed'].includes(body.data.status);

const cases: Case[] = [
  {
    name: 'a job is pending, then complete, with a link to its file',
    run: async (api) => {
      const email = `${api.next()}@${api.tag}.example`;
      await makeOrder(api, await makeProduct(api), { email });
      const filter = `eq(email,${email}):eq(payment,unpaid)`;
      const made = await api.admin('POST', path, { data: { ...order, filter: ` ${filter} ` } });
      assert.equal(made.status, 201);
      const { id, timestamps, ...rest } = made.body.data;
      const self = `http://shop.test${path}/${id}`;
      assert.deepEqual(rest, { ...order, filter, status: 'pending', link: { href: '' }, links: { self } });
      assert.equal(timestamps.created_at, timestamps.updated_at);
      const { data } = (await api.eventually(`${path}/${id}`, isOver)).body;
      assert.deepEqual(data, {
        ...{ id, ...order, filter, status: 'complete', link: { href: `${self}/file` }, links: { self } },
        timestamps: { created_at: timestamps.created_at, updated_at: data.timestamps.updated_at },
      });
      const file = await api.admin('GET', `${path}/${id}/file`);
      assert.deepEqual(file.body, { data: { href: `${self}/file/content` } });
      const { status, headers } = await api.admin('GET', `${path}/${id}/file/content`);
      assert.equal(status, 200);
      assert.equal(headers.get('content-type'), 'text/csv; charset=utf-8');
      assert.equal(headers.get('content-disposition'), `attachment; filename="orders-${id}.csv"`);
    },
  },
  {
    name: 'an export has a line for each item of each order that matches, oldest first',
    run: async (api) => {
      const [one, two] = [await makeProduct(api, { sku: `A,"1" ${api.tag}` }), await makeProduct(api)];
      const domain = `${api.tag}.example`;
      const orders = [
        await makeOrder(api, one, { name: '=cmd()', email: `ada@${domain}` }, 2, two),
        await makeOrder(api, two, { name: 'Ève "the" first,\u{1f600} ', email: `eve@${domain}` }),
      ];
      const [, ...lines] = await exportOf(api, `like(email,*@${domain})`);
      assert.deepEqual(
        lines.map((line) => line.slice(0, 36)),
        [orders[0], orders[0], orders[1]],
      );
      assert.match(lines[0] ?? '', /,incomplete,unpaid,unfulfilled,USD,3000,3000,0,,'=cmd\(\),/);
      assert.ok(lines[0]?.includes(`,"A,""1"" ${api.tag}",`));
      assert.ok(lines[2]?.includes(',"Ève ""the"" first,\u{1f600} ",'));
    },
  },
  {
    name: 'an order that was paid, shipped or changed right before the export is in it as it is',
    run: async (api) => {
      const email = `${api.next()}@${api.tag}.example`;
      const product = await makeProduct(api);
      await api.admin('PUT', '/v2/gateways/manual', { data: { type: 'gateway', enabled: true } });
      for (let round = 0; round < 3; round += 1) {
        const id = await makeOrder(api, product, { email });
        const payment = { data: { gateway: 'manual', method: 'purchase' } };
        assert.equal((await api.admin('POST', `/v2/orders/${id}/payments`, payment)).status, 201);
        assert.equal((await exportOf(api, `eq(email,${email}):eq(payment,paid)`)).length, round + 2);
        const address = { shipping_address: { ...sampleAddress, first_name: 'Other', last_name: 'Person' } };
        const changed = { data: { type: 'order', ...address, shipping: 'fulfilled' } };
        const { status, body } = await api.admin('PUT', `/v2/orders/${id}`, changed);
        assert.equal(status, 200, JSON.stringify(body));
        const [, ...lines] = await exportOf(api, `eq(id,${id})`);
        assert.match(lines.join(), /,complete,paid,fulfilled,.*,Other,Person,/);
      }
    },
  },
  {
    name: 'every field of orders filters, text as in lists',
    run: async (api) => {
      const [product, other] = [await makeProduct(api), await makeProduct(api)];
      const email = `ÉVE@${api.tag}.example`;
      const first = await makeOrder(api, product, { name: 'Éve 100%_!', email });
      const second = await makeOrder(api, other, { name: 'Someone', email: `x@${api.tag}.example` });
      const [{ sku }] = (await api.admin('GET', `/v2/orders/${first}/items`)).body.data;
      const shown = (await api.admin('GET', `/v2/orders/${first}`)).body.data;
      const at = shown.meta.timestamps.created_at;
      const only = async (...filters: string[]) => {
        for (const filter of filters) {
          const found = (await exportOf(api, `in(id,${first},${second}):${filter}`)).slice(1);
          assert.deepEqual(
            found.map((line) => line.slice(0, 36)),
            [first],
            filter,
          );
        }
      };
      await only(`eq(email,${email})`, 'like(name,éVE *)'.replace('é', 'É'), 'like(customer.name,*100%_!)');
      await only(`eq(product_id,${product})`, `in(product_sku,${sku},none)`);
      assert.deepEqual(await exportOf(api, `eq(id,${first}):like(name,éve*)`), [], 'only A to Z have two cases');
      assert.deepEqual(await exportOf(api, `eq(id,${first}):gt(with_tax,1000)`), []);
      const both = `in(id,${first},${second})`;
      for (const filter of [
        `ge(created_at,${at}):ge(with_tax,1000):eq(currency,USD)`,
        `eq(created_at,${at.slice(0, 10)}):like(shipping_name,ada byron):eq(billing_postcode,N1 1AA)`,
        'eq(status,incomplete):in(payment,unpaid,paid):eq(shipping,unfulfilled):le(without_tax,1000)',
      ]) {
        assert.equal((await exportOf(api, `${both}:${filter}`)).length, 3, filter);
      }
    },
  },
  {
    name: 'an export of no order fails and says so',
    run: async (api) => {
      const id = await askJob(api, `eq(email,none@${api.tag}.example)`);
      const { status, error, link } = (await api.eventually(`${path}/${id}`, isOver)).body.data;
      assert.deepEqual([status, error, link], ['failed', 'No orders match the filter', { href: '' }]);
      assert.equal((await api.admin('GET', `${path}/${id}/file`)).status, 404);
      assert.equal((await api.admin('GET', `${path}/${id}/file/content`)).status, 404);
    },
  },
  {
    name: 'a job needs no type, and is made once for one Idempotency-Key, on either side',
    run: async (api) => {
      const key = { 'idempotency-key': randomUUID() };
      const filter = `eq(email,none@${api.tag}.example)`;
      const post = (body: object = { filter }) =>
        api.admin('POST', path, { data: { job_type: 'order_export', ...body } }, key);
      const replies = [await post(), await post(), await post()];
      for (const { status, body } of replies) assert.deepEqual([status, body], [201, replies[0]?.body]);
      const other = await post({ filter: 'eq(payment,paid)' });
      assert.deepEqual([other.status, other.body.errors[0].title], [422, 'Idempotency-Key reused']);
      await api.eventually(`${path}/${replies[0]?.body.data.id}`, isOver);
      assert.equal((await post()).body.data.status, 'pending', 'the first reply again');
      const bad = await api.admin('POST', path, { data: order }, { 'idempotency-key': 'a b' });
      assert.equal(bad.status, 400);
    },
  },
  {
    name: 'jobs are listed oldest first, with pages',
    run: async (api) => {
      const made: string[] = [];
      for (let n = 0; n < 3; n += 1) {
        made.push(await askJob(api, `eq(email,${n}@${api.tag}.example)`));
        await api.eventually(`${path}/${made.at(-1)}`, isOver);
      }
      const all = await allOf(api);
      assert.deepEqual(all.slice(-3), made);
      const { body } = await api.admin('GET', `${path}?page[limit]=2&page[offset]=${all.length - 2}`);
      assert.deepEqual(ids({ body } as Reply), made.slice(1));
      assert.equal(body.meta.results.total, all.length);
      assert.equal((await api.admin('GET', `${path}?page[limit]=x`)).status, 400);
    },
  },
];

async function allOf(api: Api): Promise<string[]> {
  return ids(await api.admin('GET', `${path}?page[limit]=100`));
}

export const jobCases: readonly Case[] = [...cases, ...jobHostileCases];
