import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { addField, fieldOf, makeFlow, relation, sources } from './flows-goods.ts';

const inShape = (reply: Awaited<ReturnType<Api['admin']>>, shown: string) => {
  assert.ok(reply.status < 500, `${shown} -> ${reply.status}`);
  if (reply.status >= 400) assert.equal(reply.body.errors[0].status, reply.status, shown);
};

/** Bodies that no real client sends. */
const bodies = [
  ...['', ' ', 'null', '5', '"x"', '[]', '{}', '{', '{"data":undefined}', '{"data":null}', '{"data":5}', '{"data":[]}'],
  ...['{"data":{"__proto__":{"id":1}}}', '{"data":{"constructor":{"prototype":{}}}}', '{"__proto__":{"data":{}}}'],
  ...['{"data":{"x":"\\u0000"}}', '{"data":{"x":"\\ud800"}}', '{"data":{"id":5}}', '{"data":{"id":["x"]}}'],
  `{"data":${'['.repeat(70)}${']'.repeat(70)}}`,
  `{"data":{"data":{"data":{}}}}`,
];

const odd = ['%00', '%ED%A0%80', '%', "'", '9'.repeat(30), '%F0%9F%92%A9', 'a%0Ab', 'x'.repeat(500), 'toString'];

/** The entries of a flow with a text, and one of them. */
async function makeEntry(api: Api): Promise<{ flow: string; field: string; list: string; one: string }> {
  const slug = `hostile-${api.tag}`;
  const flow = await makeFlow(api, slug);
  const field = await addField(api, flow, 'note', { order: 1 });
  await addField(api, flow, 'size', { field_type: 'float', unique: true, order: 2 });
  await addField(api, flow, 'goods', { order: 3, ...relation('one-to-many', 'product') });
  await addField(api, flow, 'others', { order: 4, ...relation('one-to-many', slug) });
  const list = `/v2/flows/${slug}/entries`;
  const made = await api.admin('POST', list, { data: { type: 'entry', note: 'x' } });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return { flow, field, list, one: `${list}/${made.body.data.id}` };
}

