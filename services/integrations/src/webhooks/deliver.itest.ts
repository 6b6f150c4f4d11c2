import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { until } from '@banyan/kit/testing';
import { keepIntegration } from '../store/integrations.ts';
import { claim, leaseMs } from './deliver.ts';
import { signatureOf } from './signature.ts';
import { type Bench, factAt, openBench, openReceiver, type Receiver } from './testing.ts';
import { deliveryId } from './uuid5.ts';

const minuteMs = 60_000;
const secret = 'whsec_aHVudGVyMg==';

let it: Bench;
let receiver: Receiver;
before(async () => {
  it = await openBench();
});
after(() => it.drop());
beforeEach(async () => {
  receiver = await openReceiver();
  await it.clear();
});
afterEach(() => receiver.close());

const integrate = (observes = ['brand.created'], url = `${receiver.url}/hook?a=1`, secretKey: string | null = secret) =>
  it.integrate(observes, { url, ...(secretKey === null ? {} : { secret_key: secretKey }) });
const happen = async (members: Parameters<typeof factAt>[1] = {}) => {
  const event = factAt(it.now(), members);
  await it.hear(event);
  return event;
};
const claimSome = () => claim({ store: it.store, now: it.now, concurrency: 8 });

describe('a webhook', () => {
  test('is one POST with the headers and the body of the API, signed', async () => {
    const id = await integrate();
    const { id: eventId, state } = await happen();
    assert.equal(await it.deliver(), 1);
    const [{ path, headers, body } = assert.fail('nothing was received'), ...more] = receiver.received;
    assert.deepEqual([more.length, path], [0, '/hook?a=1']);
    const { resources, payload, ...rest } = JSON.parse(body);
    assert.deepEqual(rest, {
      id: deliveryId(eventId, id),
      triggered_by: 'brand.created',
      attempt: 1,
      integration: { id, integration_type: 'webhook', name: 'I', description: 'D' },
      configuration: { secret_key: secret, url: `${receiver.url}/hook?a=1` },
    });
    assert.deepEqual([resources, payload], [JSON.stringify(state), state]);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['webhook-id'], rest.id);
    assert.equal(headers['x-moltin-secret-key'], secret);
    assert.equal(headers['x-moltin-integration-trigger'], 'brand.created');
    const timestamp = Number(headers['webhook-timestamp']);
    assert.equal(timestamp, Math.floor(it.now() / 1_000));
    assert.equal(headers['webhook-signature'], signatureOf(secret, rest.id, timestamp, body));
  });

  test('without a secret is not signed', async () => {
    await integrate(['brand.created'], receiver.url, null);
    await happen();
    await it.deliver();
    const names = Object.keys(receiver.received[0]?.headers ?? {});
    assert.ok(names.includes('webhook-id'));
    assert.ok(!names.includes('webhook-signature') && !names.includes('x-moltin-secret-key'));
  });

  test('of a deletion holds type and id', async () => {
    await integrate(['brand.deleted']);
    const { aggregateId: id } = await happen({ type: 'brand.deleted', state: null });
    await it.deliver();
    const { resources, payload } = JSON.parse(receiver.received[0]?.body ?? '');
    const gone = { type: 'brand', id };
    assert.deepEqual([resources, payload], [gone, gone]);
  });

  test('goes to each enabled integration that observes the event, once, however often the fact comes', async () => {
    const ids = [await integrate(['brand.created', 'brand.updated']), await integrate()];
    await it.change(await integrate(), { enabled: false });
    await integrate(['brand.updated']);
    const event = await happen();
    await it.hear(event);
    assert.deepEqual([await it.deliver(), await it.deliver()], [2, 0]);
    await it.hear(event);
    assert.equal(await it.deliver(), 0);
    const got = receiver.received.map(({ body }) => JSON.parse(body).integration.id);
    assert.deepEqual(got.sort(), ids.sort());
  });

  test('has one record for each event and integration, also when instances hear and deliver at once', async () => {
    const id = await integrate();
    const events = Array.from({ length: 12 }, () => factAt(it.now()));
    for (let from = 0; from < events.length; from += 3) {
      const some = events.slice(from, from + 3);
      await Promise.all([...some, ...some].map((event) => it.hear(event)));
    }
    await Promise.all([it.deliver(), it.deliver(), it.deliver()]);
    const ids = receiver.received.map(({ headers }) => String(headers['webhook-id']));
    assert.deepEqual(ids.sort(), events.map((event) => deliveryId(event.id, id)).sort());
    assert.equal((await it.jobs(id)).length, 12);
  });

  test('tells of nothing that happened before the integration was made, but for what clocks may differ', async () => {
    it.advance(minuteMs);
    await integrate();
    await it.hear(factAt(it.now() - minuteMs));
    assert.equal(await it.deliver(), 0);
    await it.hear(factAt(it.now() - 5_000));
    assert.equal(await it.deliver(), 1);
  });

  test('tells of no fact that cannot be observed, and such a fact is not kept', async () => {
    await integrate();
    await happen({ type: 'stock.counted' });
    assert.deepEqual(await it.query('select from heard_events'), []);
  });
});

