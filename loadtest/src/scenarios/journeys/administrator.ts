import { randomUUID } from 'node:crypto';
import { type ApiClient, tokenRequest } from '../../platform/clients.ts';
import { type Journey, stepsWith } from './step.ts';

interface Memory {
  slug: string;
  token?: string;
  brand?: string;
  product?: string;
}

const step = stepsWith<Memory>(({ token }) => ({ authorization: `Bearer ${token}` }));

/** Work of an administrator: makes a product with a brand, stocks it up, prices it anew, looks at orders, and takes it away. */
export const administrator = (client: ApiClient): Journey<Memory> => ({
  name: 'administrator',
  begin: () => ({ slug: `load-${randomUUID()}` }),
  steps: [
    {
      name: 'asks for a token with a secret',
      service: 'auth',
      request: () => tokenRequest(client),
      learn: (body, memory) => {
        memory.token = body.access_token;
      },
    },
    step('reads the settings', 'settings', 'GET', () => '/v2/settings'),
    step(
      'makes a brand',
      'brands',
      'POST',
      () => '/v2/brands',
      ({ slug }) => ({ type: 'brand', name: 'Load', slug, status: 'live' }),
      (body, memory) => {
        memory.brand = body.data.id;
      },
    ),
    step(
      'makes a product',
      'products',
      'POST',
      () => '/v2/products',
      ({ slug }) => ({
        ...{ type: 'product', name: 'Load', slug, sku: slug, description: 'Made by a load test', status: 'draft' },
        ...{ manage_stock: true, commodity_type: 'physical', stock: 1 },
        price: [{ amount: 4_200, currency: 'USD', includes_tax: true }],
      }),
      (body, memory) => {
        memory.product = body.data.id;
      },
    ),
    step(
      'gives the product its brand',
      'products',
      'POST',
      ({ product }) => `/v2/products/${product}/relationships/brands`,
      ({ brand }) => [{ type: 'brand', id: brand }],
    ),
    step(
      'stocks the product up',
      'inventories',
      'POST',
      ({ product }) => `/v2/inventories/${product}/transactions`,
      () => ({ type: 'stock-transaction', action: 'increment', quantity: 10 }),
    ),
    step('reads the stock', 'inventories', 'GET', ({ product }) => `/v2/inventories/${product}`),
    step(
      'changes the price',
      'products',
      'PUT',
      ({ product }) => `/v2/products/${product}`,
      ({ product }) => ({
        ...{ type: 'product', id: product },
        price: [{ amount: 3_900, currency: 'USD', includes_tax: true }],
      }),
    ),
    step('sees the brands', 'brands', 'GET', () => '/v2/brands?page[limit]=25'),
    step('sees orders to ship, with their items', 'orders', 'GET', () =>
      encodeURI('/v2/orders?filter=eq(payment,paid)&include=items&page[limit]=25'),
    ),
    step('sees the promotions', 'promotions', 'GET', () => '/v2/promotions?page[limit]=25'),
    step('sees the webhooks', 'integrations', 'GET', () => '/v2/integrations?page[limit]=25'),
    step('deletes the product', 'products', 'DELETE', ({ product }) => `/v2/products/${product}`),
    step('deletes the brand', 'brands', 'DELETE', ({ brand }) => `/v2/brands/${brand}`),
  ],
});
