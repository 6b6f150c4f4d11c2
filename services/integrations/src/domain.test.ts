import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changedBy,
  type Integration,
  integrationEventView,
  integrationView,
  madeOf,
  requireRoom,
  requireRoomPerEvent,
} from './domain.ts';

const made = (members: object = {}): Integration => ({
  ...madeOf(
    {
      ...{ type: 'integration', name: 'N', description: 'D', integration_type: 'webhook', observes: ['brand.created'] },
      configuration: { url: 'https://x.example', secret_key: 'hidden' },
    },
    'id',
    1_000,
  ),
  ...members,
});

test('a new integration is disabled, and an empty secret is none', () => {
  assert.equal(made().enabled, false);
  assert.equal(changedBy(made(), { configuration: { secret_key: '' } }, 2_000).secretKey, null);
});

test('a change keeps what it does not name', () => {
  assert.deepEqual(changedBy(made(), { name: 'O' }, 2_000), made({ name: 'O', updatedAt: 2_000 }));
  const url = 'https://y.example';
  assert.deepEqual(changedBy(made(), { configuration: { url } }, 2_000), made({ url, updatedAt: 2_000 }));
});

test('other integrations are told of it without its secret', () => {
  assert.deepEqual(integrationView(made(), 'http://s').configuration, {
    url: 'https://x.example',
    secret_key: 'hidden',
  });
  assert.doesNotMatch(JSON.stringify(integrationEventView(made(), 'http://s')), /hidden/);
});

test('there is room for 100, and for five that observe one event', () => {
  requireRoom(Array.from({ length: 99 }, () => made()));
  assert.throws(() => requireRoom(Array.from({ length: 100 }, () => made())), { code: 'limit_reached' });
  requireRoomPerEvent(
    Array.from({ length: 4 }, () => made()),
    ['brand.created'],
  );
  const five = Array.from({ length: 5 }, () => made());
  requireRoomPerEvent(five, ['brand.updated']);
  assert.throws(() => requireRoomPerEvent(five, ['brand.updated', 'brand.created']), { code: 'limit_reached' });
});
