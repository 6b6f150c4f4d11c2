import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { integrationEventCases } from './integrations-events.ts';
import { integrationHostileCases } from './integrations-hostile.ts';

const path = '/v2/integrations';

const sample = {
  type: 'integration',
  name: 'Mails',
  description: 'Sends mails',
  integration_type: 'webhook',
  observes: ['order.created', 'order.paid'],
  configuration: { url: 'https://hooks.example.com/orders', secret_key: 'hunter2' },
};

const on = (api: Api) => ({
  post: (members: object = {}, headers = {}) => api.admin('POST', path, { data: { ...sample, ...members } }, headers),
  put: (id: string, members: object) =>
    api.admin('PUT', `${path}/${id}`, { data: { type: 'integration', ...members } }),
});
const withUrl = (url: unknown) => ({ configuration: { url } });

/** A store has few places for integrations, so each case begins with none. */
const withNone = (run: Case['run']): Case['run'] => {
  return async (api) => {
    const { body } = await api.admin('GET', path);
    for (const { id } of body.data) assert.equal((await api.admin('DELETE', `${path}/${id}`)).status, 200);
    await run(api);
  };
};

export const integrationCases: Case[] = [
  {
    name: 'an integration is made disabled, read, listed, changed in part and deleted',
    run: withNone(async (api) => {
      const { post, put } = on(api);
      const made = await post();
      assert.equal(made.status, 201);
      const { id, links, meta, ...rest } = made.body.data;
      assert.deepEqual(rest, { ...sample, enabled: false });
      assert.deepEqual(links, { self: `http://shop.test/v2/integrations/${id}` });
      assert.equal(meta.timestamps.created_at, meta.timestamps.updated_at);
      assert.deepEqual((await api.admin('GET', `${path}/${id}`)).body, made.body);
      const second = (await post()).body.data.id;
      const list = (await api.admin('GET', path)).body;
      assert.deepEqual(Object.keys(list), ['data']);
      assert.deepEqual(
        list.data.map((each: { id: string }) => each.id),
        [id, second],
      );
      const changed = await put(id, { name: 'Letters', enabled: true });
      assert.equal(changed.status, 200);
      assert.deepEqual(changed.body.data, {
        ...made.body.data,
        name: 'Letters',
        enabled: true,
        meta: changed.body.data.meta,
      });
      const deleted = await api.admin('DELETE', `${path}/${id}`);
      assert.deepEqual([deleted.status, deleted.body], [200, { data: { type: 'integration', id } }]);
      for (const method of ['GET', 'DELETE']) assert.equal((await api.admin(method, `${path}/${id}`)).status, 404);
      assert.equal((await put(id, { name: 'X' })).status, 404);
      assert.equal((await api.admin('GET', path)).body.data.length, 1);
    }),
  },
  {
    name: 'a change of the configuration keeps what it does not name; null removes the secret',
    run: withNone(async (api) => {
      const { post, put } = on(api);
      const { id } = (await post()).body.data;
      const url = 'https://hooks.example.com/other';
      const moved = (await put(id, withUrl(url))).body.data.configuration;
      assert.deepEqual(moved, { url, secret_key: 'hunter2' });
      const open = (await put(id, { configuration: { secret_key: null } })).body.data.configuration;
      assert.deepEqual(open, { url });
      const closed = (await put(id, { configuration: { secret_key: 'other' } })).body.data.configuration;
      assert.deepEqual(closed, { url, secret_key: 'other' });
      assert.deepEqual((await put(id, { configuration: { secret_key: '' } })).body.data.configuration, { url });
    }),
  },
  {
    name: 'only known events are observed; names of 2018 are stored as those of today',
    run: withNone(async (api) => {
      const { post, put } = on(api);
      const { status, body } = await post({ observes: ['order.created', 'order.eaten', 'toString'] });
      assert.equal(status, 422);
      assert.deepEqual(
        body.errors.map(({ source }: { source: string }) => source),
        ['data.observes', 'data.observes'],
      );
      for (const observes of [[], 'order.created', undefined, [5], [null], ['integrations.paid']]) {
        assert.equal((await post({ observes })).status, 422, JSON.stringify(observes));
      }
      const made = await post({ observes: ['integrations.created', 'integration.created', 'settings.deleted'] });
      assert.deepEqual(made.body.data.observes, ['integration.created', 'settings.deleted']);
      assert.equal((await put(made.body.data.id, { observes: ['x.y'] })).status, 422);
    }),
  },
  {
    name: 'name, description, kind, events and a URL are required',
    run: withNone(async (api) => {
      const { post } = on(api);
      for (const member of ['type', 'name', 'description', 'integration_type', 'observes', 'configuration']) {
        const { status, body } = await post({ [member]: undefined });
        assert.deepEqual([status, body.errors[0].source], [422, `data.${member}`]);
      }
      assert.equal((await post({ integration_type: 'email' })).status, 422);
      assert.equal((await post({ configuration: { secret_key: 'x' } })).status, 422);
      assert.equal((await post({ configuration: { ...sample.configuration, secret_key: 'a\r\nX: y' } })).status, 422);
    }),
  },
  {
    name: 'a URL that leads into the platform, is none, or holds a password is refused',
    run: withNone(async (api) => {
      const { post, put } = on(api);
      for (const url of [
        ...['', 'x', 5, null, 'ftp://hooks.example.com', 'javascript:alert(1)', 'file:///etc/passwd', '//x'],
        ...['http://10.0.0.1/', 'http://169.254.169.254/latest/meta-data', 'http://2130706434:5432/', 'http://0x7f.2/'],
        ...['http://0/', 'http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://192.168.1.1/', 'http://017700000002/'],
        ...['https://ada:pw@hooks.example.com/', 'https://ada@hooks.example.com/'],
      ]) {
        const { status, body } = await post(withUrl(url));
        assert.deepEqual([status, body.errors?.[0].source], [422, 'data.configuration.url'], String(url));
      }
      const { id } = (await post()).body.data;
      assert.equal((await put(id, withUrl('http://10.0.0.1/'))).status, 422);
      assert.equal((await post(withUrl('http://127.0.0.1:9/'))).status, 201, 'the network of tests is allowed');
    }),
  },
  {
    name: 'at most five observe one event',
    run: withNone(async (api) => {
      const { post, put } = on(api);
      for (let n = 0; n < 5; n += 1) assert.equal((await post({ observes: ['brand.created'] })).status, 201);
      const sixth = await post({ observes: ['brand.updated', 'brand.created'] });
      assert.deepEqual([sixth.status, sixth.body.errors[0].title], [422, 'Integration limit reached']);
      const other = (await post({ observes: ['brand.updated'] })).body.data.id;
      assert.equal((await put(other, { observes: ['brand.created'] })).status, 422);
      const own = await put(other, { observes: ['brand.updated', 'brand.deleted'] });
      assert.equal(own.status, 200, 'its own do not count');
    }),
  },
  {
    name: 'a repeated POST with one Idempotency-Key makes one, and gets the same reply',
    run: withNone(async (api) => {
      const { post } = on(api);
      const key = { 'idempotency-key': randomUUID() };
      const one = await post({}, key);
      const two = await post({}, key);
      assert.deepEqual([two.status, two.body], [one.status, one.body]);
      assert.equal((await api.admin('GET', path)).body.data.length, 1);
      const other = await post({ name: 'Other' }, key);
      assert.deepEqual([other.status, other.body.errors[0].title], [422, 'Idempotency-Key reused']);
      await api.admin('DELETE', `${path}/${one.body.data.id}`);
      assert.deepEqual((await post({}, key)).body, one.body, 'the reply outlives what it tells of');
      for (const wrong of ['two words', '"', 'x'.repeat(256)]) {
        assert.equal((await post({}, { 'idempotency-key': wrong })).status, 400, wrong);
      }
    }),
  },
  {
    name: 'the members are described, and administrators alone have access',
    run: withNone(async (api) => {
      const { body } = await api.admin('GET', `${path}/attributes`);
      assert.ok(body.data.some(({ value }: { value: string }) => value === 'observes'));
      const id = (await on(api).post()).body.data.id;
      for (const [method, url] of [
        ...([
          ['GET', path],
          ['POST', path],
          ['GET', `${path}/logs`],
          ['GET', `${path}/${id}`],
        ] as const),
        ...([
          ['PUT', `${path}/${id}`],
          ['DELETE', `${path}/${id}`],
          ['GET', `${path}/${id}/jobs`],
        ] as const),
      ]) {
        assert.equal((await api.shopper(method, url)).status, 403, `${method} ${url}`);
        assert.equal((await api.anonymous(method, url)).status, 401, `${method} ${url}`);
      }
    }),
  },
  {
    name: 'the id in a body is that of the path, in either case of its letters',
    run: withNone(async (api) => {
      const { post, put } = on(api);
      const { id } = (await post()).body.data;
      const { status, body } = await put(id, { id: randomUUID() });
      assert.deepEqual([status, body.errors[0].source], [422, 'data.id']);
      assert.equal((await put(id, { id })).status, 200);
      const capitals = id.toUpperCase();
      assert.equal((await api.admin('GET', `${path}/${capitals}`)).body.data.id, id);
      assert.equal((await put(capitals, { name: 'Capital' })).body.data.id, id);
      assert.deepEqual((await api.admin('DELETE', `${path}/${capitals}`)).body.data.id, capitals);
      assert.equal((await api.admin('GET', `${path}/${id}`)).status, 404);
    }),
  },
  {
    name: 'logs and jobs of unknown integrations are 404, those of new ones empty',
    run: withNone(async (api) => {
      const { id } = (await on(api).post()).body.data;
      for (const part of ['logs', 'jobs']) {
        assert.deepEqual((await api.admin('GET', `${path}/${id}/${part}`)).body.data, []);
        for (const unknown of [randomUUID(), 'x', '%00'])
          assert.equal((await api.admin('GET', `${path}/${unknown}/${part}`)).status, 404);
      }
      for (const job of [randomUUID(), 'x']) {
        assert.equal((await api.admin('GET', `${path}/${id}/jobs/${job}/logs`)).status, 404);
      }
      const logs = await api.admin('GET', `${path}/logs?page[limit]=5&page[offset]=0`);
      assert.deepEqual([logs.body.data, logs.body.meta.page.limit], [[], 5]);
      for (const query of ['page[limit]=0', 'page[offset]=x', 'page[offset]=99999', 'filter=x', 'filter=eq(a']) {
        assert.equal((await api.admin('GET', `${path}/logs?${query}`)).status, 400, query);
      }
      assert.equal((await api.admin('GET', `${path}/logs?filter=eq(status,x)`)).status, 200);
    }),
  },
  ...integrationEventCases,
  ...integrationHostileCases,
];
