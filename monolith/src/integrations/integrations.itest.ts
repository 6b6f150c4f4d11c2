import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());
beforeEach(() => it.shop.db.query('delete from integrations'));

const path = '/v2/integrations';
const sample = {
  type: 'integration',
  name: 'Mails',
  description: 'Sends mails',
  integration_type: 'webhook',
  observes: ['order.created', 'order.paid'],
  configuration: { url: 'https://hooks.example.com/orders', secret_key: 'hunter2' },
};
const post = (members: object = {}, headers = {}) =>
  it.admin('POST', path, { data: { ...sample, ...members } }, headers);
const put = (id: string, members: object) =>
  it.admin('PUT', `${path}/${id}`, { data: { type: 'integration', ...members } });
const withUrl = (url: unknown) => ({ configuration: { url } });

describe('integrations', () => {
  test('are created disabled, read, listed, changed in part and deleted', async () => {
    const made = await post();
    assert.equal(made.status, 201);
    const { id, links, meta, ...rest } = made.body.data;
    assert.deepEqual(rest, { ...sample, enabled: false });
    assert.deepEqual(links, { self: `http://shop.test/v2/integrations/${id}` });
    assert.equal(meta.timestamps.created_at, meta.timestamps.updated_at);
    assert.deepEqual((await it.admin('GET', `${path}/${id}`)).body, made.body);
    const second = (await post()).body.data.id;
    const list = (await it.admin('GET', path)).body.data;
    assert.deepEqual(
      list.map((each: { id: string }) => each.id),
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
    const deleted = await it.admin('DELETE', `${path}/${id}`);
    assert.deepEqual([deleted.status, deleted.body], [200, { data: { type: 'integration', id } }]);
    for (const method of ['GET', 'DELETE']) assert.equal((await it.admin(method, `${path}/${id}`)).status, 404);
    assert.equal((await put(id, { name: 'X' })).status, 404);
  });

  test('a change of the configuration keeps what it does not name; null removes the secret', async () => {
    const { id } = (await post()).body.data;
    const url = 'https://hooks.example.com/other';
    const moved = (await put(id, withUrl(url))).body.data.configuration;
    assert.deepEqual(moved, { url, secret_key: 'hunter2' });
    const open = (await put(id, { configuration: { secret_key: null } })).body.data.configuration;
    assert.deepEqual(open, { url });
  });

  test('observe known events only; names of 2018 are stored as those of today', async () => {
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
  });

  test('need name, description, kind, events and a URL', async () => {
    for (const member of ['type', 'name', 'description', 'integration_type', 'observes', 'configuration']) {
      const { status, body } = await post({ [member]: undefined });
      assert.deepEqual([status, body.errors[0].source], [422, `data.${member}`]);
    }
    assert.equal((await post({ integration_type: 'email' })).status, 422);
    assert.equal((await post({ configuration: { secret_key: 'x' } })).status, 422);
    assert.equal((await post({ configuration: { ...sample.configuration, secret_key: 'a\r\nX: y' } })).status, 422);
  });

  test('a URL that leads into the platform, is none, or holds a password is refused', async () => {
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
  });

  test('at most five observe one event, and a store has at most 100', async () => {
    for (let n = 0; n < 5; n += 1) assert.equal((await post({ observes: ['brand.created'] })).status, 201);
    const sixth = await post({ observes: ['brand.updated', 'brand.created'] });
    assert.deepEqual([sixth.status, sixth.body.errors[0].title], [422, 'Integration limit reached']);
    const other = (await post({ observes: ['brand.updated'] })).body.data.id;
    assert.equal((await put(other, { observes: ['brand.created'] })).status, 422);
    assert.equal(
      (await put(other, { observes: ['brand.updated', 'brand.deleted'] })).status,
      200,
      'its own do not count',
    );
    await it.shop.db.query(
      `insert into integrations (name, description, integration_type, observes, url, created_at, updated_at)
       select 'x', '', 'webhook', '{}', 'http://x', now(), now() from generate_series(1, 94)`,
    );
    assert.equal((await post()).status, 422);
  });

  test('five limits hold for requests at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => post({ observes: ['file.created'] })));
    assert.equal(made.filter(({ status }) => status === 201).length, 5);
  });

  test('a repeated POST with one Idempotency-Key creates one', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const [one, two] = [await post({}, key), await post({}, key)];
    assert.deepEqual(two, one);
    assert.equal((await it.admin('GET', path)).body.data.length, 1);
  });

  test('describe their members, and are for administrators only', async () => {
    const { body } = await it.admin('GET', `${path}/attributes`);
    assert.ok(body.data.some(({ value }: { value: string }) => value === 'observes'));
    for (const [method, url] of [
      ['GET', path],
      ['POST', path],
      ['GET', `${path}/logs`],
      ['GET', `${path}/${randomUUID()}/jobs`],
    ] as const) {
      assert.equal((await it.shopper(method, url)).status, 403, `${method} ${url}`);
    }
  });

  test('logs and jobs of unknown integrations are 404, those of new ones empty', async () => {
    const { id } = (await post()).body.data;
    for (const part of ['logs', 'jobs']) {
      assert.deepEqual((await it.admin('GET', `${path}/${id}/${part}`)).body.data, []);
      for (const unknown of [randomUUID(), 'x', '%00'])
        assert.equal((await it.admin('GET', `${path}/${unknown}/${part}`)).status, 404);
    }
    for (const job of [randomUUID(), 'x']) {
      assert.equal((await it.admin('GET', `${path}/${id}/jobs/${job}/logs`)).status, 404);
    }
    assert.deepEqual((await it.admin('GET', `${path}/logs`)).body.data, []);
  });
});
