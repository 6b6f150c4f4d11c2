import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { askToken, enterStage, type Platform, shiftToken, startPlatform } from '../support/platform.ts';
import { createClient, sdkVersions } from './client.ts';
import { hangPictures } from './journeys/pictures.ts';
import { buildVariants, buyVariant } from './journeys/variants.ts';
import { visit } from './journeys/visit.ts';

// Its types would bring those of browsers into every file.
const require = createRequire(import.meta.url);

let platform: Platform;

before(async () => {
  platform = await startPlatform('monolith');
});
after(() => platform?.stop());

const targets = [
  { name: 'the monolith alone', url: () => platform.monolith, stage: 'monolith' },
  { name: 'the mesh, all routes on the monolith', url: () => platform.edge, stage: 'monolith' },
  { name: 'the mesh, every resource on its service', url: () => platform.edge, stage: 'services' },
] as const;

for (const target of targets) {
  describe(`against ${target.name}`, () => {
    before(() => enterStage(platform, target.stage));

    for (const version of sdkVersions) {
      test(`@moltin/sdk ${version}: a shopper buys, an administrator ships, refunds, has webhooks sent and exports orders`, async () => {
        await visit(target.url(), version, platform.client);
      });
    }

    test('@moltin/sdk 36.0.0: an administrator uploads pictures and shows them', async () => {
      const url = target.url();
      const { client_id: clientId, client_secret: clientSecret } = platform.client;
      const clientWith = (customFetch?: unknown) =>
        createClient({ url, version: '36.0.0', clientId, clientSecret, currency: 'USD', customFetch });
      await hangPictures(clientWith(), clientWith(require('cross-fetch')));
    });

    test('@moltin/sdk 36.0.0: an administrator builds variants, and a shopper buys one', async () => {
      const url = target.url();
      const { client_id: clientId, client_secret: clientSecret } = platform.client;
      const options = { url, version: '36.0.0', clientId, currency: 'USD' } as const;
      const variants = await buildVariants(createClient({ ...options, clientSecret }));
      await buyVariant(createClient(options), variants);
    });
  });
}

test('the weights decide the kind of token: opaque from the monolith, a JWT from the service', async () => {
  await shiftToken(platform, 0);
  assert.match((await askToken(platform.edge, platform.client)).access_token, /^[0-9a-f]{40}$/);
  await shiftToken(platform, 100);
  assert.equal((await askToken(platform.edge, platform.client)).access_token.split('.').length, 3);
});
