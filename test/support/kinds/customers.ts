import { randomUUID } from 'node:crypto';
import { type Kind, numberAtEnd, oddText } from './kind.ts';

/** Customers: the e-mail address is unique, the name has the value. Without a password: the load is not of hashes. */
export const customers: Kind = {
  resource: 'customers',
  lasting: false,
  unique: (client, round) => `ledger-${client}-${round}-${randomUUID().slice(0, 8)}@example.com`,
  create: (email, value) => ({
    method: 'POST',
    path: '/v2/customers',
    data: { type: 'customer', name: `${oddText} ${value}`, email },
  }),
  pathOf: (_email, { body }) => `/v2/customers/${body.data.id}`,
  change: (path, value) => ({ method: 'PUT', path, data: { type: 'customer', name: `${oddText} ${value}` } }),
  remove: (path) => ({ method: 'DELETE', path }),
  read: (_email, path) => ({ method: 'GET', path }),
  valueIn: (_email, { status, body }) => (status === 404 ? null : numberAtEnd(body.data.name)),
  find: async (shop, emails) => {
    const found = [];
    for (const email of emails) {
      const { status, body } = await shop.get(`/v2/customers?filter=eq(email,${email})`);
      if (status !== 200) throw new Error(`customers: ${status}`);
      for (const { name } of body.data) found.push({ unique: email, value: numberAtEnd(name) });
    }
    return found;
  },
};
