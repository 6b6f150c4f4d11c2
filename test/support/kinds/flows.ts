import { randomUUID } from 'node:crypto';
import type { Shop } from '../shop.ts';
import { everyPage, type Kind, numberAtEnd, oddText } from './kind.ts';

/** Flows: the slug is unique, the name has the value. A slug is ASCII, so the odd text is the description. */
export const flows: Kind = {
  resource: 'flows',
  lasting: false,
  unique: (client, round) => `ledger-${client}-${round}-${randomUUID().slice(0, 8)}`,
  create: (slug, value) => ({
    method: 'POST',
    path: '/v2/flows',
    data: { type: 'flow', name: `${slug} ${value}`, slug, description: oddText, enabled: true },
  }),
  pathOf: (_slug, { body }) => `/v2/flows/${body.data.id}`,
  change: (path, value) => ({ method: 'PUT', path, data: { type: 'flow', name: `${oddText} ${value}` } }),
  remove: (path) => ({ method: 'DELETE', path }),
  read: (_slug, path) => ({ method: 'GET', path }),
  valueIn: (_slug, { status, body }) => (status === 404 ? null : numberAtEnd(body.data.name)),
  find: async (shop, slugs) => {
    const wanted = new Set(slugs);
    const { status, body } = await shop.get('/v2/flows');
    if (status !== 200) throw new Error(`flows: ${status}`);
    return (body.data as { slug: string; name: string }[])
      .filter(({ slug }) => wanted.has(slug))
      .map(({ slug, name }) => ({ unique: slug, value: numberAtEnd(name) }));
  },
};

/** Makes the flow whose entries `entriesOf` writes. @throws Error where that is refused */
export async function makeFlowOfEntries(shop: Shop, slug: string): Promise<void> {
  const make = async (path: string, data: object) => {
    const { status, body } = await shop.send({ method: 'POST', path, data });
    if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body.data.id as string;
  };
  const id = await make('/v2/flows', { type: 'flow', name: slug, slug, description: '', enabled: true });
  const field = {
    type: 'field',
    description: '',
    required: true,
    relationships: { flow: { data: { type: 'flow', id } } },
  };
  await make('/v2/fields', { ...field, name: 'code', slug: 'code', field_type: 'string', unique: true });
  await make('/v2/fields', { ...field, name: 'value', slug: 'value', field_type: 'integer' });
}

/** Entries of one flow: the field `code` is unique, `value` has the value. Each is made by a keyed request. */
export const entriesOf = (slug: string): Kind => ({
  resource: 'flows',
  lasting: false,
  unique: (client, round) => `${oddText}${client}-${round}-${randomUUID().slice(0, 8)}`,
  create: (code, value) => ({
    method: 'POST',
    path: `/v2/flows/${slug}/entries`,
    data: { type: 'entry', code, value },
    headers: { 'idempotency-key': randomUUID() },
  }),
  pathOf: (_code, { body }) => `/v2/flows/${slug}/entries/${body.data.id}`,
  change: (path, value) => ({ method: 'PUT', path, data: { type: 'entry', value } }),
  remove: (path) => ({ method: 'DELETE', path }),
  read: (_code, path) => ({ method: 'GET', path }),
  valueIn: (_code, { status, body }) => (status === 404 ? null : body.data.value),
  find: async (shop, codes) => {
    const wanted = new Set(codes);
    const all = (await everyPage(shop, `/v2/flows/${slug}/entries`)) as { code: string; value: number }[];
    return all.filter(({ code }) => wanted.has(code)).map(({ code, value }) => ({ unique: code, value }));
  },
});
