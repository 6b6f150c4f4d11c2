import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  backendToken,
  cookieValues,
  isSessionValue,
  readSession,
  type Session,
  withBackend,
  writeSession,
} from './session.ts';

const none = { absoluteTimeoutMs: 0, idleTimeoutMs: 0 };
const nowS = 1_800_000_000;
const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => backendToken(`${name}:80`)) as [
  string,
  string,
  string,
  string,
  string,
];
const session = (over: Partial<Session> = {}): Session => ({ tokens: [a], givenAtS: nowS, seenAtS: nowS, ...over });

describe('a session', () => {
  test('is read as it was written', () => {
    const token = fc.constantFrom(a, b, c, d);
    fc.assert(
      fc.property(fc.uniqueArray(token, { minLength: 1 }), fc.nat(nowS), fc.nat(1000), (tokens, givenAtS, later) => {
        const written = { tokens, givenAtS, seenAtS: Math.min(nowS, givenAtS + later) };
        assert.deepEqual(readSession(writeSession(written), nowS, none), written);
      }),
    );
  });

  test('whatever a client sends is read or refused, never more than four backends', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^v1\.[0-9a-z.-]{0,80}$/));
    fc.assert(
      fc.property(text, (value) => {
        const read = readSession(value, nowS, none);
        if (read === null) return;
        assert.ok(isSessionValue(value));
        assert.ok(read.tokens.length <= 4 && read.givenAtS <= read.seenAtS && read.seenAtS <= nowS + 60);
      }),
    );
  });

  test('ends at its age, however recently it was seen', () => {
    const old = writeSession(session({ givenAtS: nowS - 100 }));
    assert.ok(readSession(old, nowS, { ...none, absoluteTimeoutMs: 101_000 }));
    assert.equal(readSession(old, nowS, { ...none, absoluteTimeoutMs: 100_000 }), null);
  });

  test('ends when it has not been seen for too long', () => {
    const idle = writeSession(session({ givenAtS: nowS - 100, seenAtS: nowS - 50 }));
    assert.ok(readSession(idle, nowS, { ...none, idleTimeoutMs: 51_000 }));
    assert.equal(readSession(idle, nowS, { ...none, idleTimeoutMs: 50_000 }), null);
  });

  test('from the future is not valid', () => {
    assert.ok(readSession(writeSession(session({ givenAtS: nowS + 60, seenAtS: nowS + 60 })), nowS, none));
    assert.equal(readSession(writeSession(session({ givenAtS: nowS + 61, seenAtS: nowS + 61 })), nowS, none), null);
    assert.equal(readSession(writeSession(session({ givenAtS: nowS, seenAtS: nowS - 1 })), nowS, none), null);
  });

  test('changes its backend in one rule and keeps those of others', () => {
    const moved = withBackend(session({ tokens: [c, a], givenAtS: nowS - 9 }), b, [a, b], nowS);
    assert.deepEqual(moved, { tokens: [b, c], givenAtS: nowS - 9, seenAtS: nowS });
    assert.deepEqual(withBackend(session({ givenAtS: nowS - 9 }), b, [a, b], nowS), session({ tokens: [b] }));
    assert.deepEqual(withBackend(null, b, [a, b], nowS), session({ tokens: [b] }));
    assert.deepEqual(withBackend(session({ tokens: [a, b, c, d] }), e, [e], nowS).tokens, [e, a, b, c]);
  });
});

describe('the cookies of a request', () => {
  test('are found by their exact name, in every field, quoted or not', () => {
    assert.deepEqual(cookieValues(['a=1; xa=2; a="3" ;b', 'a=4=5; A=6; =7'], 'a'), ['1', '3', '4=5']);
    assert.deepEqual(cookieValues([], 'a'), []);
  });
});
