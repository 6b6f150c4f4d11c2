import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Case } from './api.ts';
import { addField, between, fieldOf, makeFlow, sources } from './flows-goods.ts';

const rule = (field_type: string, ...validation_rules: object[]) => ({ field_type, validation_rules });

export const fieldCases: Case[] = [
  {
    name: 'fields are made, read, changed and deleted',
    run: async (api) => {
      const { admin, shopper } = api;
      const slug = `movies-${api.tag}`;
      const flow = await makeFlow(api, slug);
      const field = {
        ...{ type: 'field', name: 'Rating', slug: 'rating', field_type: 'integer', description: 'Stars' },
        ...{ required: false, unique: false, default: 3, enabled: true, order: 2, omit_null: false },
        validation_rules: [between],
        relationships: { flow: { data: { type: 'flow', id: flow } } },
      };
      const made = await admin('POST', '/v2/fields', { data: field });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const { id, meta, links, ...rest } = made.body.data;
      assert.deepEqual(rest, field);
      assert.equal(new URL(links.self).pathname, `/v2/fields/${id}`);
      assert.equal(meta.timestamps.created_at, meta.timestamps.updated_at);
      assert.deepEqual((await shopper('GET', `/v2/flows/${slug}/fields`)).body.data, [made.body.data]);
      assert.deepEqual((await admin('GET', `/v2/fields/${id}`)).body.data, made.body.data);
      assert.ok((await admin('GET', '/v2/fields')).body.data.some((one: { id: string }) => one.id === id));
      // Clients leave `field_type` out of an update.
      const changed = await admin('PUT', `/v2/fields/${id}`, { data: { type: 'field', name: 'Stars', order: 1 } });
      assert.deepEqual([changed.status, changed.body.data.name, changed.body.data.order], [200, 'Stars', 1]);
      const other = await admin('PUT', `/v2/fields/${id}`, { data: { field_type: 'string' } });
      assert.deepEqual([other.status, sources(other)], [422, ['data.field_type']]);
      for (const [method, path] of [
        ['POST', '/v2/fields'],
        ['PUT', `/v2/fields/${id}`],
        ['DELETE', `/v2/fields/${id}`],
      ] as const) {
        assert.equal((await shopper(method, path, { data: {} })).status, 403, method);
      }
      assert.equal((await admin('DELETE', `/v2/fields/${id}`)).status, 204);
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const body = method === 'PUT' ? { data: {} } : undefined;
        assert.equal((await admin(method, `/v2/fields/${id}`, body)).status, 404, method);
      }
    },
  },
  {
    name: 'fields refuse what is wrong',
    run: async (api) => {
      const { admin } = api;
      const slug = `songs-${api.tag}`;
      const flow = await makeFlow(api, slug);
      const wrong: readonly (readonly [object, string])[] = [
        [{ field_type: 'text' }, 'data.field_type'],
        [{ slug: 'id' }, 'data.slug'],
        [{ slug: 'a b' }, 'data.slug'],
        [{ relationships: {} }, 'data.relationships.flow.data.id'],
        [rule('string', between), 'data.validation_rules.0.type'],
        [rule('boolean', { type: 'enum', options: [true] }), 'data.validation_rules.0.type'],
        [rule('integer', { type: 'email' }), 'data.validation_rules.0.type'],
        [rule('string', { type: 'enum', options: [1] }), 'data.validation_rules.0.options.0'],
        [{ field_type: 'relationship' }, 'data.validation_rules'],
        [rule('relationship', { type: 'one-to-one', to: 'unicorns' }), 'data.validation_rules.0.to'],
        [{ field_type: 'integer', default: 'x' }, 'data.default'],
        [{ unique: true, default: 'x' }, 'data.default'],
      ];
      for (const [members, source] of wrong) {
        const reply = await admin('POST', '/v2/fields', { data: fieldOf(flow, members) });
        assert.deepEqual([reply.status, sources(reply)], [422, [source]], JSON.stringify(members));
      }
      const unknown = await admin('POST', '/v2/fields', { data: fieldOf(randomUUID(), {}) });
      assert.equal(unknown.status, 404);
      await addField(api, flow, 'f');
      assert.deepEqual(sources(await admin('POST', '/v2/fields', { data: fieldOf(flow, {}) })), ['data.slug']);
      assert.equal((await admin('GET', `/v2/flows/${slug}/fields`)).body.data.length, 1);
    },
  },
  {
    name: 'fields of each type keep the rules that they have',
    run: async (api) => {
      const { admin, tag } = api;
      const flow = await makeFlow(api, `rules-${tag}`);
      const days = ['2018-05-10', '2018-05-10 14:11:32'];
      const plans: Readonly<Record<string, ReturnType<typeof rule>>> = {
        words: rule('string', { type: 'enum', options: ['a', 'b'] }),
        mail: rule('string', { type: 'email' }),
        link: rule('string', { type: 'slug' }),
        stars: rule('integer', between, { type: 'enum', options: [1, 2] }),
        weight: rule('float', { type: 'between', options: { from: 0.5, to: 1.5 } }),
        sizes: rule('float', { type: 'enum', options: [0.5, 1] }),
        day: rule('date', { type: 'enum', options: days }),
        since: rule('date', { type: 'between', options: { from: '2018-01-01', to: '2018-12-31' } }),
        goods: rule('relationship', { type: 'one-to-many', to: 'product' }),
        buyer: rule('relationship', { type: 'one-to-one', to: 'customer' }),
        flag: rule('boolean'),
      };
      for (const [slug, members] of Object.entries(plans)) {
        const id = await addField(api, flow, slug, members);
        const { validation_rules } = (await admin('GET', `/v2/fields/${id}`)).body.data;
        assert.deepEqual(validation_rules, members.validation_rules, slug);
      }
      const path = `/v2/flows/rules-${tag}/entries`;
      const right = {
        ...{ words: 'b', mail: 'a@b.c', link: 'a-b_c', stars: 2, weight: 1, sizes: 0.5, flag: true },
        ...{ day: days[1], since: '2018-06-01' },
      };
      const made = await admin('POST', path, { data: { type: 'entry', ...right } });
      assert.deepEqual({ ...made.body.data, ...right }, made.body.data);
      const wrong = {
        ...{ words: 'c', mail: 'a', link: 'a b', stars: 3, weight: 2, sizes: 1.25, flag: 'yes' },
        ...{ day: '2018-05-11', since: '2019-01-01' },
      };
      const refused = await admin('POST', path, { data: { type: 'entry', ...wrong } });
      const expected = Object.keys(wrong).map((slug) => `data.${slug}`);
      assert.deepEqual([refused.status, sources(refused).sort()], [422, expected.sort()]);
    },
  },
  {
    name: 'fields of one flow are at most a hundred',
    run: async (api) => {
      const flow = await makeFlow(api, `many-${api.tag}`);
      for (let n = 0; n < 100; n += 1) await addField(api, flow, `f${n}`);
      const { status } = await api.admin('POST', '/v2/fields', { data: fieldOf(flow, { slug: 'more' }) });
      assert.equal(status, 422);
    },
  },
  {
    name: 'attributes describe flows, fields, and the fields of a flow',
    run: async (api) => {
      const { admin, tag } = api;
      for (const entity of ['flows', 'fields']) {
        const { status, body } = await admin('GET', `/v2/${entity}/attributes`);
        assert.deepEqual([status, body.meta], [200, { entity, version: 'v2' }]);
      }
      const slug = `moods-${tag}`;
      const rules = [{ type: 'enum', options: ['a', 'b'] }];
      await addField(api, await makeFlow(api, slug), 'mood', { required: true, validation_rules: rules });
      const mood = {
        label: 'mood',
        value: 'mood',
        type: 'string',
        required: true,
        description: '',
        options: ['a', 'b'],
      };
      const { body } = await admin('GET', `/v2/flows/${slug}/attributes`);
      assert.deepEqual(body, { data: [mood], meta: { entity: slug, version: 'v2' } });
    },
  },
];
