import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from 'amqplib';
import { letterOf } from './dead-letter.ts';

test('a dead letter of the broker itself says which queue gave it up, and why', () => {
  const time = { '!': 'timestamp', value: 1_700_000_000 };
  const headers = { 'x-death': [{ queue: 'things.v1', reason: 'delivery_limit', count: 1, time }] };
  const message = { content: Buffer.from(''), properties: { messageId: 'a', type: 'things.changed', headers } };
  assert.deepEqual(letterOf(message as unknown as Message), {
    id: 'a',
    type: 'things.changed',
    queue: 'things.v1',
    reason: 'the broker gave up: delivery_limit',
    failures: 0,
    at: '2023-11-14T22:13:20.000Z',
  });
});

test('a message from elsewhere is listed too', () => {
  const message = { content: Buffer.from(''), properties: {} } as unknown as Message;
  assert.deepEqual(letterOf(message), {
    id: '',
    type: '',
    queue: '',
    reason: 'the broker gave up: unknown',
    failures: 0,
    at: '',
  });
});
