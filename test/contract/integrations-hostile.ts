import assert from 'node:assert/strict';
import type { Api, Case } from './api.ts';

const path = '/v2/integrations';

const inShape = (reply: Awaited<ReturnType<Api['admin']>>, shown: string) => {
  assert.ok(reply.status < 500, `${shown} -> ${reply.status}`);
  if (reply.status >= 400) assert.equal(reply.body.errors[0].status, reply.status, shown);
};

const make = async (api: Api): Promise<string> => {
  const data = {
    ...{ type: 'integration', name: 'N', description: '', integration_type: 'webhook', observes: ['file.deleted'] },
    configuration: { url: 'https://hooks.example.com/' },
  };
  const made = await api.admin('POST', path, { data });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.data.id;
};

export const integrationHostileCases: Case[] = [
  {
    name: 'a body that is no request is refused in the shape of the API',
    run: async (api) => {
      const id = await make(api);
      for (const body of [
        ...['', ' ', 'null', '5', '"x"', '[]', '{}', '{', '{"data":undefined}', '{"data":null}', '{"data":5}'],
        ...['{"data":[]}', '{"data":{"__proto__":{"id":1}}}', '{"__proto__":{"data":{}}}', '{"data":{"data":{}}}'],
        `{"data":${'['.repeat(70)}${']'.repeat(70)}}`,
      ]) {
        inShape(await api.admin('POST', path, body), `POST ${body}`);
        inShape(await api.admin('PUT', `${path}/${id}`, body), `PUT ${body}`);
        inShape(await api.admin('PUT', `${path}/nope`, body), `PUT nope ${body}`);
      }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'x']) {
        assert.equal((await api.admin('POST', path, 'a=b', { 'content-type': type })).status, 415, type);
      }
      assert.equal((await api.admin('DELETE', `${path}/${id}`)).status, 200);
    },
  },
  {
    name: 'any text is stored as it is, or refused',
    run: async (api) => {
      const id = await make(api);
      for (const text of [
        '',
        ' ',
        '\u{1f600}',
        "'; drop table integrations",
        'é',
        '\\',
        '"',
        '\u0001',
        'x'.repeat(256),
      ]) {
        const reply = await api.admin('PUT', `${path}/${id}`, { data: { name: text, description: text } });
        inShape(reply, JSON.stringify(text));
        if (reply.status !== 200) continue;
        const { name, description } = (await api.admin('GET', `${path}/${id}`)).body.data;
        assert.deepEqual([name, description], [text, text]);
      }
      for (const text of ['\\u0000', '\\ud800']) {
        inShape(await api.admin('PUT', `${path}/${id}`, `{"data":{"name":"${text}"}}`), text);
      }
      assert.equal((await api.admin('DELETE', `${path}/${id}`)).status, 200);
    },
  },
  {
    name: 'wrong types of any member are refused with their path',
    run: async (api) => {
      const id = await make(api);
      for (const value of [5, null, [], {}, true, 'x'.repeat(70_000)]) {
        for (const member of ['name', 'description', 'integration_type', 'enabled', 'observes', 'configuration']) {
          const reply = await api.admin('PUT', `${path}/${id}`, { data: { [member]: value } });
          inShape(reply, `${member} ${JSON.stringify(value).slice(0, 20)}`);
        }
        for (const member of ['url', 'secret_key']) {
          inShape(await api.admin('PUT', `${path}/${id}`, { data: { configuration: { [member]: value } } }), member);
        }
      }
      assert.equal((await api.admin('DELETE', `${path}/${id}`)).status, 200);
    },
  },
  {
    name: 'a currency that is not enabled, and methods and paths that do not exist, are refused',
    run: async (api) => {
      for (const currency of ['XXX', 'usd', '?', 'USD']) {
        inShape(await api.admin('GET', path, undefined, { 'x-moltin-currency': currency }), currency);
      }
      for (const [method, url] of [
        ...([
          ['PATCH', path],
          ['DELETE', path],
          ['PUT', path],
          ['POST', `${path}/logs`],
          ['GET', `${path}/a/b`],
        ] as const),
        ...([
          ['GET', `${path}/%`],
          ['GET', `${path}/${'x'.repeat(300)}`],
          ['GET', `${path}/`],
        ] as const),
      ]) {
        inShape(await api.admin(method, url), `${method} ${url}`);
      }
    },
  },
];