export const flowHostileCases: Case[] = [
  {
    name: 'flows: a body that is no request is refused in the shape of the API',
    run: async (api) => {
      const { flow, field, list, one } = await makeEntry(api);
      for (const body of bodies) {
        for (const [method, path] of [
          ...(['/v2/flows', '/v2/fields', list, `${one}/relationships/goods`] as const).map(
            (made) => ['POST', made] as const,
          ),
          ...([`/v2/flows/${flow}`, `/v2/fields/${field}`, one, `${one}/relationships/goods`] as const).map(
            (changed) => ['PUT', changed] as const,
          ),
        ]) {
          inShape(await api.admin(method, path, body), `${method} ${path} ${body.slice(0, 60)}`);
        }
      }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'x']) {
        assert.equal((await api.admin('POST', list, 'a=b', { 'content-type': type })).status, 415, type);
      }
      assert.equal((await api.admin('GET', one)).body.data.note, 'x');
    },
  },
  {
    name: 'flows: an odd path or query is refused in the shape of the API',
    run: async (api) => {
      const { list, one } = await makeEntry(api);
      for (const value of odd) {
        for (const path of [
          ...[`/v2/flows/${value}`, `/v2/flows/${value}/fields`, `/v2/flows/${value}/attributes`],
          ...[`/v2/flows/${value}/entries`, `/v2/fields/${value}`, `${list}/${value}`],
          `${list}?filter=${value}&page[limit]=${value}&sort=${value}&include=${value}`,
        ]) {
          inShape(await api.admin('GET', path), path);
        }
        for (const path of [`/v2/flows/${value}`, `/v2/fields/${value}`, `${list}/${value}`]) {
          inShape(await api.admin('PUT', path, { data: {} }), path);
          inShape(await api.admin('DELETE', path), path);
        }
        inShape(await api.admin('POST', `${one}/relationships/${value}`, { data: [] }), value);
      }
      for (const [method, path] of [
        ...[['PATCH', '/v2/flows'] as const, ['DELETE', '/v2/flows'] as const, ['DELETE', list] as const],
        ...[
          ['GET', `${one}/x`] as const,
          ['POST', `/v2/fields/${randomUUID()}`] as const,
          ['GET', '/v2/flowsx'] as const,
        ],
      ]) {
        assert.equal((await api.admin(method, path, method === 'GET' ? undefined : {})).status, 404, path);
      }
      assert.equal((await api.admin('GET', '/v2/flows/')).status, 200);
      const head = await api.shopper('HEAD', list);
      assert.deepEqual([head.status, head.body], [200, undefined]);
    },
  },
  {
    name: 'flows: any text is stored as it is, or refused',
    run: async (api) => {
      const { flow, list } = await makeEntry(api);
      for (const text of [
        ...['', ' ', 'x'.repeat(255), 'x'.repeat(256), '\u{1f600}'.repeat(255), '\u{1f600}'.repeat(256)],
        ...["'; drop table flows", 'd\u00e9j\u00e0 de\u0301ja\u0300 \u{1F600}  ', 'a\u0000b', '\ud800'],
      ]) {
        const named = {
          type: 'flow',
          name: text,
          slug: `t${api.next()}-${api.tag}`,
          description: text,
          enabled: false,
        };
        const made = await api.admin('POST', '/v2/flows', { data: named });
        inShape(made, text);
        if (made.status === 201) {
          const { name, description } = (await api.shopper('GET', `/v2/flows/${named.slug}`)).body.data;
          assert.deepEqual([name, description], [text, text]);
        }
        const entry = await api.admin('POST', list, { data: { type: 'entry', note: text } });
        inShape(entry, text);
        if (entry.status !== 201) continue;
        const { id } = entry.body.data;
        assert.equal((await api.shopper('GET', `${list}/${id}`)).body.data.note, text);
      }
      const long = { type: 'entry', note: '\u{1f600}'.repeat(32_768) };
      assert.equal((await api.admin('POST', list, { data: long })).body.data.note, long.note);
      const longer = await api.admin('POST', list, { data: { ...long, note: `${long.note}x` } });
      assert.deepEqual([longer.status, sources(longer)], [422, ['data.note']]);
      for (const slug of ['__proto__', 'constructor', 'toString', 'meta', 'id']) {
        const reply = await api.admin('POST', '/v2/fields', { data: fieldOf(flow, { slug }) });
        inShape(reply, slug);
        if (reply.status === 201) {
          const made = await api.admin('POST', list, `{"data":{"type":"entry","${slug}":"own"}}`);
          assert.deepEqual(
            [made.status, Object.entries(made.body.data).find(([name]) => name === slug)?.[1]],
            [201, 'own'],
          );
        }
      }
    },
  },
  {
    name: 'flows: numbers are kept to the last digit, and those that are none are refused',
    run: async (api) => {
      const { list } = await makeEntry(api);
      for (const text of ['5e-324', '1.7976931348623157e308', '0.1', '-0', '1E5', '1.10', '123456789012345680000']) {
        const made = await api.admin('POST', list, `{"data":{"type":"entry","size":${text}}}`);
        assert.equal(made.status, 201, `${text} ${JSON.stringify(made.body)}`);
        const read = await api.admin('GET', `${list}/${made.body.data.id}`);
        assert.equal(read.body.data.size, Number(text) === 0 ? 0 : Number(text));
        const again = await api.admin('POST', list, `{"data":{"type":"entry","size":${Number(text)}}}`);
        assert.deepEqual([again.status, sources(again)], [422, ['data.size']], `${text} is unique`);
      }
      for (const text of ['1e400', '-1e400', '"1"', 'true', '[1]', '{}']) {
        const made = await api.admin('POST', list, `{"data":{"type":"entry","size":${text}}}`);
        assert.deepEqual([made.status, sources(made)], [422, ['data.size']], text);
      }
    },
  },
  {
    name: 'flows: rules keep what they are given, and are shown in one order of their members',
    run: async (api) => {
      const { flow } = await makeEntry(api);
      const rules = [
        { options: { to: 9, from: 1, more: { zz: 1, a: [{ é: 1, b: 2 }] } }, type: 'between', 10: 'x', 9: 'y' },
        { type: 'enum', options: [3, 1, 2] },
      ];
      const data = fieldOf(flow, { slug: 'ruled', field_type: 'integer', validation_rules: rules });
      const made = await api.admin('POST', '/v2/fields', { data });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const path = `/v2/fields/${made.body.data.id}`;
      const read = await api.admin('GET', path);
      assert.deepEqual(read.body.data.validation_rules, rules);
      const changed = await api.admin('PUT', path, { data: { order: 7, default: 2 } });
      assert.deepEqual([changed.body.data.validation_rules, changed.body.data.default], [rules, 2]);
      for (const wrong of [
        ...[{}, [{}], [null], ['x'], [[]], [{ type: '__proto__' }], [{ type: 'enum', options: [] }]],
        ...[[{ type: 'between', options: { from: 1 } }], Array(21).fill(rules[1])],
        [{ type: 'enum', options: Array(1_001).fill(1) }],
      ]) {
        const reply = await api.admin('PUT', path, { data: { validation_rules: wrong } });
        assert.equal(reply.status, 422, JSON.stringify(wrong).slice(0, 80));
      }
      assert.equal((await api.admin('PUT', path, { data: { default: 5 } })).status, 422, 'no rule allows it');
      assert.deepEqual((await api.admin('GET', path)).body, changed.body);
    },
  },
  {
    name: 'flows: links are checked one by one, entries included',
    run: async (api) => {
      const { list, one } = await makeEntry(api);
      const id = one.slice(one.lastIndexOf('/') + 1);
      const to = (field: string) => `${one}/relationships/${field}`;
      const link = (target: unknown) => ({ type: 'entry', id: target });
      const itself = await api.admin('POST', to('others'), { data: [link(id.toUpperCase())] });
      assert.deepEqual([itself.status, itself.body.data], [201, [link(id)]]);
      assert.deepEqual(
        (await api.admin('GET', `${one}?include=others`)).body.included[list.split('/')[3] ?? ''].length,
        1,
      );
      for (const target of ['x', 'a'.repeat(300), 'é', randomUUID(), '../x']) {
        for (const field of ['others', 'goods']) {
          assert.equal((await api.admin('PUT', to(field), { data: [link(target)] })).status, 404, target);
        }
      }
      for (const target of ['', '\u0000', 5, null, {}, []]) {
        inShape(await api.admin('PUT', to('goods'), { data: [link(target)] }), JSON.stringify(target));
      }
      const many = Array.from({ length: 1_001 }, () => link(randomUUID()));
      assert.equal((await api.admin('PUT', to('goods'), { data: many })).status, 400);
      assert.equal((await api.admin('PUT', to('goods'), { data: many.slice(1) })).status, 404);
      assert.deepEqual((await api.admin('GET', one)).body.data.relationships.others.data, [link(id)]);
    },
  },
  {
    name: 'flows: services are told of fields, entries and targets at paths that no token of the API opens',
    run: async (api) => {
      const { list, one } = await makeEntry(api);
      const slug = list.split('/')[3] ?? '';
      const id = one.slice(one.lastIndexOf('/') + 1);
      const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
      // The credentials of introspection that the sides of the contract have.
      const ask = (path: string) => api.anonymous('GET', path, undefined, basic('services:let me ask'));
      const paths = [
        `/internal/fields?slug=${slug}`,
        `/internal/fields/entries?to=${slug}&ids=${randomUUID()},${id},x`,
        `/internal/fields/targets?to=${slug}&id=${id}&id=${randomUUID()}&id=x`,
      ];
      for (const path of paths) {
        for (const reply of [
          await api.admin('GET', path),
          await api.shopper('GET', path),
          await api.anonymous('GET', path),
          await api.anonymous('GET', path, undefined, basic('services:')),
        ]) {
          assert.deepEqual([reply.status, reply.body.errors[0].detail], [401, 'The client credentials are not valid']);
        }
      }
      // One after the other: their replies are compared in their order.
      const replies: Awaited<ReturnType<typeof ask>>[] = [];
      for (const path of paths) replies.push(await ask(path));
      const [fields, entries, targets] = replies;
      assert.deepEqual(
        fields?.body.data.fields.map(({ slug, target }: { slug: string; target?: object }) => [slug, target]),
        [
          ['note', undefined],
          ['size', undefined],
          ['goods', { plural: 'products', seen_by: 'everyone' }],
          ['others', null],
        ],
      );
      assert.deepEqual(entries?.body.data, [(await api.admin('GET', one)).body.data]);
      assert.deepEqual(targets?.body, { data: { type: 'entry', ids: [id] } });
      assert.deepEqual((await ask('/internal/fields?slug=none')).body, { data: { flow: null, fields: [] } });
      assert.deepEqual((await ask('/internal/fields/entries?to=none&ids=x')).body, { data: [] });
      assert.deepEqual((await ask('/internal/fields/targets?to=none&id=x')).body, { data: { type: null, ids: [] } });
      for (const path of ['/internal/fields?slug=%00', '/internal/fields/targets?to=%00&id=x']) {
        assert.equal((await ask(path)).status, 400, path);
      }
    },
  },
];
