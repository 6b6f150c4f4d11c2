import { randomUUID } from 'node:crypto';
import { everyPage, type Kind } from './kind.ts';

/** Exports of orders: the filter is unique. The API neither changes nor deletes a job. */
export const jobs: Kind = {
  resource: 'jobs',
  lasting: false,
  unique: () => `eq(customer_id,${randomUUID()})`,
  create: (filter) => ({ method: 'POST', path: '/v2/jobs', data: { type: 'job', job_type: 'order_export', filter } }),
  pathOf: (_filter, { body }) => `/v2/jobs/${body.data.id}`,
  change: () => null,
  remove: () => null,
  read: (_filter, path) => ({ method: 'GET', path }),
  valueIn: (_filter, { status }) => (status === 404 ? null : 1),
  hasEnded: ({ status, body }) => status === 200 && !['pending', 'processing'].includes(body.data.status),
  find: async (shop, filters) => {
    const wanted = new Set(filters);
    const all = await everyPage(shop, '/v2/jobs');
    return all.filter(({ filter }) => wanted.has(filter)).map(({ filter }) => ({ unique: filter, value: 1 }));
  },
};
