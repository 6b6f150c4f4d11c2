import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketsFrom, difference, quantileBounds } from './mesh.ts';

const text = (small: number, all: number) => `# TYPE d histogram
d_bucket{route="token",service="auth",le="0.001"} ${small}
d_bucket{route="token",service="auth",le="0.005"} ${all}
d_bucket{route="token",service="auth",le="+Inf"} ${all}
d_bucket{route="token",service="monolith",le="0.001"} 1
d_bucket{route="token",service="monolith",le="+Inf"} 1
d_bucket{route="monolith",service="monolith",le="+Inf"} 900
d_sum{route="token",service="auth"} 3
`;

test('the mesh’s histogram is added up over the series of one route, between two looks', () => {
  const before = bucketsFrom(text(5, 5), 'd', { route: 'token' });
  const after = bucketsFrom(text(10, 105), 'd', { route: 'token' });
  assert.equal(before.get(0.001), 6);
  const added = difference(before, after);
  assert.equal(added.get(Number.POSITIVE_INFINITY), 100);
  assert.deepEqual(quantileBounds(added, 0.5), { aboveMs: 1, upToMs: 5 });
  assert.deepEqual(quantileBounds(added, 0.01), { aboveMs: 0, upToMs: 1 });
});

test('an empty histogram has no median', () => {
  assert.equal(quantileBounds(new Map(), 0.5), null);
});