describe('a delivery that fails', () => {
  test('is tried again after a growing pause, under the same id, with a log of each attempt', async () => {
    const id = await integrate();
    await happen();
    receiver.reply = (response) => response.writeHead(500).end('broken');
    assert.deepEqual([await it.deliver(), await it.deliver()], [1, 0]);
    it.advance(minuteMs);
    assert.equal(await it.deliver(), 1);
    it.advance(minuteMs);
    assert.equal(await it.deliver(), 0, 'the second pause is longer');
    it.advance(minuteMs);
    receiver.reply = (response) => response.writeHead(204).end();
    assert.deepEqual([await it.deliver(), await it.deliver()], [1, 0]);
    assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.deepEqual(
      receiver.received.map(({ body }) => JSON.parse(body).attempt),
      [1, 2, 3],
    );
    assert.deepEqual(
      (await it.logs(id)).map((log) => [log.attempt, log.succeeded, log.status_code, log.body]),
      [
        [3, true, 204, ''],
        [2, false, 500, 'broken'],
        [1, false, 500, 'broken'],
      ],
    );
    assert.partialDeepStrictEqual(await it.jobs(id), [{ status: 'delivered', attempts: 3 }]);
    assert.deepEqual(
      await it.query('select resources from deliveries'),
      [{ resources: null }],
      'nothing is left to send',
    );
  });

  test('is given up after eight attempts', async () => {
    const id = await integrate();
    await happen();
    receiver.reply = (response) => response.writeHead(404).end();
    for (let n = 0; n < 10; n += 1) {
      await it.deliver();
      it.advance(7 * 60 * minuteMs);
    }
    assert.equal(receiver.received.length, 8);
    assert.equal((await it.jobs(id))[0]?.status, 'failed');
  });

  test('with 410 disables its integration, and nothing is tried again', async () => {
    const id = await integrate();
    await happen();
    receiver.reply = (response) => response.writeHead(410).end();
    await it.deliver();
    assert.deepEqual(await it.query('select enabled from integrations'), [{ enabled: false }]);
    it.advance(60 * minuteMs);
    await happen();
    assert.equal(await it.deliver(), 0);
    assert.equal((await it.jobs(id))[0]?.status, 'failed');
  });

  test('a redirect is a failure, and is not followed', async () => {
    const id = await integrate();
    await happen();
    receiver.reply = (response) => response.writeHead(307, { location: `${receiver.url}/elsewhere` }).end();
    await it.deliver();
    assert.deepEqual(
      receiver.received.map(({ path }) => path),
      ['/hook?a=1'],
    );
    assert.equal((await it.logs(id))[0]?.status_code, 307);
  });

  test('a receiver that does not end its reply in time is a failure without a status', async () => {
    const id = await integrate();
    await happen();
    receiver.reply = (response) => response.writeHead(200).write('slow');
    await it.deliver({ timeoutMs: 50 });
    const [log] = await it.logs(id);
    assert.deepEqual([log?.succeeded, log?.status_code, log?.body], [false, null, null]);
    assert.match(log?.error_detail ?? '', /within 0.05 s/);
  });

  test('the log has the start of a reply only, as text that the store can keep, without the secret', async () => {
    const id = await integrate();
    await happen();
    receiver.reply = (response, { body }) => response.writeHead(200).end(`a\0b\xff${body}${'x'.repeat(1e6)}`, 'latin1');
    await it.deliver();
    const [log] = await it.logs(id);
    assert.equal(log?.succeeded, true);
    const text = log?.body ?? '';
    assert.ok(text.startsWith('a\ufffdb\ufffd{') && text.length <= 4_200);
    assert.doesNotMatch(text, /whsec_/);
    assert.match(text, /\(secret\)/);
  });
});

