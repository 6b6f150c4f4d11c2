import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Platform, shiftToken, startPlatform } from '../support/platform.ts';
import { until } from '../support/until.ts';
import { createClient, sdkVersions } from './client.ts';
import { shop } from './journeys/shopper.ts';

let platform: Platform;
before(async () => {
  platform = await startPlatform('monolith');
});
after(() => platform?.stop());

test('the token route moves from 0 to 100 and back under load, and no call fails', async () => {
  const steps = [1, 5, 10, 25, 50, 75, 100, 50, 0, 100];
  const kinds = new Map<string, number>();
  const failures: unknown[] = [];
  let moving = true;
  let served = 0;

  const { client_id: clientId } = platform.client;
  /** One storefront: it authenticates anew for each visit, reads, and now and then buys. */
  const storefront = async (index: number) => {
    const version = sdkVersions[index % sdkVersions.length]!;
    for (let visit = 0; moving; visit += 1) {
      const client = createClient({ url: platform.edge, version, clientId, currency: 'USD' });
      try {
        const { access_token } = await client.Authenticate();
        const kind = access_token.includes('.') ? 'jwt' : 'opaque';
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        await client.Products.Limit(3).All!();
        if (visit % 10 === 0) await shop(client);
        served += 1;
      } catch (failure) {
        failures.push(failure);
      }
    }
  };

  const storefronts = Promise.all(Array.from({ length: 4 }, (_, index) => storefront(index)));
  try {
    for (const weight of steps) {
      await shiftToken(platform, weight);
      // Each step lasts until a number of customers have been served: by count, not by time.
      const goal = served + 12;
      await until(`customers served at weight ${weight}`, () => served >= goal || failures.length > 0, {
        limitMs: 60_000,
      });
    }
  } finally {
    moving = false;
    await storefronts;
  }

  assert.deepEqual(failures, []);
  assert.ok((kinds.get('jwt') ?? 0) > 0 && (kinds.get('opaque') ?? 0) > 0, 'both sides have issued tokens');
});

test('the weight survives a restart of the mesh', async () => {
  await shiftToken(platform, 100);
  await platform.stack.restart('mesh');
  const response = await fetch(`${platform.admin}/routes`);
  assert.equal(response.status, 200);
  const client = createClient({ url: platform.edge, version: '36.0.0', clientId: platform.client.client_id });
  const { access_token } = await client.Authenticate();
  assert.equal(access_token.split('.').length, 3, 'still the token of the service');
});
