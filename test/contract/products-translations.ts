import assert from 'node:assert/strict';
import type { Api, Case } from './api.ts';
import { makeProduct } from './goods.ts';

const french = { 'x-moltin-language': 'fr' };
const texts = async ({ shopper }: Api, path: string, headers = {}) => {
  const { data } = (await shopper('GET', path, undefined, headers)).body;
  const { name, description } = Array.isArray(data) ? data[0] : data;
  return [name, description];
};

export const translationCases: Case[] = [
  {
    name: 'a translation shows in its language only, and untranslated texts stay unchanged',
    run: async (api) => {
      const id = await makeProduct(api, { name: 'Chair', description: 'Oak', slug: `chair-${api.tag}` });
      const path = `/v2/products/${id}`;
      const change = { data: { type: 'product', name: 'Chaise', slug: `chair-2-${api.tag}` } };
      const { status, body } = await api.admin('PUT', path, change, french);
      assert.deepEqual([status, body.data.name, body.data.description], [200, 'Chaise', 'Oak']);
      assert.equal(body.data.slug, `chair-2-${api.tag}`, 'what is no text belongs to the product');

      assert.deepEqual(await texts(api, path), ['Chair', 'Oak']);
      assert.deepEqual(await texts(api, path, french), ['Chaise', 'Oak']);
      assert.deepEqual(await texts(api, path, { 'x-moltin-language': 'FR-ca' }), ['Chaise', 'Oak']);
      assert.deepEqual(await texts(api, path, { 'x-moltin-language': 'de' }), ['Chair', 'Oak']);
      const list = `/v2/products?filter=eq(slug,chair-2-${api.tag})`;
      assert.deepEqual(await texts(api, list, french), ['Chaise', 'Oak']);
      assert.deepEqual(await texts(api, list), ['Chair', 'Oak']);

      await api.admin('PUT', path, { data: { type: 'product', description: 'Chêne' } }, french);
      await api.admin('PUT', path, { data: { type: 'product', name: 'Seat' } });
      assert.deepEqual(await texts(api, path, french), ['Chaise', 'Chêne']);
      assert.deepEqual(await texts(api, path), ['Seat', 'Oak']);
    },
  },
  {
    name: 'a header that names no language is refused before anything is written',
    run: async (api) => {
      const id = await makeProduct(api, { name: 'Table' });
      for (const language of ['french', 'f', 'fr,de', "fr'", '1']) {
        const headers = { 'x-moltin-language': language };
        const { status } = await api.admin(
          'PUT',
          `/v2/products/${id}`,
          { data: { type: 'product', name: 'X' } },
          headers,
        );
        assert.equal(status, 400, language);
      }
      assert.equal((await texts(api, `/v2/products/${id}`))[0], 'Table');
      assert.equal((await texts(api, `/v2/products/${id}`, { 'x-moltin-language': '' }))[0], 'Table');
    },
  },
];
