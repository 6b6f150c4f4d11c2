import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Client, Reply } from '../client.ts';

const address = {
  first_name: 'Ada',
  last_name: 'Lovelace',
  line_1: '12 St James Square',
  line_2: '',
  city: 'London',
  county: 'Greater London',
  country: 'GB',
  postcode: 'SW1Y 4JH',
};

/** What the shopper leaves behind, for the administrator's journey and for the tests' own checks. */
export interface Purchase {
  orderId: string;
  transactionId: string;
  customerId: string;
  total: number;
  productId: string;
}

/**
 * A storefront's whole visit with an implicit token: browse, fill a cart, sign up, check out, pay by the manual
 * gateway, look at the order. Asserts at each step what a storefront would show.
 */
export async function shop(client: Client): Promise<Purchase> {
  const token = await client.Authenticate();
  assert.equal(token.token_type, 'Bearer');
  assert.equal(token.identifier, 'implicit');
  assert.ok(Number.isInteger(token.expires) && token.expires > Date.now() / 1000, 'expires is a future epoch second');

  const product = await browse(client);
  const reference = randomUUID().replaceAll('-', '');
  const total = await fillCart(client, reference, product);
  const customer = await signUp(client);

  const checkout = await client.Cart(reference).Checkout!({ id: customer.id }, address);
  const order = checkout.data;
  assert.equal(order.type, 'order');
  assert.deepEqual([order.status, order.payment, order.shipping], ['incomplete', 'unpaid', 'unfulfilled']);
  assert.equal(order.meta.display_price.with_tax.amount, total, 'the order costs what the cart said');
  assert.equal(order.relationships.customer.data.id, customer.id);

  const payment = await client.Orders.Payment!(order.id, { gateway: 'manual', method: 'authorize' });
  assert.equal(payment.data.transaction_type, 'authorize');
  assert.equal(payment.data.status, 'complete');
  assert.equal(payment.data.amount, total);

  await client.Cart(reference).Delete!();
  const emptied = await client.Cart(reference).Get!();
  assert.equal(emptied.data.meta.display_price.with_tax.amount, 0);

  const mine = await client.Orders.With('items').Sort('-created_at').All!(customer.token);
  assert.deepEqual(
    mine.data.map((one: Reply) => one.id),
    [order.id],
    'a customer sees exactly their own orders',
  );
  const seen = await client.Orders.Get!(order.id, customer.token);
  assert.equal(seen.data.payment, 'authorized');

  return {
    orderId: order.id,
    transactionId: payment.data.id,
    customerId: customer.id,
    total,
    productId: product.id,
  };
}

async function browse(client: Client): Promise<Reply> {
  const currencies = await client.Currencies.All!();
  assert.ok(
    currencies.data.some((currency: Reply) => currency.default && currency.enabled),
    'one currency is the default',
  );

  const tree = await client.Categories.Tree!();
  assert.ok(tree.data.length > 0);
  assert.ok(
    tree.data.some((category: Reply) => category.children?.length > 0),
    'the tree has branches',
  );
  const { category, shelf } = await firstShelf(client, tree.data);
  assert.equal(shelf.meta.page.limit, 20);
  const names = shelf.data.map((one: Reply) => one.name.toLowerCase());
  assert.deepEqual(names, [...names].sort(), 'sorted by name');
  assert.ok(
    shelf.data.every((one: Reply) => one.status === 'live'),
    'an implicit token sees what is live',
  );

  const chosen = shelf.data.find((one: Reply) => one.meta.stock?.level >= 5) ?? shelf.data[0];
  const bySlug = await client.Products.Filter({ eq: { slug: chosen.slug } }).Limit(1).All!();
  assert.deepEqual(
    bySlug.data.map((one: Reply) => one.id),
    [chosen.id],
  );
  const product = await client.Products.With(['brands', 'categories']).Get!(chosen.id);
  assert.ok(product.data.meta.display_price.with_tax.amount > 0);
  assert.ok(
    product.included.categories.some((one: Reply) => one.id === category.id),
    'the product names its category',
  );
  return product.data;
}

/** Walks the tree as a visitor does, until a category has something on its shelf. */
async function firstShelf(client: Client, categories: Reply[]): Promise<{ category: Reply; shelf: Reply }> {
  const pending = [...categories];
  for (let category = pending.shift(); category !== undefined; category = pending.shift()) {
    pending.push(...(category.children ?? []));
    const inside = { eq: { category: { id: category.id } } };
    const shelf = await client.Products.Filter(inside).Limit(20).Sort('name').All!();
    if (shelf.data.length > 0) return { category, shelf };
  }
  return assert.fail('no category has a product');
}

async function fillCart(client: Client, reference: string, product: Reply): Promise<number> {
  const empty = await client.Cart(reference).Get!();
  assert.equal(empty.data.id, reference, 'an unknown cart is an empty cart');

  const price = product.meta.display_price.with_tax.amount;
  const added = await client.Cart(reference).AddProduct!(product.id, 3);
  assert.equal(added.data[0].quantity, 3);
  assert.equal(added.meta.display_price.with_tax.amount, 3 * price);

  await client.Cart(reference).AddCustomItem!({ name: 'Courier', sku: 'courier', quantity: 1, price: { amount: 495 } });
  const items = await client.Cart(reference).Items!();
  assert.deepEqual(
    items.data.map((item: Reply) => item.type),
    ['cart_item', 'custom_item'],
    'lines keep the order in which they were added',
  );

  await client.Cart(reference).UpdateItemQuantity!(items.data[0].id, 2);
  const extra = await client.Cart(reference).AddCustomItem!({
    name: 'Gift wrap',
    sku: 'gift-wrap',
    quantity: 1,
    price: { amount: 250 },
  });
  const wrap = extra.data.find((item: Reply) => item.sku === 'gift-wrap');
  await client.Cart(reference).RemoveItem!(wrap.id);

  const cart = await client.Cart(reference).Get!();
  const total = cart.data.meta.display_price.with_tax.amount;
  assert.equal(total, 2 * price + 495);
  return total;
}

async function signUp(client: Client): Promise<{ id: string; token: string }> {
  const email = `ada.${randomUUID()}@example.com`;
  const password = `p-${randomUUID()}`;
  const created = await client.Customers.Create!({ name: 'Ada Lovelace', email, password });
  assert.equal(created.data.password, true, 'the password itself is never shown');
  const signedIn = await client.Customers.Token!(email, password);
  assert.equal(signedIn.data.customer_id, created.data.id);
  const who = { customer: created.data.id, token: signedIn.data.token };
  const saved = await client.Addresses.Create!({ ...who, body: { name: 'Home', ...address } });
  assert.equal(saved.data.postcode, address.postcode);
  const all = await client.Addresses.All!(who);
  assert.equal(all.data.length, 1);
  return { id: created.data.id, token: signedIn.data.token };
}
