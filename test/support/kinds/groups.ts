import { randomUUID } from 'node:crypto';
import { everyPage, type Kind, numberAtEnd, oddText } from './kind.ts';

/** Groups of products: the slug is unique, the name has the value. */
const groups = (plural: string, type: string): Kind => ({
  resource: plural,
  lasting: false,
  unique: (client, round) => `ledger-${client}-${round}-${randomUUID().slice(0, 8)}`,
  create: (slug, value) => ({
    method: 'POST',
    path: `/v2/${plural}`,
    data: { type, name: `${slug} ${value}`, slug, description: oddText, status: 'live' },
  }),
  pathOf: (_slug, { body }) => `/v2/${plural}/${body.data.id}`,
  change: (path, value) => ({ method: 'PUT', path, data: { type, name: `${oddText} ${value}` } }),
  remove: (path) => ({ method: 'DELETE', path }),
  read: (_slug, path) => ({ method: 'GET', path }),
  valueIn: (_slug, { status, body }) => (status === 404 ? null : numberAtEnd(body.data.name)),
  find: async (shop, slugs) => {
    const wanted = new Set(slugs);
    const all = await everyPage(shop, `/v2/${plural}`);
    return all
      .filter(({ slug }) => wanted.has(slug))
      .map(({ slug, name }) => ({ unique: slug, value: numberAtEnd(name) }));
  },
});

export const brands = groups('brands', 'brand');
export const categories = groups('categories', 'category');
export const collections = groups('collections', 'collection');
