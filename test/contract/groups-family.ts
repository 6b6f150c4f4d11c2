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
  const base = `/v2/${plural}`;
  const family = (id: string) => `${base}/${id}/relationships`;
  const link = (id: string) => ({ type, id });
  const one = (id: string) => ({ data: link(id) });
  const many = (...ids: string[]) => ({ data: ids.map(link) });
  const shownBy = async (call: Api['admin'], id: string) =>
    (await call('GET', `${base}/${id}`)).body.data.relationships;

  return [
    {
      name: `${plural} have one parent and many children`,
      run: async (api) => {
        const { admin } = api;
        const made: string[] = [];
        for (let n = 0; n < 4; n += 1) made.push(await makeGroup(api, group));
        const [root = '', child = '', leaf = '', other = ''] = made;
        const set = await admin('POST', `${family(child)}/parent`, one(root));
        assert.deepEqual([set.status, set.body], [204, undefined]);
        const put = await admin('PUT', `${family(leaf)}/parent`, one(child));
        assert.deepEqual([put.status, put.body.data.relationships], [200, { parent: one(child) }]);
        const added = await admin('POST', `${family(root)}/children`, many(other));
        assert.deepEqual(added.body.data.relationships, { children: many(child, other) });
        assert.deepEqual(await shownBy(admin, child), { parent: one(root), children: many(leaf) });
        const replaced = await admin('PUT', `${family(root)}/children`, many(leaf));
        assert.deepEqual(replaced.body.data.relationships, { children: many(leaf) });
        assert.deepEqual(await shownBy(admin, child), {});
        assert.equal((await admin('DELETE', `${family(root)}/children`, many(leaf, other))).status, 204);
        assert.deepEqual(await shownBy(admin, root), {});
        const both = { data: { parent: link(root), children: [link(leaf), link(other)] } };
        const whole = await admin('POST', `${family(child)}/${plural}`, both);
        assert.deepEqual(whole.body.data.relationships, { parent: one(root), children: many(leaf, other) });
        assert.equal((await admin('DELETE', `${family(child)}/parent`)).status, 204);
        assert.deepEqual(await shownBy(admin, child), { children: many(leaf, other) });
        assert.equal((await admin('DELETE', `${base}/${child}`)).status, 204);
        assert.deepEqual(await shownBy(admin, leaf), {}, `children of a deleted ${type} have no parent`);
      },
    },
    {
      name: 'the tree nests live children under their parents',
      run: async (api) => {
        const { admin, shopper } = api;
        const made: string[] = [];
        for (const status of ['live', 'live', 'draft', 'live']) made.push(await makeGroup(api, group, { status }));
        const [root = '', child = '', draft = '', below = ''] = made;
        await admin('POST', `${family(root)}/children`, many(child, draft));
        await admin('POST', `${family(draft)}/children`, many(below));
        const top = async (call: Api['admin']) => {
          const tree: Node[] = (await call('GET', `${base}/tree`)).body.data;
          assert.ok(!tree.some(({ id }) => id !== root && made.includes(id)));
          return tree.find(({ id }) => id === root);
        };
        const seen = await top(shopper);
        assert.deepEqual(
          seen?.children?.map(({ id }) => id),
          [child],
        );
        assert.deepEqual(Object.keys(seen?.children?.[0] ?? {}), [
          'id',
          'type',
          'status',
          'name',
          'slug',
          'description',
        ]);
        const all = await top(admin);
        assert.deepEqual(
          all?.children?.map(({ id }) => id),
          [child, draft],
        );
        assert.equal(all?.children?.[1]?.children?.[0]?.id, below);
        assert.deepEqual(await shownBy(shopper, root), { children: many(child) });
        assert.deepEqual(await shownBy(shopper, below), {}, 'a draft is no parent for shoppers');
        assert.deepEqual(await shownBy(admin, below), { parent: one(draft) });
      },
    },
    {
      name: `a ${type} is never under itself`,
      run: async (api) => {
        const { admin } = api;
        const [top, middle, low] = [
          await makeGroup(api, group),
          await makeGroup(api, group),
          await makeGroup(api, group),
        ];
        await admin('POST', `${family(middle)}/parent`, one(top));
        await admin('POST', `${family(low)}/parent`, one(middle));
        for (const [child, parent] of [
          [top, low],
          [top, top],
          [middle, low],
        ] as const) {
          const { status, body } = await admin('PUT', `${family(child)}/parent`, one(parent));
          const detail = `A ${type} cannot be under itself.`;
          assert.equal(status, 422);
          assert.deepEqual(body.errors, [{ status: 422, title: 'Failed Validation', detail, source: 'data.id' }]);
        }
        assert.equal((await admin('POST', `${family(low)}/children`, many(top))).status, 422);
        assert.deepEqual(await shownBy(admin, top), { children: many(middle) });
      },
    },
    {
      name: `a relation to an unknown ${type} changes nothing`,
      run: async (api) => {
        const { admin } = api;
        const [own, known] = [await makeGroup(api, group), await makeGroup(api, group)];
        const unknown = randomUUID();
        for (const [method, path, body] of [
          ['POST', `${family(own)}/parent`, one(unknown)],
          ['PUT', `${family(own)}/children`, many(known, unknown)],
          ['POST', `${family(own)}/${plural}`, { data: { parent: link(known), children: [link(unknown)] } }],
          ['POST', `${family(unknown)}/parent`, one(own)],
          ['DELETE', `${family(unknown)}/children`, many(own)],
          ['PUT', `${family('nonsense')}/parent`, one(own)],
        ] as const) {
          assert.equal((await admin(method, path, body)).status, 404, `${method} ${path}`);
        }
        assert.deepEqual(await shownBy(admin, own), {});
        for (const [path, body, status] of [
          ['parent', one('nonsense'), 422],
          ['children', many('nonsense'), 422],
          ['parent', { data: [] }, 400],
          ['parent', undefined, 400],
          ['children', { data: ['x'] }, 400],
          ['children', undefined, 200],
          [plural, { data: 5 }, 400],
          [plural, { data: { parent: 5, children: 5 } }, 200],
        ] as const) {
          assert.equal((await admin('POST', `${family(own)}/${path}`, body)).status, status, `${path} ${status}`);
        }
      },
    },
  ];
}
