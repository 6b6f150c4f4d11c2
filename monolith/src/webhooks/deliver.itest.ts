import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { allowedNetworks } from '../outbound/networks.ts';
import type { Outbound } from '../outbound/post.ts';
import { enableManual, makeOrder, makeProduct } from '../testing/goods.ts';
import { lockWaiters } from '../testing/locks.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { openReceiver, type Receiver } from '../testing/receiver.ts';
import { claimDeliveries, leaseMs } from './claim.ts';
import { forgetEvents } from './clean-up.ts';
import { deliverWebhooks } from './deliver.ts';
import { dispatchEvents } from './dispatch.ts';
import { signatureOf } from './signature.ts';
import { deliveryId } from './uuid5.ts';

let it: TestShop;
let receiver: Receiver;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());
afterEach(() => receiver.close());
beforeEach(async () => {
  receiver = await openReceiver();
  await it.shop.db.query('delete from integrations');
  await it.shop.db.query('delete from shop_events');
});

const minuteMs = 60_000;
const out: Outbound = {
  allowed: allowedNetworks(['127.0.0.1']),
  resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  timeoutMs: 5_000,
};
const never = new AbortController().signal;
const deliver = (changes: Partial<Outbound> = {}) =>
  deliverWebhooks(it.shop, { out: { ...out, ...changes }, signal: never, pickMs: (least) => least });

const integrate = async (observes: string[], members: object = {}): Promise<string> => {
  const configuration = { url: `${receiver.url}/hook?a=1`, secret_key: 'whsec_aHVudGVyMg==' };
  const data = { type: 'integration', name: 'I', description: 'D', integration_type: 'webhook', enabled: true };
  const made = await it.admin('POST', '/v2/integrations', { data: { ...data, observes, configuration, ...members } });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.data.id;
};
const makeBrand = async (): Promise<string> => {
  const data = { type: 'brand', name: 'B', slug: randomUUID() };
  return (await it.admin('POST', '/v2/brands', { data })).body.data.id;
};
const list = async (path: string) => (await it.admin('GET', `/v2/integrations/${path}`)).body.data;
const enabled = async (id: string) => (await list(id)).enabled;

describe('a webhook', () => {
  test('is one POST with the headers and the body of the API, signed', async () => {
    const id = await integrate(['order.paid']);
    await enableManual(it);
    const order = await makeOrder(it, randomUUID(), await makeProduct(it));
    const pay = { gateway: 'manual', method: 'purchase' };
    await it.admin('POST', `/v2/orders/${order}/payments`, { data: pay });
    assert.equal(await deliver(), 1);
    const [{ path, headers, body } = assert.fail('nothing was received'), ...more] = receiver.received;
    assert.deepEqual([more.length, path], [0, '/hook?a=1']);
    const message = JSON.parse(body);
    const { resources, payload, ...rest } = message;
    const configuration = { url: `${receiver.url}/hook?a=1`, secret_key: 'whsec_aHVudGVyMg==' };
    assert.deepEqual(rest, {
      id: headers['webhook-id'],
      triggered_by: 'order.paid',
      attempt: 1,
      integration: { id, integration_type: 'webhook', name: 'I', description: 'D' },
      configuration,
    });
    assert.deepEqual(JSON.parse(resources), payload);
    const shown = (await it.admin('GET', `/v2/orders/${order}?include=items`)).body;
    assert.deepEqual(payload, shown);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['x-moltin-secret-key'], configuration.secret_key);
    assert.equal(headers['x-moltin-integration-trigger'], 'order.paid');
    const timestamp = Number(headers['webhook-timestamp']);
    assert.ok(Math.abs(timestamp - it.shop.now().getTime() / 1000) < 60);
    assert.equal(headers['webhook-signature'], signatureOf(configuration.secret_key, String(rest.id), timestamp, body));
  });

  test('without a secret is not signed', async () => {
    await integrate(['brand.created'], { configuration: { url: receiver.url } });
    await makeBrand();
    await deliver();
    const names = Object.keys(receiver.received[0]?.headers ?? {});
    assert.ok(names.includes('webhook-id'));
    assert.ok(!names.includes('webhook-signature') && !names.includes('x-moltin-secret-key'));
    assert.deepEqual(JSON.parse(receiver.received[0]?.body ?? '').configuration, { url: receiver.url });
  });

  test('of a deletion holds type and id', async () => {
    await integrate(['brand.deleted']);
    const id = await makeBrand();
    await it.admin('DELETE', `/v2/brands/${id}`);
    await deliver();
    const { resources, payload } = JSON.parse(receiver.received[0]?.body ?? '');
    assert.deepEqual(
      [resources, payload],
      [
        { type: 'brand', id },
        { type: 'brand', id },
      ],
    );
  });

  test('goes to each enabled integration that observes the event, once', async () => {
    const ids = [await integrate(['brand.created', 'brand.updated']), await integrate(['brand.created'])];
    await integrate(['brand.created'], { enabled: false });
    await integrate(['brand.updated']);
    await makeBrand();
    assert.deepEqual([await deliver(), await deliver()], [2, 0]);
    const got = receiver.received.map(({ body }) => JSON.parse(body).integration.id);
    assert.deepEqual(got.sort(), ids.sort());
  });

  test('has one record for each event and integration, also when processes deliver at once', async () => {
    const integration = await integrate(['brand.created']);
    for (let n = 0; n < 20; n += 1) await makeBrand();
    await Promise.all([deliver(), deliver(), deliver()]);
    assert.equal(receiver.received.length, 20);
    const events = await it.shop.db.query<{ id: string }>("select id from shop_events where key = 'brand.created'");
    const ids = receiver.received.map(({ headers }) => String(headers['webhook-id']));
    assert.deepEqual(ids.sort(), events.rows.map(({ id }) => deliveryId(id, integration)).sort());
    assert.equal((await list(`${integration}/jobs`)).length, 20);
  });
});

