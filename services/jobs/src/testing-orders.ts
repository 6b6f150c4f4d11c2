import { randomUUID } from 'node:crypto';
import type { NewEvent } from '@banyan/kit/events';
import type { FakeService } from '@banyan/kit/testing';

export type OrderShown = ReturnType<typeof orderShown>;

/** An order as its owner shows it. */
export function orderShown(
  members: { id?: string; name?: string; payment?: string; atMs?: number; sku?: string } = {},
) {
  const { id = randomUUID(), name = 'Ada', payment = 'unpaid', atMs = 1_700_000_000_000, sku = 'A1' } = members;
  const price = (amount: number) => ({ amount, currency: 'USD', formatted: `$${amount / 100}` });
  const at = new Date(atMs).toISOString();
  const address = { first_name: 'Ada', last_name: 'Byron', postcode: 'N1 1AA', country: 'GB' };
  const item = {
    ...{ type: 'order_item', id: randomUUID(), product_id: randomUUID(), name: 'Thing', sku, quantity: 2 },
    unit_price: { amount: 500, currency: 'USD', includes_tax: true },
  };
  const discount = { ...item, product_id: undefined, promotion_id: randomUUID(), sku: 'CODE', quantity: 1 };
  return {
    data: {
      ...{ type: 'order', id, status: 'incomplete', payment, shipping: 'unfulfilled' },
      customer: { name, email: 'ada@example.com' },
      ...{ shipping_address: address, billing_address: address },
      meta: {
        display_price: { with_tax: price(1_000), without_tax: price(900), tax: price(100) },
        timestamps: { created_at: at, updated_at: at },
      },
    },
    included: { items: [item, discount] },
  };
}

/** Owns orders, as the monolith does: each change has a later position. */
export class FakeOwner {
  readonly #orders = new Map<string, { order: OrderShown; position: number }>();
  #position = 1;
  /** The queries that it was asked. */
  readonly asked: URLSearchParams[] = [];
  /** Positions of an older store mean nothing to this one. */
  isAnother = false;

  put(...orders: OrderShown[]): void {
    for (const order of orders) this.#orders.set(order.data.id, { order, position: this.#position++ });
  }

  clear(): void {
    this.#orders.clear();
  }

  readonly service: FakeService = ({ path }) => {
    const query = new URL(path, 'http://owner').searchParams;
    this.asked.push(query);
    const [since, after, ids] = ['since', 'after', 'ids'].map((name) => query.get(name));
    const follows = since !== null && !this.isAnother;
    const found = [...this.#orders.values()]
      .filter(({ order, position }) => {
        const { id } = order.data;
        return (
          (!follows || position >= Number(since)) && (!after || id > after) && (!ids || ids.split(',').includes(id))
        );
      })
      .map(({ order }) => order)
      .sort((a, b) => (a.data.id < b.data.id ? -1 : 1))
      .slice(0, 100);
    const meta = {
      ...{ position: String(this.#position), total: this.#orders.size },
      ...{ more: found.length === 100, whole: !follows },
    };
    return { status: 200, body: { data: found, meta } };
  };
}

/** A fact of an order. */
export function orderFact(order: OrderShown, version: number, type = 'order.updated'): NewEvent {
  return {
    ...{ id: randomUUID(), type, typeVersion: 1, aggregateId: order.data.id, aggregateVersion: version },
    ...{ state: order, occurredAtUs: 1_700_000_000_000_000 },
  };
}
