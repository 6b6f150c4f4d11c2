import { after } from 'node:test';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { describeContract } from './runner.ts';
import type { Side } from './sides.ts';
import { ofMonolith } from './suites.ts';

// What has no service yet, where customers meet it: through the mesh, with every other resource on its service. One
// platform serves all suites, with the small data set and whatever the suites before have left.
const loopback = { WEBHOOK_NETWORKS: '127.0.0.1' };
let platform: Promise<Platform> | undefined;
after(async () => (await platform)?.stop());

async function edge(): Promise<Side> {
  platform ??= startPlatform(undefined, { env: { monolith: loopback, integrations: loopback } });
  const { edge: url, client } = await platform;
  const tokens = {
    admin: (await askToken(url, client)).access_token,
    shopper: (await askToken(url, client, 'implicit')).access_token,
    client,
  };
  return { urls: [url], tokens, close: async () => {} };
}

for (const [resource, cases] of Object.entries(ofMonolith)) {
  describeContract(resource, cases, { 'the mesh at the edge': edge });
}
