import { randomUUID } from 'node:crypto';
import { type Kind, numberAtEnd, oddText } from './kind.ts';

/** Webhooks: the description is unique, the name has the value. They are not enabled, so they send nothing. */
export const integrations: Kind = {
  resource: 'integrations',
  // Five observe one event at most.
  lasting: true,
  unique: (client, round) => `ledger-${client}-${round}-${randomUUID().slice(0, 8)}`,
  create: (description, value) => ({
    method: 'POST',
    path: '/v2/integrations',
    data: {
      type: 'integration',
      name: `${oddText} ${value}`,
      description,
      integration_type: 'webhook',
      enabled: false,
      observes: ['settings.created'],
      configuration: { url: 'http://hooks.test/ledger', secret_key: 'a secret' },
    },
  }),
  pathOf: (_description, { body }) => `/v2/integrations/${body.data.id}`,
  change: (path, value) => ({ method: 'PUT', path, data: { type: 'integration', name: `${oddText} ${value}` } }),
  remove: () => null,
  read: (_description, path) => ({ method: 'GET', path }),
  valueIn: (_description, { status, body }) => (status === 404 ? null : numberAtEnd(body.data.name)),
  find: async (shop, descriptions) => {
    const wanted = new Set(descriptions);
    const { status, body } = await shop.get('/v2/integrations');
    if (status !== 200) throw new Error(`integrations: ${status}`);
    const all = body.data as { description: string; name: string }[];
    return all
      .filter(({ description }) => wanted.has(description))
      .map(({ description, name }) => ({ unique: description, value: numberAtEnd(name) }));
  },
};
