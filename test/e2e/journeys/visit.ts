import type { SeededClient } from '../../support/platform.ts';
import { askToken } from '../../support/platform.ts';
import { createClient, type SdkVersion } from '../client.ts';
import { administer } from './admin.ts';
import { automate } from './automation.ts';
import type { RawCall } from './raw-call.ts';
import { shop } from './shopper.ts';

/** What both versions of the client can do: a shopper buys, an administrator ships, has webhooks sent, exports orders. */
export async function visit(url: string, version: SdkVersion, client: SeededClient): Promise<void> {
  const { client_id: clientId, client_secret: clientSecret } = client;
  const purchase = await shop(createClient({ url, version, clientId, currency: 'USD' }));
  const admin = createClient({ url, version, clientId, clientSecret, currency: 'USD' });
  await administer(admin, await rawCalls(url, client), purchase);
  await automate(admin, await rawCalls(url, client));
}

/** Calls with a bearer token of their own, for what the client has no method for. */
async function rawCalls(url: string, client: SeededClient): Promise<RawCall> {
  const { access_token } = await askToken(url, client);
  return async (method, path, data) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      ...(data !== undefined && { body: JSON.stringify({ data }) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  };
}