describe('a delivery that fails', () => {
  test('is tried again after a growing pause, under the same id, with a log of each attempt', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    receiver.reply = (response) => response.writeHead(500).end('broken');
    assert.deepEqual([await deliver(), await deliver()], [1, 0]);
    it.advance(minuteMs);
    assert.equal(await deliver(), 1);
    it.advance(minuteMs);
    assert.equal(await deliver(), 0, 'the second pause is longer');
    it.advance(minuteMs);
    receiver.reply = (response) => response.writeHead(204).end();
    assert.deepEqual([await deliver(), await deliver()], [1, 0]);
    const { received } = receiver;
    assert.equal(new Set(received.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.deepEqual(
      received.map(({ body }) => JSON.parse(body).attempt),
      [1, 2, 3],
    );
    const logs = await list(`${id}/logs`);
    const [job] = await list(`${id}/jobs`);
    assert.deepEqual(
      logs.map((log: Record<string, unknown>) => [log.attempt, log.succeeded, log.status_code, log.body]),
      [
        [3, true, 204, ''],
        [2, false, 500, 'broken'],
        [1, false, 500, 'broken'],
      ],
    );
    const [last, first] = [logs[0], logs[2]];
    assert.deepEqual([last.type, last.error_detail], ['integration-log', null]);
    assert.equal(typeof first.error_detail, 'string');
    assert.equal(typeof last.processing_time, 'number');
    assert.deepEqual(last.relationships, {
      integration: { data: { type: 'integration', id } },
      job: { data: { type: 'integration-job', id: job.id } },
    });
    assert.match(last.meta.timestamps.created_at, /^\d{4}-.*Z$/);
    assert.partialDeepStrictEqual(job, { type: 'integration-job', status: 'delivered', attempts: 3 });
    assert.deepEqual(await list(`${id}/jobs/${job.id}/logs`), logs);
    assert.deepEqual(await list('logs'), logs);
    const page = (await it.admin('GET', `/v2/integrations/${id}/logs?page[limit]=1&page[offset]=1`)).body;
    assert.deepEqual([page.data, page.meta.results.total], [[logs[1]], 3]);
  });

  test('is given up after eight attempts', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    receiver.reply = (response) => response.writeHead(404).end();
    for (let n = 0; n < 10; n += 1) {
      await deliver();
      it.advance(7 * 60 * minuteMs);
    }
    assert.equal(receiver.received.length, 8);
    assert.equal((await list(`${id}/jobs`))[0].status, 'failed');
  });

  test('with 410 disables its integration, and nothing is tried again', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    receiver.reply = (response) => response.writeHead(410).end();
    await deliver();
    assert.equal(await enabled(id), false);
    it.advance(60 * minuteMs);
    await makeBrand();
    assert.equal(await deliver(), 0);
    assert.equal((await list(`${id}/jobs`))[0].status, 'failed');
    const { rowCount } = await it.shop.db.query("select from shop_events where key = 'integration.updated'");
    assert.equal(rowCount, 1);
  });

  test('a redirect is a failure, and is not followed', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    receiver.reply = (response) => response.writeHead(307, { location: `${receiver.url}/elsewhere` }).end();
    await deliver();
    assert.deepEqual(
      receiver.received.map(({ path }) => path),
      ['/hook?a=1'],
    );
    assert.equal((await list(`${id}/logs`))[0].status_code, 307);
  });

  test('a receiver that does not end its reply in time is a failure without a status', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    receiver.reply = (response) => response.writeHead(200).write('slow');
    await deliver({ timeoutMs: 50 });
    const [log] = await list(`${id}/logs`);
    assert.deepEqual([log.succeeded, log.status_code, log.body], [false, null, null]);
    assert.match(log.error_detail, /within 0.05 s/);
  });

  test('a receiver that is not there, or has no name, is a failure', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    await receiver.close();
    await deliver();
    const missing = Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
    await it.admin('PUT', `/v2/integrations/${id}`, {
      data: { configuration: { url: 'http://nowhere.example.com/' } },
    });
    it.advance(minuteMs);
    await deliver({ resolve: () => Promise.reject(missing) });
    const details = (await list(`${id}/logs`)).map((log: { error_detail: string }) => log.error_detail);
    assert.deepEqual(details, ['The connection failed: ENOTFOUND', 'The connection failed: ECONNREFUSED']);
    receiver = await openReceiver();
  });

  test('the log has the start of a reply only, as text that the store can keep, without the secret', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    receiver.reply = (response, { body }) => response.writeHead(200).end(`a\0b\xff${body}${'x'.repeat(1e6)}`, 'latin1');
    await deliver();
    const [log] = await list(`${id}/logs`);
    assert.equal(log.succeeded, true);
    assert.ok(log.body.startsWith('a\ufffdb\ufffd{') && log.body.length <= 4_200);
    assert.doesNotMatch(log.body, /whsec_/);
    assert.match(log.body, /\(secret\)/);
  });
});