describe('no address of the platform is reached', () => {
  const inward = ['10.0.0.1', '169.254.169.254', '127.0.0.2', '::1', '::ffff:127.0.0.1', 'fd00::1'];

  test('whatever a name resolves to: one such address among others is enough', async () => {
    const id = await integrate(['brand.created'], `http://hooks.example.com:${receiver.port}/`);
    for (const address of inward) {
      await happen();
      const family = address.includes(':') ? 6 : 4;
      const addresses = [
        { address: '127.0.0.1', family: 4 },
        { address, family },
      ];
      await it.deliver({ resolve: async () => addresses });
      assert.match((await it.logs(id))[0]?.error_detail ?? '', /must not be reached/, address);
      it.advance(1_000);
    }
    assert.equal(receiver.received.length, 0);
  });

  test('nor by an address in the URL, even if it is in the store already', async () => {
    const id = await integrate();
    for (const host of ['127.0.0.2', '2130706434', '0x7f.2', '[::1]', '[::ffff:7f00:2]', '0', '017700000002']) {
      const url = `http://${host}:${receiver.port}/`;
      await it.query('update integrations set url = $1', [url]);
      await happen();
      await it.deliver({ resolve: () => assert.fail('an address needs no look-up') });
      assert.match((await it.logs(id))[0]?.error_detail ?? '', /must not be reached/, url);
      it.advance(1_000);
    }
    assert.equal(receiver.received.length, 0);
  });

  test('the connection goes to the checked address: the name is looked up once', async () => {
    await integrate(['brand.created'], `http://rebind.example.com:${receiver.port}/`);
    await happen();
    let lookups = 0;
    await it.deliver({
      resolve: async () => {
        lookups += 1;
        return [{ address: lookups === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }];
      },
    });
    assert.deepEqual([lookups, receiver.received.length], [1, 1]);
    assert.equal(receiver.received[0]?.headers.host, `rebind.example.com:${receiver.port}`);
  });
});

describe('an instance that dies or stops', () => {
  test('after the claim: another instance delivers once the lease has ended', async () => {
    const id = await integrate();
    await happen();
    assert.equal((await claimSome()).length, 1);
    assert.equal(await it.deliver(), 0);
    it.advance(leaseMs);
    assert.equal(await it.deliver(), 1);
    assert.equal(JSON.parse(receiver.received[0]?.body ?? '').attempt, 2);
    assert.equal((await it.jobs(id))[0]?.status, 'delivered');
  });

  test('during a delivery: the delivery is given back at once and not logged', async () => {
    const id = await integrate();
    await happen();
    const stopping = new AbortController();
    receiver.reply = () => stopping.abort();
    await it.deliver({}, stopping.signal);
    assert.deepEqual(await it.logs(id), []);
    receiver.reply = (response) => response.end();
    assert.equal(await it.deliver(), 1);
    assert.equal(JSON.parse(receiver.received[1]?.body ?? '').attempt, 1);
  });

  test('a slow success counts even if another instance has the delivery by then', async () => {
    const id = await integrate();
    await happen();
    const arrived = Promise.withResolvers<() => void>();
    receiver.reply = (response) => arrived.resolve(() => response.end());
    const slow = it.deliver();
    const release = await arrived.promise;
    it.advance(leaseMs);
    receiver.reply = (response) => response.writeHead(500).end();
    await until('another attempt', async () => receiver.received.length === 2);
    release();
    await slow;
    const [job] = await it.jobs(id);
    assert.deepEqual([job?.status, job?.attempts], ['delivered', 2]);
  });
});

describe('what waits', () => {
  test('a slow receiver holds up no other', async () => {
    await integrate(['brand.created'], `${receiver.url}/slow`);
    await integrate(['brand.updated'], `${receiver.url}/quick`);
    const arrived = Promise.withResolvers<() => void>();
    receiver.reply = (response, { path }) => {
      if (path === '/slow') arrived.resolve(() => response.end());
      else response.end();
    };
    await happen();
    const delivering = it.deliver();
    const release = await arrived.promise;
    await happen({ type: 'brand.updated' });
    await until('the other one', async () => receiver.received.some(({ path }) => path === '/quick'));
    release();
    assert.equal(await delivering, 2);
  });

  test('a change of an integration does not wait for its deliveries', async () => {
    const id = await integrate();
    const planning = Promise.withResolvers<void>();
    const planned = Promise.withResolvers<void>();
    const other = it.store.write(async ({ tx }) => {
      await keepIntegration(tx, id);
      planned.resolve();
      await planning.promise;
    });
    await planned.promise;
    await it.change(id, { name: 'Other' });
    planning.resolve();
    await other;
  });

  test('deliveries of a disabled integration wait until it is enabled', async () => {
    const id = await integrate();
    await happen();
    await it.change(id, { enabled: false });
    assert.equal(await it.deliver(), 0);
    await it.change(id, { enabled: true });
    assert.equal(await it.deliver(), 1);
  });

  test('a deleted integration takes its deliveries and logs with it', async () => {
    const id = await integrate();
    await happen();
    receiver.reply = (response) => response.writeHead(500).end();
    await it.deliver();
    await it.remove(id);
    it.advance(60 * minuteMs);
    assert.equal(await it.deliver(), 0);
    const left = 'select (select count(*) from deliveries) + (select count(*) from delivery_logs) as n';
    assert.deepEqual(await it.query(left), [{ n: '0' }]);
  });

  test('an integration that is deleted during a delivery leaves no log', async () => {
    const id = await integrate();
    await happen();
    const arrived = Promise.withResolvers<() => void>();
    receiver.reply = (response) => arrived.resolve(() => response.end());
    const delivering = it.deliver();
    const release = await arrived.promise;
    await it.remove(id);
    release();
    assert.equal(await delivering, 1);
    assert.deepEqual(await it.query('select from delivery_logs'), []);
  });
});
