import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case, Reply } from './api.ts';
import { sampleAddress, signUp } from './buyers.ts';
import { makeFlow } from './flows-goods.ts';
import { ids, makeProduct } from './goods.ts';
import { orderListCases } from './lists-orders.ts';
import { productListCases } from './lists-products.ts';
import { orderOf } from './orders-goods.ts';

/** The paths of lists that have pages. */
async function pagedLists(api: Api): Promise<string[]> {
  await makeFlow(api, `paged-${api.tag}`);
  const promotion = {
    ...{ type: 'promotion', name: 'P', description: '', enabled: false, promotion_type: 'fixed_discount' },
    ...{ schema: { currencies: [{ currency: 'USD', amount: 5 }] }, start: '2018-01-01', end: '2099-01-01' },
  };
  const { id } = (await api.admin('POST', '/v2/promotions', { data: promotion })).body.data;
  return [
    ...['products', 'brands', 'categories', 'collections', 'customers', 'orders', 'files', 'inventories', 'carts'],
    ...['variations', 'promotions', `promotions/${id}/codes`, `flows/paged-${api.tag}/entries`],
  ].map((path) => `/v2/${path}`);
}

/** The paths of lists that are whole. */
async function wholeLists(api: Api): Promise<string[]> {
  const { id } = await signUp(api);
  await api.admin('POST', `/v2/customers/${id}/addresses`, { data: { type: 'address', ...sampleAddress } });
  const [product, order] = [await makeProduct(api, { stock: 1 }), await orderOf(api)];
  await makeFlow(api, `whole-${api.tag}`);
  return [
    ...['currencies', 'gateways', 'flows', 'fields', 'integrations', `flows/whole-${api.tag}/fields`],
    ...[`customers/${id}/addresses`, `orders/${order}/items`, `orders/${order}/transactions`],
    `inventories/${product}/transactions`,
  ].map((path) => `/v2/${path}`);
}

const search = (list: string, query: string) => `${list}?${query}`;
const pathOf = (link: string) => link.slice(new URL(link).origin.length);