describe('no address of the platform is reached', () => {
  const inward = ['10.0.0.1', '169.254.169.254', '127.0.0.2', '::1', '::ffff:127.0.0.1', 'fd00::1'];

  test('whatever a name resolves to: one such address among others is enough', async () => {
    const id = await integrate(['brand.created'], {
      configuration: { url: `http://hooks.example.com:${receiver.port}/` },
    });
    for (const address of inward) {
      await it.shop.db.query('delete from shop_events');
      await makeBrand();
      const family = address.includes(':') ? 6 : 4;
      await deliver({
        resolve: async () => [
          { address: '127.0.0.1', family: 4 },
          { address, family },
        ],
      });
      const [log] = await list(`${id}/logs`);
      assert.match(log.error_detail, /must not be reached/, address);
    }
    assert.equal(receiver.received.length, 0);
  });

  test('nor by an address in the URL, even if it is in the store already', async () => {
    const id = await integrate(['brand.created']);
    for (const host of ['127.0.0.2', '2130706434', '0x7f.2', '[::1]', '[::ffff:7f00:2]', '0']) {
      await it.shop.db.query('delete from shop_events');
      const url = `http://${host}:${receiver.port}/`;
      await it.shop.db.query('update integrations set url = $1', [url]);
      await makeBrand();
      await deliver({ resolve: () => assert.fail('an address needs no look-up') });
      assert.match((await list(`${id}/logs`))[0].error_detail, /must not be reached/, url);
    }
    assert.equal(receiver.received.length, 0);
  });

  test('the connection goes to the checked address: the name is looked up once', async () => {
    await integrate(['brand.created'], { configuration: { url: `http://rebind.example.com:${receiver.port}/` } });
    await makeBrand();
    let lookups = 0;
    await deliver({
      resolve: async () => {
        lookups += 1;
        return [{ address: lookups === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }];
      },
    });
    assert.deepEqual([lookups, receiver.received.length], [1, 1]);
    assert.equal(receiver.received[0]?.headers.host, `rebind.example.com:${receiver.port}`);
  });
});

describe('a process that dies or stops', () => {
  test('after the claim: another process delivers once the lease has ended', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    await dispatchEvents(it.shop.db, it.shop.now());
    assert.equal((await claimDeliveries(it.shop.db, it.shop.now(), 8)).length, 1);
    assert.equal(await deliver(), 0);
    it.advance(leaseMs);
    assert.equal(await deliver(), 1);
    assert.equal(JSON.parse(receiver.received[0]?.body ?? '').attempt, 2);
    assert.equal((await list(`${id}/jobs`))[0].status, 'delivered');
  });

  test('during a delivery: the delivery is given back at once and not logged', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    const stopping = new AbortController();
    receiver.reply = () => stopping.abort();
    await deliverWebhooks(it.shop, { out, signal: stopping.signal });
    assert.deepEqual(await list(`${id}/logs`), []);
    receiver.reply = (response) => response.end();
    assert.equal(await deliver(), 1);
    assert.equal(JSON.parse(receiver.received[1]?.body ?? '').attempt, 1);
  });

  test('a slow success counts even if another process has the delivery by then', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    const arrived = Promise.withResolvers<() => void>();
    receiver.reply = (response) => arrived.resolve(() => response.end());
    const slow = deliver();
    const release = await arrived.promise;
    it.advance(leaseMs);
    receiver.reply = (response) => response.writeHead(500).end();
    assert.equal(await deliver(), 1);
    release();
    await slow;
    const [job] = await list(`${id}/jobs`);
    assert.deepEqual([job.status, job.attempts], ['delivered', 2]);
  });
});

