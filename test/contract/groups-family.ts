import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { type Group, makeGroup } from './groups-goods.ts';

interface Node {
  id: string;
  children?: Node[];
}

/** One parent, many children, and the tree. */
export function groupFamilyCases(group: Group): Case[] {
  const { plural, type } = group;
  const family = (id: string) => `/v2/${plural}/${id}/relationships`;
  const link = (id: string) => ({ type, id });
  const one = (id: string) => ({ data: link(id) });
  const many = (...all: string[]) => ({ data: all.map(link) });
  const shownBy = async (call: Api['admin'], id: string) =>
    (await call('GET', `/v2/${plural}/${id}`)).body.data.relationships;
  const make = async (api: Api, count: number) => {
    const made: string[] = [];
    for (let n = 0; n < count; n += 1) made.push(await makeGroup(api, group));
    return made;
  };
  return [
    {
      name: `${plural}: one parent and many children, by each of the three paths`,
      run: async (api) => {
        const { admin } = api;
        const [root = '', child = '', leaf = '', other = ''] = await make(api, 4);
        const set = await admin('POST', `${family(child)}/parent`, one(root));
        assert.deepEqual([set.status, set.body], [204, undefined]);
        const put = await admin('PUT', `${family(leaf)}/parent`, one(child));
        assert.deepEqual([put.status, put.body.data.relationships], [200, { parent: one(child) }]);
        const added = await admin('POST', `${family(root)}/children`, many(other));
        assert.deepEqual([added.status, added.body.data.relationships], [200, { children: many(child, other) }]);
        assert.deepEqual(await shownBy(admin, child), { parent: one(root), children: many(leaf) });
        const replaced = await admin('PUT', `${family(root)}/children`, many(leaf));
        assert.deepEqual(replaced.body.data.relationships, { children: many(leaf) });
        assert.deepEqual(await shownBy(admin, child), {});
        assert.equal((await admin('DELETE', `${family(root)}/children`, many(leaf, other))).status, 204);
        assert.deepEqual(await shownBy(admin, root), {});
        const both = { data: { parent: link(root), children: [link(leaf), link(other)] } };
        const whole = await admin('POST', `${family(child)}/${plural}`, both);
        const family3 = { parent: one(root), children: many(leaf, other) };
        assert.deepEqual([whole.status, whole.body.data.relationships], [200, family3]);
        assert.equal((await admin('DELETE', `${family(child)}/parent`)).status, 204);
        assert.deepEqual(await shownBy(admin, child), { children: many(leaf, other) });
      },
    },
    {
      name: `${plural}: the tree nests live ones under their parents`,
      run: async (api) => {
        const { admin, shopper } = api;
        const [root = '', child = '', leaf = ''] = await make(api, 3);
        const draft = await makeGroup(api, group, { status: 'draft' });
        await admin('POST', `${family(root)}/children`, many(child));
        await admin('POST', `${family(child)}/children`, many(leaf, draft));
        const tree = async (call: Api['admin']) => (await call('GET', `/v2/${plural}/tree`)).body.data as Node[];
        const seen = await tree(shopper);
        const top = seen.find(({ id }) => id === root);
        const { data } = (await shopper('GET', `/v2/${plural}/${leaf}`)).body;
        const { id, name, slug, description, status } = data;
        const asNode = { id, type, status, name, slug, description };
        assert.deepEqual(top?.children?.[0]?.children, [asNode], 'a leaf has no children');
        assert.ok(!seen.some((node) => node.id === child), 'only roots are at the top');
        const whole = (await tree(admin)).find((node) => node.id === root);
        assert.deepEqual(
          whole?.children?.[0]?.children?.map((node) => node.id),
          [leaf, draft],
        );
      },
    },
    {
      name: `${plural}: none is under itself, and an unknown relative changes nothing`,
      run: async (api) => {
        const { admin } = api;
        const [root = '', child = ''] = await make(api, 2);
        await admin('PUT', `${family(child)}/parent`, one(root));
        assert.equal((await admin('PUT', `${family(root)}/parent`, one(child))).status, 422);
        assert.equal((await admin('PUT', `${family(root)}/parent`, one(root))).status, 422);
        assert.equal((await admin('POST', `${family(child)}/children`, many(root))).status, 422);
        for (const [method, path, body, status] of [
          ['PUT', `${family(root)}/parent`, one(randomUUID()), 404],
          ['POST', `${family(root)}/children`, many(child, randomUUID()), 404],
          ['POST', `${family(root)}/children`, many('nonsense'), 422],
          ['POST', `${family(randomUUID())}/children`, many(child), 404],
          ['PUT', `${family('nonsense')}/parent`, one(child), 404],
        ] as const) {
          assert.equal((await admin(method, path, body)).status, status, path);
        }
        assert.deepEqual(await shownBy(admin, root), { children: many(child) });
      },
    },
  ];
}
