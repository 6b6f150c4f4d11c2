import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type AttemptEnd, pushesBack, type RetryRules, retryVerdict } from './retry-policy.ts';

const rules: RetryRules = {
  enabled: true,
  codes: [502, 503, 504],
  attempts: 2,
  methods: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'TRACE'],
  idempotencyKey: true,
  maxRetryAfterMs: 5000,
};

const ended: AttemptEnd = {
  method: 'GET',
  hasIdempotencyKey: false,
  status: 503,
  delivery: 'maybe_sent',
  retries: 0,
  pushedBack: false,
  bodyReplayable: true,
  retryAfterMs: 0,
  waitMs: 10,
  remainingMs: Number.POSITIVE_INFINITY,
  abandoned: false,
};
const reset: Partial<AttemptEnd> = { status: 0, delivery: 'maybe_sent' };
const notSent: Partial<AttemptEnd> = { status: 0, delivery: 'not_sent' };
const verdict = (end: Partial<AttemptEnd>, change: Partial<RetryRules> = {}) =>
  retryVerdict({ ...ended, ...end }, { ...rules, ...change });

describe('retries are made for', () => {
  test('idempotent methods: a retryable code, or no reply', () => {
    for (const method of rules.methods) {
      assert.equal(verdict({ method }), 'retry');
      assert.equal(verdict({ method, ...reset }), 'retry');
    }
    assert.equal(verdict({ status: 500 }), 'not_retryable_status');
    assert.equal(verdict({ status: 200 }), 'not_retryable_status');
    assert.equal(verdict({ status: 429 }, { codes: [429] }), 'retry');
  });

  test('POST and PATCH only with an Idempotency-Key, and only if the policy trusts it', () => {
    for (const method of ['POST', 'PATCH', 'get']) {
      assert.equal(verdict({ method }), 'not_idempotent');
      assert.equal(verdict({ method, ...reset }), 'not_idempotent');
      assert.equal(verdict({ method, hasIdempotencyKey: true }), 'retry');
      assert.equal(verdict({ method, hasIdempotencyKey: true }, { idempotencyKey: false }), 'not_idempotent');
    }
  });

  test('unsent requests: any method, also if the route has no retry', () => {
    assert.equal(verdict({ method: 'POST', ...notSent }), 'retry');
    assert.equal(verdict({ method: 'POST', ...notSent }, { enabled: false }), 'retry');
    assert.equal(verdict({ ...reset }, { enabled: false }), 'not_enabled');
    assert.equal(verdict({ status: 503 }, { enabled: false }), 'not_enabled');
  });

  test('a request with a reply counts as sent', () => {
    assert.equal(verdict({ method: 'POST', status: 503, delivery: 'not_sent' }), 'not_idempotent');
  });
});

describe('retries end with', () => {
  test('a body that cannot be sent again', () => {
    assert.equal(verdict({ bodyReplayable: false }), 'body_not_kept');
    assert.equal(verdict({ ...notSent, bodyReplayable: false }), 'body_not_kept');
  });

  test('a reply that forbids it', () => {
    assert.equal(verdict({ pushedBack: true }), 'pushed_back');
    assert.equal(verdict({ pushedBack: true, method: 'POST' }), 'not_idempotent');
    assert.equal(verdict({ pushedBack: true, status: 200 }), 'not_retryable_status');
  });

  test('the number of attempts', () => {
    assert.equal(verdict({ retries: 1 }), 'retry');
    assert.equal(verdict({ retries: 2 }), 'no_attempts_left');
    assert.equal(verdict({}, { attempts: 0 }), 'no_attempts_left');
  });

  test('a Retry-After that is longer than the maximum', () => {
    assert.equal(verdict({ retryAfterMs: 5000 }), 'retry');
    assert.equal(verdict({ retryAfterMs: 5001 }), 'retry_after_too_long');
  });

  test('a deadline before the next attempt could start', () => {
    assert.equal(verdict({ waitMs: 10, remainingMs: 11 }), 'retry');
    assert.equal(verdict({ waitMs: 10, remainingMs: 10 }), 'deadline_too_near');
    assert.equal(verdict({ waitMs: 0, remainingMs: -1 }), 'deadline_too_near');
  });

  test('a client that has gone', () => {
    assert.equal(verdict({ ...notSent, abandoned: true }), 'abandoned');
  });
});

test('callers further out do not retry a failure that was retried here, or was not worth a retry', () => {
  assert.ok(pushesBack('no_attempts_left', 2));
  assert.ok(pushesBack('not_retryable_status', 1));
  assert.ok(pushesBack(null, 1));
  for (const verdict of ['pushed_back', 'no_budget', 'retry_after_too_long', 'deadline_too_near'] as const) {
    assert.ok(pushesBack(verdict, 0), verdict);
  }
  for (const verdict of ['not_enabled', 'not_idempotent', 'body_not_kept', 'no_attempts_left', 'abandoned'] as const) {
    assert.ok(!pushesBack(verdict, 0), verdict);
  }
  assert.ok(!pushesBack(null, 0));
});

test('never a repetition that might have an effect, never past the deadline or the attempts, whatever the rules', () => {
  fc.assert(
    fc.property(
      fc.record({
        method: fc.constantFrom('GET', 'POST', 'PATCH', 'PUT', 'DELETE'),
        hasIdempotencyKey: fc.boolean(),
        status: fc.constantFrom(0, 200, 404, 429, 500, 502, 503, 504),
        delivery: fc.constantFrom('not_sent' as const, 'maybe_sent' as const),
        retries: fc.nat(5),
        pushedBack: fc.boolean(),
        bodyReplayable: fc.boolean(),
        retryAfterMs: fc.nat(10_000),
        waitMs: fc.nat(1000),
        remainingMs: fc.integer({ min: -100, max: 1000 }),
        abandoned: fc.boolean(),
      }),
      fc.record({
        enabled: fc.boolean(),
        codes: fc.subarray([429, 500, 502, 503, 504]),
        attempts: fc.nat(5),
        methods: fc.subarray(['GET', 'PUT', 'DELETE', 'POST']),
        idempotencyKey: fc.boolean(),
        maxRetryAfterMs: fc.nat(10_000),
      }),
      (end, given) => {
        if (retryVerdict(end, given) !== 'retry') return;
        const safe = given.methods.includes(end.method) || (given.idempotencyKey && end.hasIdempotencyKey);
        assert.ok(safe || (end.status === 0 && end.delivery === 'not_sent'));
        assert.ok(end.retries < given.attempts && end.waitMs < end.remainingMs);
        assert.ok(!end.pushedBack && end.bodyReplayable && !end.abandoned && end.retryAfterMs <= given.maxRetryAfterMs);
        assert.ok(end.status === 0 || given.codes.includes(end.status));
      },
    ),
    { numRuns: 2000 },
  );
});
