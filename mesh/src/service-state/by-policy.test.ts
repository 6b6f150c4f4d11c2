import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Service } from '../discovery/service.ts';
import { backendPolicy } from '../testing/config.ts';
import { ByPolicy } from './by-policy.ts';

const service = () => new Service('shop', 80, backendPolicy());

test('a value is kept while its policy stays equal, and dropped when the policy changes', () => {
  const kept = new ByPolicy<{ size: number }, { made: number }>('test');
  const owner = service();
  assert.equal(kept.get(owner, { size: 1 }), null);
  const first = kept.keep(owner, { size: 1 }, { made: 1 });
  assert.equal(kept.get(owner, { size: 1 }), first, 'an equal policy read again is the same policy');
  assert.equal(kept.get(owner, { size: 2 }), null);
  assert.equal(kept.latest(owner), first, 'until another value is kept');
  const second = kept.keep(owner, { size: 2 }, { made: 2 });
  assert.equal(kept.get(owner, { size: 2 }), second);
});

test('each owner and each kind of value has a place of its own', () => {
  const one = new ByPolicy<{ size: number }, { made: number }>('test');
  const other = new ByPolicy<{ size: number }, { made: number }>('test');
  const owner = service();
  one.keep(owner, { size: 1 }, { made: 1 });
  assert.equal(other.get(owner, { size: 1 }), null);
  assert.equal(one.latest(service()), null);
});
