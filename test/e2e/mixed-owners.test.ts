import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop, type Shown } from '../support/shop.ts';
import { until } from '../support/until.ts';

type Owner = 'monolith' | 'service';

/** Every mix of owners. Each differs from the one before by one switch. */
const mixes: readonly { brands: Owner; currencies: Owner }[] = [
  { brands: 'monolith', currencies: 'monolith' },
  { brands: 'service', currencies: 'monolith' },
  { brands: 'service', currencies: 'service' },
  { brands: 'monolith', currencies: 'service' },
];

describe('products under each mix of owners of what they use', { concurrency: false }, () => {
  let platform: Platform;
  let migrator: Migrator;
  let edge: Shop;
  /** Past the mesh. */
  let sides: readonly Shop[];
  before(async () => {
    platform = await startPlatform('monolith');
    migrator = new Migrator(platform);
    const { access_token: token } = await askToken(platform.monolith, platform.client);
    edge = new Shop(platform.edge, token);
    const urls = [platform.monolith, platform.stack.processes.currencies?.url ?? ''];
    sides = urls.map((url) => new Shop(url, token));
    for (const resource of ['brands', 'currencies']) await migrator.backfill(resource);
  });
  after(() => platform?.stop());

  const send = async (method: string, path: string, status: number, data?: object): Promise<Shown['body']> => {
    const reply = await edge.send({ method, path, ...(data ? { data } : {}) });
    assert.equal(reply.status, status, `${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  const makeBrand = async () => {
    const slug = randomUUID();
    return (await send('POST', '/v2/brands', 201, { type: 'brand', name: slug, slug, status: 'live' })).data.id;
  };
  const makeCurrency = async (code: string) =>
    (await send('POST', '/v2/currencies', 201, { type: 'currency', code, format: '{price}', exchange_rate: 1 })).data
      .id;
  const price = (...codes: string[]) => codes.map((currency) => ({ amount: 100, currency, includes_tax: true }));
  const makeProduct = async (...codes: string[]) => {
    const name = randomUUID();
    const data = {
      ...{ type: 'product', name, slug: name, sku: name, description: 'd', manage_stock: true, stock: 4 },
      ...{ status: 'live', commodity_type: 'physical', price: price(...codes) },
    };
    return (await send('POST', '/v2/products', 201, data)).data.id;
  };
  const codesOf = async (product: string): Promise<string[]> => {
    const { data } = await send('GET', `/v2/products/${product}`, 200);
    return data.price.map(({ currency }: { currency: string }) => currency).toSorted();
  };
  const productsOf = async (brand: string): Promise<string[]> => {
    const { data } = await send('GET', `/v2/brands/${brand}`, 200);
    return (data.relationships?.products?.data ?? []).map(({ id }: { id: string }) => id);
  };
  const brandsOf = async (product: string): Promise<string[]> => {
    const { data } = await send('GET', `/v2/products/${product}`, 200);
    return (data.relationships?.brands?.data ?? []).map(({ id }: { id: string }) => id);
  };
  const defaultsAt = async (shop: Shop): Promise<number> => {
    const { status, body } = await shop.get('/v2/currencies');
    assert.equal(status, 200, JSON.stringify(body));
    return body.data.filter((one: { default: boolean }) => one.default).length;
  };

  for (const mix of mixes) {
    describe(`brands on the ${mix.brands}, currencies on the ${mix.currencies}`, { concurrency: false }, () => {
      test('while the owners change, the default moves: there are never two, and never none, on either side', async () => {
        const { data } = await send('GET', '/v2/currencies', 200);
        const ids = data.slice(0, 2).map(({ id }: { id: string }) => id) as string[];
        let going = true;
        let moves = 0;
        const movers = ids.map(async (id) => {
          while (going) {
            const { data: moved } = await send('PUT', `/v2/currencies/${id}`, 200, { default: true });
            assert.equal(moved.default, true);
            moves += 1;
          }
        });
        let looks = 0;
        const looking = [edge, ...sides].map(async (shop) => {
          for (; going; looks += 1) assert.equal(await defaultsAt(shop), 1);
        });
        const all = Promise.all([...movers, ...looking]);
        all.catch(() => {
          going = false;
        });
        const more = async () => {
          const goal = { moves: moves + 10, looks: looks + 10 };
          await until('moves of the default', () => !going || (moves >= goal.moves && looks >= goal.looks));
        };
        try {
          await more();
          for (const [resource, owner] of Object.entries(mix)) await migrator.switchTo(resource, owner as Owner);
          await more();
        } finally {
          going = false;
          await all;
        }
      });

      test('a product is made and deleted with its stock, its brand and its prices', async () => {
        const [brand, code] = [await makeBrand(), 'QMX'];
        const currency = await makeCurrency(code);
        const product = await makeProduct('USD', code);
        await send('POST', `/v2/products/${product}/relationships/brands`, 200, [
          { type: 'brand', id: brand },
        ] as object);
        await send('POST', `/v2/inventories/${product}/transactions`, 201, {
          ...{ type: 'stock-transaction', action: 'increment', quantity: 6 },
        });
        assert.equal((await send('GET', `/v2/inventories/${product}`, 200)).data.total, 10);
        assert.deepEqual([await productsOf(brand), await brandsOf(product)], [[product], [brand]]);
        assert.deepEqual(await codesOf(product), ['QMX', 'USD']);
        await send('DELETE', `/v2/products/${product}`, 204);
        await send('GET', `/v2/products/${product}`, 404);
        await send('GET', `/v2/inventories/${product}`, 404);
        assert.deepEqual(await productsOf(brand), []);
        await send('DELETE', `/v2/currencies/${currency}`, 204);
        await send('DELETE', `/v2/brands/${brand}`, 204);
      });

      test('a brand that products link to is deleted, and the links go with it', async () => {
        const [brand, other] = [await makeBrand(), await makeBrand()];
        const products = [await makeProduct('USD'), await makeProduct('USD')];
        for (const product of products) {
          const links = [brand, other].map((id) => ({ type: 'brand', id }));
          await send('POST', `/v2/products/${product}/relationships/brands`, 200, links);
        }
        await send('DELETE', `/v2/brands/${brand}`, 204);
        // The products are the monolith's: it learns of the delete a moment later, if it does not own the brands.
        for (const product of products) {
          await until('the link to be gone', async () => !(await brandsOf(product)).includes(brand));
          assert.deepEqual(await brandsOf(product), [other]);
        }
        assert.deepEqual((await productsOf(other)).toSorted(), products.toSorted());
        await send('DELETE', `/v2/brands/${other}`, 204);
      });

      test('a currency is deleted while a price in it is written: the price goes or stays, and nothing fails', async () => {
        const product = await makeProduct('USD');
        for (let round = 0; round < 5; round += 1) {
          const currency = await makeCurrency('QPR');
          await send('PUT', `/v2/products/${product}`, 200, { type: 'product', price: price('USD', 'QPR') });
          await Promise.all([
            send('DELETE', `/v2/currencies/${currency}`, 204),
            send('PUT', `/v2/products/${product}`, 200, { type: 'product', price: price('USD', 'QPR', 'XAU') }),
          ]);
          assert.deepEqual(
            (await codesOf(product)).filter((code) => code !== 'QPR'),
            ['USD', 'XAU'],
          );
          const headers = { 'x-moltin-currency': 'QPR' };
          await until('no request to be able to ask for it', async () => {
            const { status } = await edge.send({ method: 'GET', path: '/v2/products?page[limit]=1', headers });
            return status === 400;
          });
        }
        await send('DELETE', `/v2/products/${product}`, 204);
      });

      test('both sides are equal', async () => {
        for (const resource of ['brands', 'currencies']) await migrator.mustBeEqual(resource, 'at the end');
      });
    });
  }
});
