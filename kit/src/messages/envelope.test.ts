import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ServiceError } from '../service/errors.ts';
import { BadMessage, eventOf, messageOf } from './envelope.ts';
import { failureKind } from './failures.ts';
import { eventAt } from './testing.ts';

describe('an envelope', () => {
  test('carries an event whole, also one of a deleted aggregate', () => {
    const trace = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };
    for (const event of [eventAt(1, { trace, deadlineMs: 5 }), eventAt(2, { state: null }), eventAt(2 ** 53 - 1)]) {
      assert.deepEqual(eventOf(messageOf(event).content), event);
    }
  });

  test('is readable when its schema has grown', () => {
    const grown = { ...eventAt(1), another: 'member' };
    assert.deepEqual(eventOf(Buffer.from(JSON.stringify(grown))), grown);
  });

  test('says what people look for in its properties', () => {
    const event = eventAt(1);
    assert.deepEqual(messageOf(event).properties, {
      messageId: event.id,
      type: 'things.changed',
      contentType: 'application/json',
      timestamp: 1_700_000_000,
    });
  });

  test('that is broken is a bad message', () => {
    const broken = ['', 'null', '3', '[1]', '{}', '\uFFFF{'];
    const wrong: Record<string, unknown>[] = [
      { id: 7 },
      { type: 'things' },
      { aggregateId: null },
      { aggregateVersion: 1.5 },
      { occurredAtUs: '1' },
      { trace: 'x' },
      { deadlineMs: 'x' },
    ];
    const texts = [...broken, ...wrong.map((change) => JSON.stringify({ ...eventAt(1), ...change }))];
    for (const text of texts) assert.throws(() => eventOf(Buffer.from(text)), BadMessage, text);
  });
});

test('a failure is the fault of the message, of the surroundings or of the handler', () => {
  assert.equal(failureKind(new BadMessage('x')), 'message');
  assert.equal(failureKind(new ServiceError('store_unavailable')), 'surroundings');
  assert.equal(failureKind(new ServiceError('peer_timeout')), 'surroundings');
  assert.equal(failureKind(new ServiceError('something')), 'handler');
  assert.equal(failureKind('x'), 'handler');
});
