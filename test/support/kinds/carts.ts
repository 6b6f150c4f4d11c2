import { randomUUID } from 'node:crypto';
import type { Shown } from '../shop.ts';
import { type Found, type Kind, oddText } from './kind.ts';

const linesOf = ({ body }: Shown): { id: string; sku: string; quantity: number }[] => body.data;

/** Carts: each has one line, whose SKU is the cart's own id, and whose quantity is the value. */
export const carts: Kind = {
  resource: 'carts',
  lasting: false,
  unique: (client, round) => `ledger-${client}-${round}-${randomUUID().slice(0, 8)}`,
  create: (cart, value) => ({
    method: 'POST',
    path: `/v2/carts/${cart}/items`,
    data: { type: 'custom_item', name: oddText, sku: cart, quantity: value, price: { amount: 1 } },
  }),
  pathOf: (cart, reply) => `/v2/carts/${cart}/items/${linesOf(reply).find(({ sku }) => sku === cart)?.id}`,
  change: (path, value) => ({ method: 'PUT', path, data: { quantity: value } }),
  remove: (path) => ({ method: 'DELETE', path }),
  read: (cart) => ({ method: 'GET', path: `/v2/carts/${cart}/items` }),
  valueIn: (cart, reply) => linesOf(reply).find(({ sku }) => sku === cart)?.quantity ?? null,
  find: async (shop, wanted) => {
    const found: Found[] = [];
    for (const cart of wanted) {
      const reply = await shop.get(`/v2/carts/${cart}/items`);
      if (reply.status !== 200) throw new Error(`cart ${cart}: ${reply.status}`);
      found.push(...linesOf(reply).map(({ sku, quantity }) => ({ unique: sku, value: quantity })));
    }
    return found;
  },
};
