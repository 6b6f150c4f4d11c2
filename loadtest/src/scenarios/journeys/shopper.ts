import { randomUUID } from 'node:crypto';
import type { Goods } from './goods.ts';
import { type Journey, stepsWith } from './step.ts';

interface Memory {
  goods: Goods;
  cart: string;
  email: string;
  password: string;
  token?: string;
  line?: string;
  customer?: string;
  customerToken?: string;
  order?: string;
}

const address = {
  ...{ first_name: 'Ada', last_name: 'Lovelace', line_1: '12 St James Square', line_2: '', city: 'London' },
  ...{ county: 'Greater London', country: 'GB', postcode: 'SW1Y 4JH' },
};

const headersOf = ({ token, customerToken }: Memory): Record<string, string> => ({
  authorization: `Bearer ${token}`,
  'x-moltin-currency': 'USD',
  ...(customerToken !== undefined && { 'x-moltin-customer-token': customerToken }),
});

const step = stepsWith(headersOf);
const get = (name: string, service: string, path: (memory: Memory) => string) => step(name, service, 'GET', path);

const ofCart =
  (more = '') =>
  ({ cart }: Memory) =>
    `/v2/carts/${cart}${more}`;

/** A visit of a storefront: browses, fills a cart, signs up, checks out, pays, and looks at the order. */
export const shopper = (clientId: string, goods: readonly Goods[]): Journey<Memory> => ({
  name: 'shopper',
  begin: (n) => ({
    goods: goods[n % goods.length] as Goods,
    cart: randomUUID().replaceAll('-', ''),
    email: `ada.${randomUUID()}@example.com`,
    password: randomUUID(),
  }),
  steps: [
    {
      name: 'asks for a token',
      service: 'auth',
      request: () => ({
        method: 'POST',
        path: '/oauth/access_token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ grant_type: 'implicit', client_id: clientId }).toString(),
      }),
      learn: (body, memory) => {
        memory.token = body.access_token;
      },
    },
    get('sees the currencies', 'currencies', () => '/v2/currencies'),
    get('sees the tree of categories', 'categories', () => '/v2/categories/tree'),
    get('sees the products of a category', 'products', ({ goods: { categoryId } }) =>
      encodeURI(
        `/v2/products?include=main_image&sort=name&page[limit]=20&filter=eq(status,live):eq(category.id,${categoryId})`,
      ),
    ),
    get('looks a product up by its slug', 'products', ({ goods: { slug } }) =>
      encodeURI(`/v2/products?page[limit]=1&filter=eq(slug,${slug})`),
    ),
    get(
      'sees a product with its image and brands',
      'products',
      ({ goods: { productId } }) => `/v2/products/${productId}?include=main_image,brands`,
    ),
    step(
      'adds a product to the cart',
      'carts',
      'POST',
      ofCart('/items'),
      ({ goods: { productId } }) => ({ type: 'cart_item', id: productId, quantity: 1 }),
      (body, memory) => {
        memory.line = body.data[0].id;
      },
    ),
    step('adds the shipping', 'carts', 'POST', ofCart('/items'), () => ({
      ...{ type: 'custom_item', name: 'Courier', sku: 'courier', quantity: 1, price: { amount: 495 } },
    })),
    get('sees the lines of the cart', 'carts', ofCart('/items')),
    step(
      'changes a quantity',
      'carts',
      'PUT',
      (memory) => ofCart(`/items/${memory.line}`)(memory),
      ({ line }) => ({ type: 'cart_item', id: line, quantity: 2 }),
    ),
    get('sees the cart', 'carts', ofCart()),
    step(
      'signs up',
      'customers',
      'POST',
      () => '/v2/customers',
      ({ email, password }) => ({ type: 'customer', name: 'Ada Lovelace', email, password }),
      (body, memory) => {
        memory.customer = body.data.id;
      },
    ),
    step(
      'signs in',
      'customers',
      'POST',
      () => '/v2/customers/tokens',
      ({ email, password }) => ({ type: 'token', email, password }),
      (body, memory) => {
        memory.customerToken = body.data.token;
      },
    ),
    step(
      'adds an address',
      'customers',
      'POST',
      ({ customer }) => `/v2/customers/${customer}/addresses`,
      () => ({ type: 'address', name: 'home', ...address }),
    ),
    step(
      'checks out',
      'orders',
      'POST',
      ofCart('/checkout'),
      ({ customer }) => ({
        customer: { id: customer },
        billing_address: address,
        shipping_address: address,
      }),
      (body, memory) => {
        memory.order = body.data.id;
      },
    ),
    step(
      'pays',
      'payments',
      'POST',
      ({ order }) => `/v2/orders/${order}/payments`,
      () => ({ gateway: 'manual', method: 'authorize' }),
    ),
    get('sees the own orders with their items', 'orders', () => '/v2/orders?include=items&sort=-created_at'),
    get('sees the order', 'orders', ({ order }) => `/v2/orders/${order}`),
  ],
});
