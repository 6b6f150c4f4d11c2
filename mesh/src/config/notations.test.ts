import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { closest } from './closest.ts';
import { formatDuration, parseDuration } from './shapes/duration.ts';
import { formatBytes, parseBytes } from './shapes/quantity.ts';

describe('durations (GEP-2257)', () => {
  test('are read', () => {
    const read = {
      '500ms': 500,
      '10s': 10_000,
      '1m30s': 90_000,
      '1h': 3_600_000,
      '0s': 0,
      '1s1s': 2_000,
      '99999h': 359_996_400_000,
    };
    for (const [text, durationMs] of Object.entries(read)) assert.equal(parseDuration(text), durationMs, text);
  });

  test('are refused in a wrong notation', () => {
    for (const text of ['', '10', '1.5s', '-1s', '1d', '10 s', 's', '100000s', '1h1m1s1ms1s', '1S', '1µs']) {
      assert.equal(parseDuration(text), null, text);
    }
  });

  test('are written so that they read the same', () => {
    fc.assert(
      fc.property(fc.nat(3_600_000 * 99), (durationMs) =>
        assert.equal(parseDuration(formatDuration(durationMs)), durationMs),
      ),
    );
  });
});

describe('sizes (Kubernetes quantities)', () => {
  test('are read', () => {
    const read = {
      '0': 0,
      '65536': 65_536,
      '64Ki': 65_536,
      '1Mi': 1_048_576,
      '1M': 1_000_000,
      '2k': 2000,
      '1Gi': 1_073_741_824,
    };
    for (const [text, bytes] of Object.entries(read)) assert.equal(parseBytes(text), bytes, text);
  });

  test('are refused in a wrong notation', () => {
    for (const text of ['', '64KB', '1.5Mi', '-1', '1e3', 'Ki', '9007199254740993', '999999999999999Gi']) {
      assert.equal(parseBytes(text), null, text);
    }
  });

  test('are written so that they read the same', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 30), fc.constantFrom(1, 1024, 1_048_576), (count, unit) =>
        assert.equal(parseBytes(formatBytes(count * unit)), count * unit),
      ),
    );
  });
});

describe('the closest name', () => {
  const names = ['backendRefs', 'matches', 'filters', 'timeouts', 'name'];
  test('is found for a misspelling', () => {
    assert.equal(closest('backendRef', names), 'backendRefs');
    assert.equal(closest('BackendRefs', names), 'backendRefs');
    assert.equal(closest('macthes', names), 'matches');
    assert.equal(closest('nmae', names), 'name');
  });
  test('is not suggested for a different name', () => {
    assert.equal(closest('loadBalancer', names), null);
    assert.equal(closest('x', names), null);
    assert.equal(closest('n'.repeat(10_000), names), null);
  });
});