export const listCases: Case[] = [
  {
    name: 'lists with pages say limit, offset, current page, pages and results',
    run: async (api) => {
      for (const list of await pagedLists(api)) {
        const { status, body } = await api.admin('GET', search(list, 'page[limit]=2&page[offset]=3'));
        assert.equal(status, 200, list);
        const { total } = body.meta.results;
        const pages = Math.ceil(total / 2);
        assert.deepEqual(body.meta.page, { limit: 2, offset: 3, current: 2, total: pages }, list);
        const { current, first, last, prev, next } = body.links;
        assert.equal(pathOf(current), search(list, 'page[limit]=2&page[offset]=3'));
        assert.equal(pathOf(first), search(list, 'page[limit]=2&page[offset]=0'));
        assert.equal(pathOf(prev), search(list, 'page[limit]=2&page[offset]=1'));
        const end = search(list, `page[limit]=2&page[offset]=${(pages - 1) * 2}`);
        assert.equal(last && pathOf(last), pages > 1 ? end : null, list);
        assert.equal(next && pathOf(next), total > 5 ? search(list, 'page[limit]=2&page[offset]=5') : null, list);
        const alone = (await api.admin('GET', search(list, 'page[limit]=100'))).body;
        assert.equal(alone.links.prev, null, list);
        if (total <= 100) assert.deepEqual([alone.links.last, alone.links.next], [null, null], list);
      }
    },
  },
  {
    name: 'lists with pages have bounds: limits from 1, a hundred records, offsets up to 10,000',
    run: async (api) => {
      for (const list of await pagedLists(api)) {
        for (const query of [
          'limit]=0',
          'limit]=-1',
          'limit]=1.5',
          'limit]=x',
          'offset]=-1',
          'offset]=x',
          'offset]=10001',
        ]) {
          const { status, body } = await api.admin('GET', search(list, `page[${query}`));
          assert.deepEqual(
            [status, body.errors[0].status, body.errors[0].title],
            [400, 400, 'Bad Request'],
            list + query,
          );
        }
        const large = (await api.admin('GET', search(list, 'page[limit]=101'))).body;
        assert.equal(large.meta.page.limit, 100, list);
        const far = (await api.admin('GET', search(list, 'page[limit]=1&page[offset]=10000'))).body;
        assert.deepEqual([far.data, far.meta.page.offset], [[], 10_000], list);
        for (const brackets of ['page%5Blimit%5D=1', 'page[limit]=1']) {
          assert.equal((await api.admin('GET', search(list, brackets))).body.meta.page.limit, 1, list + brackets);
        }
      }
    },
  },
  {
    name: 'lists without pages are whole, whatever page is asked for',
    run: async (api) => {
      for (const list of await wholeLists(api)) {
        const { status, body } = await api.admin('GET', list);
        assert.ok(status === 200 && Array.isArray(body.data), list);
        const asked = (await api.admin('GET', search(list, 'page[limit]=1&page[offset]=1'))).body;
        assert.equal(asked.data.length, body.data.length, list);
      }
    },
  },
  {
    name: 'links of a list repeat the other parameters, and lead through all records once',
    run: async (api) => {
      const made: string[] = [];
      for (const name of ['a', 'b', 'c', 'd', 'e']) made.push(await makeProduct(api, { name: `${api.tag} & ${name}` }));
      const filter = encodeURIComponent(`like(name,${api.tag} & *)`);
      const seen: string[] = [];
      let path: string | null = `/v2/products?sort=-name&include=brands&page[limit]=2&filter=${filter}`;
      while (path !== null) {
        const { body }: Reply = await api.shopper('GET', path);
        seen.push(...body.data.map(({ id }: { id: string }) => id));
        for (const link of Object.values<string | null>(body.links).filter((each) => each !== null)) {
          const { searchParams } = new URL(link);
          assert.deepEqual([searchParams.get('sort'), searchParams.get('include')], ['-name', 'brands']);
          assert.equal(searchParams.get('filter'), `like(name,${api.tag} & *)`);
        }
        path = body.links.next === null ? null : pathOf(body.links.next);
      }
      assert.deepEqual(seen, made.toReversed());
    },
  },
  {
    name: 'filters are read whole: blanks, quotes, parentheses, colons, wildcards and encoded text',
    run: async (api) => {
      const { tag } = api;
      const given = [
        'One: two (three), four',
        "O'Neil + Søn",
        '100%_sure',
        'plain',
        'Ünïcode 😀',
        '2018-05-10T14:11:32Z',
      ];
      const made = new Map<string, string>();
      for (const [n, name] of given.entries()) made.set(name, await makeProduct(api, { name, slug: `${tag}-${n}` }));
      const matching = async (filter: string, encode = encodeURIComponent) => {
        const { status, body } = await api.shopper(
          'GET',
          `/v2/products?filter=${encode(`${filter}:like(slug,${tag}*)`)}`,
        );
        assert.equal(status, 200, `${filter} ${JSON.stringify(body)}`);
        return body.data.map(({ name }: { name: string }) => name);
      };
      for (const [filter, name] of [
        ['eq(name,One: two (three), four)', given[0]],
        ['eq( name , plain )', given[3]],
        ["eq(name,'plain')", given[3]],
        ["eq(name,O'Neil + Søn)", given[1]],
        ['like(name,100%_*)', given[2]],
        ['like(name,*SURE)', given[2]],
        ['like(name,*two*)', given[0]],
        ['like(name,PLAIN)', given[3]],
        ['eq(name,Ünïcode 😀)', given[4]],
        ['eq(name,2018-05-10T14:11:32Z)', given[5]],
      ] as const) {
        assert.deepEqual(await matching(filter), [name], filter);
      }
      assert.deepEqual(await matching('eq(name,PLAIN)'), []);
      assert.deepEqual(await matching('like(name,PLAI_)'), []);
      assert.deepEqual(await matching('in(name,plain,100%_sure)'), ['100%_sure', 'plain']);
      // A raw plus is a blank.
      const raw = (text: string) => text.replace('two (', 'two+(');
      assert.deepEqual(await matching('eq(name,One: two (three), four)', raw as typeof encodeURIComponent), [given[0]]);
    },
  },
  {
    name: 'filters have at most ten terms, and each wrong one is 400',
    run: async (api) => {
      const id = await makeProduct(api, { name: api.tag });
      const terms = (count: number) => Array.from({ length: count }, () => `eq(name,${api.tag})`).join(':');
      assert.deepEqual(ids(await api.shopper('GET', `/v2/products?filter=${terms(10)}`)), [id]);
      const unparseable = [
        ...['eq(name', 'eq name,x)', 'name', 'eq(name)', 'eq(,x)', 'eq(name,)', 'near(name,x)', 'EQ(name,x)'],
        ...['eq(name,x):', ':eq(name,x)', 'eq(name,x)eq(slug,y)', 'eq(name,x)::eq(slug,y)', '()', 'eq(na me,x)'],
      ];
      for (const filter of unparseable) {
        const { status, body } = await api.shopper('GET', `/v2/products?filter=${encodeURIComponent(filter)}`);
        const detail = 'Could not parse the supplied filter';
        assert.deepEqual([status, body.errors], [400, [{ status: 400, title: 'Bad Request', detail }]], filter);
      }
      // The second is what old clients make of a list.
      const others = [terms(11), `in(id.0,${randomUUID()},id.1,${randomUUID()})`, 'eq(price,1)', 'eq(__proto__,x)'];
      for (const filter of [...others, 'gt(name,a)', 'eq(name,%00)']) {
        const { status, body } = await api.shopper('GET', `/v2/products?filter=${filter}`);
        assert.deepEqual([status, body.errors[0].title], [400, 'Bad Request'], filter);
      }
      assert.equal(
        (await api.shopper('GET', '/v2/products?filter=&sort=&include=')).status,
        200,
        'empty ones are none',
      );
    },
  },
  ...productListCases,
  ...orderListCases,
];