describe('while another program plans deliveries', () => {
  const shut = `create function not_ours() returns trigger language plpgsql as
      $$ begin raise exception 'owned elsewhere' using errcode = 'BN421'; end $$;
    create trigger fence before update on webhook_turn for each row execute function not_ours();
    create trigger fence before delete on integration_jobs for each row execute function not_ours();`;
  const open = 'drop function if exists not_ours cascade';
  afterEach(async () => {
    await it.shop.db.query(open);
  });
  const waiting = async () =>
    (await it.shop.db.query("select from shop_events where dispatched_at is null and key like 'brand%'")).rowCount;

  test('events stay as they are, observed or not, and are planned when that ends', async () => {
    await integrate(['brand.created']);
    const id = await makeBrand();
    await it.admin('DELETE', `/v2/brands/${id}`);
    await it.shop.db.query(shut);
    await assert.rejects(deliver(), { code: 'BN421' });
    assert.deepEqual([await waiting(), receiver.received.length], [2, 0]);
    await it.shop.db.query(open);
    assert.deepEqual([await deliver(), await waiting()], [1, 0]);
  });

  test('old events are forgotten, but for those with deliveries', async () => {
    await integrate(['brand.created']);
    await makeBrand();
    await deliver();
    await it.admin('POST', '/v2/brands', { data: { type: 'brand', name: 'B', slug: randomUUID() } });
    await it.shop.db.query(shut);
    const later = new Date(it.shop.now().getTime() + 40 * 24 * 60 * minuteMs);
    await forgetEvents(it.shop.db, later);
    const { rows } = await it.shop.db.query<{ key: string }>('select key from shop_events');
    assert.deepEqual(rows, [{ key: 'brand.created' }]);
  });
});

describe('what waits', () => {
  test('an event of yesterday is not planned any more, nor one that happened before the integration was made', async () => {
    await makeBrand();
    it.advance(minuteMs);
    await integrate(['brand.created']);
    assert.equal(await deliver(), 0, 'before');
    await makeBrand();
    it.advance(24 * 60 * minuteMs);
    assert.equal(await deliver(), 0, 'of yesterday');
    await makeBrand();
    assert.equal(await deliver(), 1);
  });

  test('deliveries of a disabled integration wait until it is enabled', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    await dispatchEvents(it.shop.db, it.shop.now());
    const put = (members: object) => it.admin('PUT', `/v2/integrations/${id}`, { data: members });
    await put({ enabled: false });
    assert.equal(await deliver(), 0);
    await put({ enabled: true });
    assert.equal(await deliver(), 1);
  });

  test('a deleted integration takes its deliveries with it', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    await dispatchEvents(it.shop.db, it.shop.now());
    await it.admin('DELETE', `/v2/integrations/${id}`);
    assert.equal(await deliver(), 0);
    assert.deepEqual(await list('logs'), []);
  });

  test('a deletion of the integration and the log of a delivery do not deadlock', async () => {
    const id = await integrate(['brand.created']);
    await makeBrand();
    await dispatchEvents(it.shop.db, it.shop.now());
    const deletion = await it.shop.db.connect();
    await deletion.query('begin');
    await deletion.query('select from integrations where id = $1 for update', [id]);
    const delivered = deliver();
    try {
      await lockWaiters(it, 1);
      await deletion.query('select from integration_jobs for update nowait');
      await deletion.query('delete from integrations where id = $1', [id]);
      await deletion.query('commit');
    } finally {
      await deletion.query('rollback');
      deletion.release();
    }
    assert.equal(await delivered, 1);
    assert.deepEqual(await list('logs'), []);
  });

  test('events are forgotten after 30 days, unobserved ones after a day', async () => {
    await integrate(['brand.created']);
    await makeBrand();
    await deliver();
    const dayMs = 24 * 60 * minuteMs;
    const left = async (days: number) => {
      await forgetEvents(it.shop.db, new Date(it.shop.now().getTime() + days * dayMs));
      return (await it.shop.db.query<{ key: string }>('select key from shop_events order by seq')).rows;
    };
    assert.deepEqual(await left(0.9), [{ key: 'integration.created' }, { key: 'brand.created' }]);
    assert.deepEqual(await left(1.1), [{ key: 'brand.created' }]);
    assert.deepEqual(await left(30.1), []);
    assert.deepEqual(await list('logs'), []);
  });
});
