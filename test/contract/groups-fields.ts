import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { addField, between, makeFlow, sources } from './flows-goods.ts';
import { ids, makeProduct } from './goods.ts';
import { type Group, makeGroup } from './groups-goods.ts';

const flows = '/v2/flows';

/** Fields that an operator added to groups, and groups as entries of their flow. */
export function groupFieldCases(group: Group): Case[] {
  const { plural, type } = group;
  const base = `/v2/${plural}`;
  /** Runs a case with a flow of the groups, which it deletes, so that it has no effect on others. */
  const withFlow = (run: (api: Api, flow: string) => Promise<void>) => async (api: Api) => {
    const flow = await makeFlow(api, plural);
    await run(api, flow);
    assert.equal((await api.admin('DELETE', `${flows}/${flow}`)).status, 204);
  };

  const put = (api: Api, id: string, data: object) => api.admin('PUT', `${base}/${id}`, { data });

  return [
    {
      name: `fields are members of a ${type}: written with it, shown in each reply, in lists and in its attributes`,
      run: withFlow(async (api, flow) => {
        const { admin, shopper } = api;
        const before = await makeGroup(api, group);
        await addField(api, flow, 'hidden', { omit_null: true, order: 2 });
        await addField(api, flow, 'grade', { field_type: 'integer', order: 1, validation_rules: [between] });
        await addField(api, flow, 'color', {
          ...{ name: 'The color', description: 'D' },
          order: 3,
          default: 'red',
          validation_rules: [{ type: 'enum', options: ['red', 'blue'] }],
        });
        const made = await makeGroup(api, group, { grade: 3 });
        const one = (await shopper('GET', `${base}/${made}`)).body.data;
        assert.deepEqual([one.grade, one.color, 'hidden' in one], [3, 'red', false]);
        assert.deepEqual(
          Object.keys(one).slice(0, 2),
          ['grade', 'color'],
          'in the order of the fields, before the members',
        );
        const old = (await shopper('GET', `${base}/${before}`)).body.data;
        assert.deepEqual([old.grade, old.color], [null, null], `a ${type} that was there takes no default`);
        const changed = await put(api, made, { grade: 4, hidden: 'now' });
        assert.deepEqual([changed.status, changed.body.data.grade, changed.body.data.hidden], [200, 4, 'now']);
        const listed = (await admin('GET', `${base}?filter=in(id,${before},${made})`)).body.data;
        assert.deepEqual([listed[1].grade, listed[1].color, listed[1].hidden], [4, 'red', 'now']);
        assert.deepEqual((await put(api, made, { grade: null, unknown: 1 })).body.data.grade, null);
        const attributes = (await admin('GET', `${base}/attributes`)).body.data;
        assert.deepEqual(attributes.at(-1), {
          ...{ label: 'The color', value: 'color', type: 'string', required: false, description: 'D' },
          options: ['red', 'blue'],
        });
        const child = await makeGroup(api, group, { grade: 2 });
        const family = await admin('PUT', `${base}/${child}/relationships/parent`, {
          data: { type, id: made },
        });
        assert.equal(family.body.data.grade, 2);
      }),
    },
    {
      name: 'values of fields of all types come back as they were sent',
      run: withFlow(async (api, flow) => {
        for (const field_type of ['string', 'integer', 'float', 'boolean', 'date']) {
          await addField(api, flow, `a_${field_type}`, { field_type });
        }
        const values = {
          ...{
            a_string: 'Ünïcode 😀 "quoted" \\ \n\t',
            a_integer: -9007199254740991,
            a_float: 1.1e-7,
            a_boolean: false,
          },
          a_date: '2018-05-10 14:11:32',
        };
        const id = await makeGroup(api, group, values);
        const read = async () => (await api.admin('GET', `${base}/${id}`)).body.data;
        assert.deepEqual({ ...(await read()), ...values }, await read());
        const large = { a_string: 'x'.repeat(65_536), a_float: 1e21, a_integer: 0, a_boolean: true };
        await put(api, id, large);
        assert.deepEqual({ ...(await read()), ...large }, await read());
      }),
    },
    {
      name: 'values that break a rule are refused together, and then nothing is written',
      run: withFlow(async (api, flow) => {
        await addField(api, flow, 'grade', { field_type: 'integer', order: 1, validation_rules: [between] });
        await addField(api, flow, 'mail', { order: 2, validation_rules: [{ type: 'email' }] });
        await addField(api, flow, 'tag', { order: 3, validation_rules: [{ type: 'slug' }] });
        await addField(api, flow, 'since', {
          order: 4,
          field_type: 'date',
          validation_rules: [{ type: 'between', options: { from: '2018-01-01', to: '2018-12-31' } }],
        });
        await addField(api, flow, 'size', { order: 5, validation_rules: [{ type: 'enum', options: ['S', 'M'] }] });
        const id = await makeGroup(api, group, { grade: 1 });
        for (const wrong of [
          { grade: 9, mail: 'x', tag: 'a b', since: '2019-01-01', size: 'L' },
          { grade: '3', mail: 5, tag: '', since: '2018-02-31', size: null },
          { grade: 1.5, since: 20180101, tag: {} },
        ]) {
          const data = { type, name: 'N', slug: `${api.tag}-wrong`, ...wrong };
          const made = await api.admin('POST', base, { data });
          assert.equal(made.status, 422, JSON.stringify(wrong));
          const changed = await put(api, id, { name: 'New', ...wrong });
          assert.deepEqual([changed.status, sources(changed)], [422, sources(made)]);
        }
        const { body } = await api.admin('GET', `${base}/${id}`);
        assert.deepEqual([body.data.name, body.data.grade], ['Group', 1]);
        assert.equal((await api.admin('GET', `${base}?filter=eq(slug,${api.tag}-wrong)`)).body.data.length, 0);
        const slug = `${api.tag}-twice`;
        await makeGroup(api, group, { slug });
        const both = await api.admin('POST', base, { data: { type, name: 'N', slug, grade: 9 } });
        assert.deepEqual(sources(both), ['data.slug'], 'the slug is looked at first');
      }),
    },
    {
      name: `what is required must be there, in a new ${type} and in a change`,
      run: withFlow(async (api, flow) => {
        const old = await makeGroup(api, group);
        await addField(api, flow, 'origin', { required: true });
        const data = { type, name: 'N', slug: `${api.tag}-required` };
        const refused = await api.admin('POST', base, { data });
        assert.deepEqual([refused.status, sources(refused)], [422, ['data.origin']]);
        assert.equal((await put(api, old, { name: 'Without it, as before' })).status, 200);
        assert.equal((await put(api, old, { origin: null })).status, 422);
        assert.equal((await put(api, old, { origin: 'here' })).body.data.origin, 'here');
      }),
    },
    {
      name: `a value of a unique field has one ${type}; unset, it is free again`,
      run: withFlow(async (api, flow) => {
        await addField(api, flow, 'code', { unique: true });
        await addField(api, flow, 'number', { unique: true, field_type: 'float' });
        const one = await makeGroup(api, group, { code: 'É 1', number: 1e2 });
        const two = await makeGroup(api, group, { code: 'é 1' });
        const data = { type, name: 'N', slug: `${api.tag}-unique`, code: 'É 1' };
        assert.deepEqual(sources(await api.admin('POST', base, { data })), ['data.code']);
        const taken = await put(api, two, { number: 100 });
        assert.deepEqual([taken.status, taken.body.errors[0].detail], [422, 'The data.number field is already taken.']);
        assert.equal((await put(api, one, { code: 'É 1', number: 100 })).status, 200, 'its own value');
        assert.equal((await put(api, one, { code: null, number: null })).status, 200);
        assert.equal((await put(api, two, { code: 'É 1', number: 100 })).status, 200);
      }),
    },
    {
      name: 'values stay while a field is disabled or renamed, and go when it is deleted',
      run: withFlow(async (api, flow) => {
        const field = await addField(api, flow, 'note');
        const id = await makeGroup(api, group, { note: 'kept' });
        const read = async () => (await api.admin('GET', `${base}/${id}`)).body.data;
        const change = (data: object) => api.admin('PUT', `/v2/fields/${field}`, { data: { type: 'field', ...data } });
        await change({ enabled: false });
        assert.equal('note' in (await read()), false);
        await change({ enabled: true, slug: 'remark' });
        assert.equal((await read()).remark, 'kept');
        await api.admin('PUT', `${flows}/${flow}`, { data: { type: 'flow', enabled: false } });
        assert.equal('remark' in (await read()), false);
        assert.equal((await put(api, id, { name: 'Changed meanwhile' })).status, 200);
        await api.admin('PUT', `${flows}/${flow}`, { data: { type: 'flow', enabled: true } });
        assert.equal((await read()).remark, 'kept');
        assert.equal((await api.admin('DELETE', `/v2/fields/${field}`)).status, 204);
        assert.equal('remark' in (await read()), false);
        await addField(api, flow, 'remark');
        assert.equal((await read()).remark, null, 'another field, without its values');
      }),
    },
    {
      name: `a relationship field links a ${type} to entities that exist`,
      run: withFlow(async (api, flow) => {
        const { admin, shopper } = api;
        const to = (type: string, target: string) => ({
          field_type: 'relationship',
          validation_rules: [{ type, to: target }],
        });
        await addField(api, flow, 'goes_with', { order: 1, ...to('one-to-many', 'product') });
        await addField(api, flow, 'rival', { order: 2, ...to('one-to-one', type) });
        const id = await makeGroup(api, group);
        const other = await makeGroup(api, group);
        const [one, two] = [await makeProduct(api), await makeProduct(api)];
        const links = (...list: string[]) => list.map((product) => ({ type: 'product', id: product }));
        const path = `${base}/${id}/relationships/goes_with`;
        const added = await admin('POST', path, { data: links(one) });
        assert.deepEqual([added.status, added.body], [200, { data: links(one) }]);
        assert.deepEqual((await admin('POST', path, { data: { 0: links(two)[0] } })).body, { data: links(one, two) });
        assert.deepEqual((await admin('PUT', path, { data: links(two, two) })).body, { data: links(two) });
        const rival = `${base}/${id}/relationships/rival`;
        assert.deepEqual((await admin('PUT', rival, { data: { type, id: other } })).body.data.id, other);
        assert.equal((await admin('PUT', rival, { data: [{ id: other }, { id }] })).status, 400);
        const read = (await shopper('GET', `${base}/${id}`)).body.data.relationships;
        assert.deepEqual(read, { goes_with: { data: links(two) }, rival: { data: { type, id: other } } });
        for (const [method, where, data] of [
          ['POST', path, links(randomUUID())],
          ['POST', path, links('x')],
          ['POST', `${base}/${randomUUID()}/relationships/goes_with`, links(one)],
          ['PUT', `${base}/${id}/relationships/unknown`, links(one)],
          ['PUT', `${base}/${id}/relationships/${plural}`, links(one)],
        ] as const) {
          assert.equal((await admin(method, where, { data })).status, 404, `${method} ${where}`);
        }
        assert.equal((await admin('POST', path, { data: [{ type: 'product' }] })).status, 422);
        assert.equal((await shopper('POST', path, { data: links(one) })).status, 403);
        assert.equal((await admin('DELETE', path, { data: links(two) })).status, 204);
        assert.equal((await admin('DELETE', rival)).status, 204);
        const after = (await shopper('GET', `${base}/${id}`)).body.data.relationships;
        assert.deepEqual(after, { goes_with: { data: [] }, rival: { data: null } });
      }),
    },
    {
      name: `${plural} are the entries of their flow`,
      run: withFlow(async (api, flow) => {
        const { admin, shopper } = api;
        await addField(api, flow, 'grade', {
          field_type: 'integer',
          order: 1,
          default: 1,
          validation_rules: [between],
        });
        await addField(api, flow, 'goes_with', {
          order: 2,
          field_type: 'relationship',
          validation_rules: [{ type: 'one-to-many', to: 'product' }],
        });
        const id = await makeGroup(api, group, { grade: 2 });
        const draft = await makeGroup(api, group, { status: 'draft' });
        const list = `${flows}/${plural}/entries`;
        const one = `${list}/${id}`;
        const read = (await shopper('GET', one)).body.data;
        assert.deepEqual([read.type, read.grade, Object.keys(read)[0]], ['entry', 2, 'grade']);
        assert.deepEqual((await admin('GET', `${list}?page[limit]=1&page[offset]=0`)).body.meta.page.limit, 1);
        const all = async (call: Api['admin']) => ids(await call('GET', `${list}?page[limit]=100`));
        assert.deepEqual([(await all(shopper)).includes(draft), (await all(admin)).includes(draft)], [false, true]);
        assert.equal((await shopper('GET', `${list}/${draft}`)).status, 404);
        const entry = (members: object) => ({ data: { type: 'entry', ...members } });
        const set = await admin('POST', list, entry({ id: draft }));
        assert.deepEqual([set.status, set.body.data.grade], [201, 1]);
        const changed = await admin('PUT', one, entry({ grade: 5 }));
        assert.deepEqual([changed.status, changed.body.data.grade], [200, 5]);
        assert.equal((await shopper('GET', `${base}/${id}`)).body.data.grade, 5);
        const product = await makeProduct(api);
        const link = await admin('POST', `${one}/relationships/goes_with`, {
          data: [{ type: 'product', id: product }],
        });
        assert.deepEqual([link.status, link.body.data.length], [201, 1]);
        assert.equal((await admin('DELETE', one)).status, 204);
        const gone = (await admin('GET', one)).body.data;
        assert.deepEqual([gone.grade, gone.relationships.goes_with.data], [null, []]);
        for (const [method, path, body, status] of [
          ['POST', list, entry({ id: randomUUID() }), 404],
          ['POST', list, entry({}), 422],
          ['POST', list, { data: { type, id } }, 422],
          ['POST', list, entry({ id, grade: 9 }), 422],
          ['PUT', one, entry({ id: draft }), 422],
          ['PUT', one, entry({ grade: 'x' }), 422],
          ['PUT', `${list}/x`, entry({}), 404],
          ['DELETE', `${list}/${randomUUID()}`, undefined, 404],
          ['GET', `${list}/x`, undefined, 404],
          ['GET', `${list}?filter=nonsense`, undefined, 400],
          ['POST', `${list}/${id}/relationships/grade`, { data: [] }, 404],
        ] as const) {
          assert.equal((await admin(method, path, body)).status, status, `${method} ${path} ${JSON.stringify(body)}`);
        }
        assert.equal((await shopper('PUT', one, entry({ grade: 1 }))).status, 403);
      }),
    },
    {
      name: `without a flow there are no entries of ${plural}, and a member that no field has is ignored`,
      run: async (api) => {
        const id = await makeGroup(api, group, { grade: 2 });
        assert.equal('grade' in (await api.admin('GET', `${base}/${id}`)).body.data, false);
        for (const path of [`${flows}/${plural}/entries`, `${flows}/${plural}/entries/${id}`]) {
          assert.equal((await api.admin('GET', path)).status, 404, path);
        }
        assert.equal((await api.admin('PUT', `${base}/${id}/relationships/grade`, { data: [] })).status, 404);
        const data = { type: 'entry', id };
        assert.equal((await api.admin('POST', `${flows}/${plural}/entries`, { data })).status, 404);
      },
    },
  ];
}
