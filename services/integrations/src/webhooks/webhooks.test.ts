import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nextAttempt } from './retry.ts';
import { signatureOf } from './signature.ts';
import { deliveryId, uuid5 } from './uuid5.ts';

describe('the id of a delivery', () => {
  test('is a UUIDv5', () => {
    // The example of RFC 9562, appendix A.4: www.example.com in the namespace of DNS names.
    assert.equal(
      uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com'),
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });

  test('depends on event and integration', () => {
    const [one, two] = ['6ba7b810-9dad-11d1-80b4-00c04fd430c8', '2ed6657d-e927-568b-95e1-2665a8aea6a2'];
    assert.equal(deliveryId(one, two), deliveryId(one, two));
    assert.notEqual(deliveryId(one, two), deliveryId(two, one));
  });
});

describe('a signature', () => {
  test('is that of the example of Standard Webhooks', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const signature = signatureOf(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}');
    assert.equal(signature, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('uses the text of any other secret', () => {
    assert.notEqual(signatureOf('a', '1', 1, ''), signatureOf('b', '1', 1, ''));
  });
});

describe('the next attempt', () => {
  const now = new Date('2018-06-01T00:00:00Z');
  const minutes = (attempt: number, pick: (least: number, most: number) => number) => {
    const at = nextAttempt(attempt, now, pick);
    return at && (at.getTime() - now.getTime()) / 60_000;
  };

  test('comes later each time, over hours, and not after the eighth', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7].map((attempt) => minutes(attempt, (least) => least) ?? 0);
    assert.deepEqual(
      pauses,
      pauses.toSorted((a, b) => a - b),
    );
    assert.ok(pauses.reduce((sum, pause) => sum + pause, 0) > 4 * 60);
    assert.equal(
      minutes(8, (least) => least),
      undefined,
    );
  });

  test('varies by a fifth', () => {
    assert.deepEqual([minutes(3, (least) => least), minutes(3, (_, most) => most)], [8, 12]);
    const real = nextAttempt(3, now)?.getTime() ?? 0;
    assert.ok(real >= now.getTime() + 8 * 60_000 && real <= now.getTime() + 12 * 60_000);
  });
});
