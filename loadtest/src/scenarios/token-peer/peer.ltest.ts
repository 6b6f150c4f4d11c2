import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { tokenRequest } from '../../platform/clients.ts';
import { assertSigns } from './assert-signs.ts';
import { peerRequest, startPeer } from './peer.ts';

const client = { client_id: 'a'.repeat(40), client_secret: 'b'.repeat(40) };
const shop = tokenRequest(client);

test('oidc-provider signs a new JWT for each request', async () => {
  const peer = await startPeer(client);
  try {
    await assertSigns('oidc-provider', { url: peer.url, requests: [peerRequest(shop)] });
    const wrong = peerRequest(tokenRequest({ ...client, client_secret: 'c'.repeat(40) }));
    await assert.rejects(assertSigns('oidc-provider', { url: peer.url, requests: [wrong] }), /no token: 401/);
  } finally {
    await peer.stop();
  }
});

test('a contender that does not do the work is refused', async () => {
  const es256 = Buffer.from('{"alg":"ES256"}').toString('base64url');
  const hs256 = Buffer.from('{"alg":"HS256"}').toString('base64url');
  let token = '';
  const server = createServer((_request, response) => response.end(JSON.stringify({ access_token: token })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const target = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: [shop] };
  try {
    for (const [issued, reason] of [
      ['f'.repeat(40), /no JWT|JSON/],
      [`${hs256}.e30.x`, /no JWT/],
      [`${es256}.e30.x`, /same token twice/],
    ] as const) {
      token = issued;
      await assert.rejects(assertSigns('contender', target), reason);
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
