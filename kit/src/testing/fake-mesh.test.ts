import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeMesh } from './fake-mesh.ts';

test('a body arrives as it was sent, wherever its characters are cut on the way', async () => {
  const mesh = await startFakeMesh({ brands: () => ({ status: 200, body: {} }) });
  try {
    // One byte, then many of four: the pieces that a socket delivers end within a character.
    const body = `x${'\u{1f600}'.repeat(200_000)}`;
    await fetch(mesh.url, { method: 'POST', body });
    assert.equal(mesh.requests[0]?.body === body, true);
  } finally {
    mesh.close();
  }
});
