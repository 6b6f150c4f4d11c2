import assert from 'node:assert/strict';
import type { Case } from './api.ts';
import { signUp } from './buyers.ts';
import { ids } from './goods.ts';

export const customerListCases: Case[] = [
  {
    name: 'customers are filtered by each field and operator, and sorted by each field',
    run: async (api) => {
      const { admin, tag } = api;
      const [one, two] = [await signUp(api, { name: `Ada ${tag}` }), await signUp(api, { name: `Eve ${tag}` })];
      const of = `like(email,*${tag}@example.com)`;
      const matching = async (filter: string) => ids(await admin('GET', `/v2/customers?filter=${filter}:${of}`));
      const moments = (await admin('GET', `/v2/customers/${two.id}`)).body.data.meta.timestamps;
      for (const filter of [
        `eq(email,${one.email})`,
        'like(email,c1.*)',
        `eq(name,Ada ${tag})`,
        'like(name,ADA*)',
        `lt(created_at,${moments.created_at})`,
        `lt(updated_at,${moments.updated_at})`,
        `eq(id,${one.id})`,
      ]) {
        assert.deepEqual(await matching(filter), [one.id], filter);
      }
      for (const field of ['created_at', 'updated_at']) {
        const at = moments[field];
        assert.deepEqual(await matching(`ge(${field},${at})`), [two.id], field);
        assert.deepEqual(await matching(`le(${field},${at})`), [one.id, two.id], field);
        assert.deepEqual(await matching(`gt(${field},${at})`), [], field);
        assert.deepEqual(await matching(`ge(${field},${Date.parse(at)})`), [two.id], `${field} as a number`);
        assert.deepEqual(await matching(`gt(${field},2018-01-01):eq(${field},${at.slice(0, 10)})`), [one.id, two.id]);
      }
      for (const filter of ['gt(name,a)', 'like(created_at,2018*)', 'eq(created_at,today)', 'eq(password,x)']) {
        assert.equal((await admin('GET', `/v2/customers?filter=${filter}`)).status, 400, filter);
      }
      for (const field of ['name', 'email', 'created_at', 'updated_at']) {
        const sorted = async (sort: string) => ids(await admin('GET', `/v2/customers?sort=${sort}&filter=${of}`));
        assert.deepEqual(await sorted(field), [one.id, two.id], field);
        assert.deepEqual(await sorted(`-${field}`), [two.id, one.id], field);
      }
    },
  },
];
