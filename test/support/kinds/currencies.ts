import { type Kind, oddText } from './kind.ts';

/** Codes that no other test of the platform uses. A store has ten currencies at most, three of them from the seed. */
const codes = ['QAA', 'QBB', 'QCC', 'QDD'];

/** Currencies: the code is unique, the exchange rate is the value. */
export const currencies: Kind = {
  resource: 'currencies',
  lasting: true,
  unique: (client) => codes[client % codes.length] ?? '',
  create: (code, value) => ({
    method: 'POST',
    path: '/v2/currencies',
    data: { type: 'currency', code, format: `{price} ${oddText}`, exchange_rate: value },
  }),
  pathOf: (_code, { body }) => `/v2/currencies/${body.data.id}`,
  change: (path, value) => ({ method: 'PUT', path, data: { type: 'currency', exchange_rate: value } }),
  remove: () => null,
  read: (_code, path) => ({ method: 'GET', path }),
  valueIn: (_code, { status, body }) => (status === 404 ? null : body.data.exchange_rate),
  find: async (shop, wanted) => {
    const { status, body } = await shop.get('/v2/currencies');
    if (status !== 200) throw new Error(`currencies: ${status}`);
    const all = body.data as { code: string; exchange_rate: number }[];
    return all
      .filter(({ code }) => wanted.includes(code))
      .map(({ code, exchange_rate: value }) => ({ unique: code, value }));
  },
};
