import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedNetworks } from './networks.ts';
import { OutboundError, post } from './post.ts';

const never = new AbortController().signal;
const out = { allowed: allowedNetworks([]), timeoutMs: 1_000 };
const missing = () => Promise.reject(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }));

test('a request that is stopped before it begins ends, and leaves no rejection that nothing handles', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  try {
    const stopped = AbortSignal.abort();
    await assert.rejects(
      post({ ...out, resolve: missing }, new URL('http://x.example/'), {}, '', stopped),
      OutboundError,
    );
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(unhandled, []);
  } finally {
    process.off('unhandledRejection', note);
  }
});

test('a host without an address, and one that is not found, are told apart from one that must not be reached', async () => {
  const url = new URL('http://x.example/');
  await assert.rejects(post({ ...out, resolve: async () => [] }, url, {}, '', never), /has no address/);
  await assert.rejects(post({ ...out, resolve: missing }, url, {}, '', never), /ENOTFOUND/);
  const inward = async () => [{ address: '10.0.0.1', family: 4 }];
  await assert.rejects(post({ ...out, resolve: inward }, url, {}, '', never), /must not be reached/);
});
