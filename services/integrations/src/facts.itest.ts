import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { factId, factOf } from '@banyan/kit/facts';
import { openPublisher, type Publisher } from '@banyan/kit/messages';
import { type FactsBroker, type FakeMesh, openFactsBroker, startFakeMesh, until } from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';
import { openReceiver, type Receiver } from './webhooks/testing.ts';
import { deliveryId } from './webhooks/uuid5.ts';

const token = 'a'.repeat(40);
const secret = 'whsec_bm90IGluIGEgZmFjdA==';

describe('facts and integrations, over a broker', () => {
  let mesh: FakeMesh;
  let facts: FactsBroker;
  let instance: Instance;
  let receiver: Receiver;
  let publisher: Publisher;
  before(async () => {
    mesh = await startFakeMesh();
    const active = { active: true, client_id: 'tests', identifier: 'client_credentials', scope: '', exp: 2 ** 31 - 1 };
    mesh.services = { monolith: () => ({ status: 200, body: active }) };
    facts = await openFactsBroker();
    receiver = await openReceiver();
    instance = await startInstance(mesh.url, facts.env);
    await instance.service.ready;
    publisher = await openPublisher({ url: facts.broker.url, prefix: facts.broker.prefix, name: 'tests' });
  });
  after(async () => {
    await publisher.close();
    await instance.close();
    await receiver.close();
    await facts.drop(['integrations.webhooks']);
    mesh.close();
  });

  const call = async (method: string, path: string, data?: object) => {
    const response = await fetch(`${instance.service.url}/v2/integrations${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(data === undefined ? {} : { body: JSON.stringify({ data }) }),
    });
    assert.ok(response.ok, await response.clone().text());
    return ((await response.json()) as { data: { id: string } }).data;
  };
  const integrate = (observes: string[]) =>
    call('POST', '', {
      ...{ type: 'integration', integration_type: 'webhook', name: 'N', description: '', enabled: true, observes },
      configuration: { url: receiver.url, secret_key: secret },
    });

  test('an integration that is made, changed and deleted is told of, without its secret key', async () => {
    const { id } = await integrate(['order.paid']);
    await call('PUT', `/${id}`, { name: 'Other' });
    await call('DELETE', `/${id}`);
    await until('three facts', () => facts.received.length >= 3);
    assert.deepEqual(
      facts.received.map(({ type, aggregateId, state }) => [type, aggregateId, state === null]),
      [
        ['integration.created', id, false],
        ['integration.updated', id, false],
        ['integration.deleted', id, true],
      ],
    );
    assert.doesNotMatch(JSON.stringify(facts.received), /whsec/);
    for (const { id: eventId, type, aggregateId, aggregateVersion } of facts.received) {
      assert.equal(eventId, factId(type, aggregateId, aggregateVersion));
    }
  });

  test('a fact of any service becomes a webhook, also after the broker was away', async () => {
    const { id } = await integrate(['brand.created']);
    const tell = async () => {
      const aggregateId = randomUUID();
      const told = { event: { type: 'brand.created', version: 1 }, aggregateId, version: 1 };
      const event = factOf({ ...told, state: { data: { id: aggregateId } }, atUs: Date.now() * 1_000 });
      const content = Buffer.from(JSON.stringify(event));
      await until('a queue of the service to take it', () =>
        publisher.publish(publisher.names.facts, event.type, content, { messageId: event.id }).catch(() => false),
      );
      return deliveryId(event.id, id);
    };
    const arrived = (delivery: string) =>
      until('the webhook', () => receiver.received.some(({ headers }) => headers['webhook-id'] === delivery));
    await arrived(await tell());
    facts.broker.takeDown();
    facts.broker.bringBack();
    await arrived(await tell());
  });

  test('a service without a broker says that it delivers nothing', async () => {
    const other = await startInstance(mesh.url);
    assert.match(other.lines.join(''), /without a broker/);
    await other.close();
  });
});
