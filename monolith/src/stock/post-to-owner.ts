import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Config } from '../config.ts';
import type { FirstStock } from './first-stock.ts';

/**
 * The longest time in which the owner of inventories replies, in ms. Short, because while this program is the owner, a proxy
 * may count the request that waits and the one that it waits for against the same limit.
 */
const replyTimeoutMs = 3_000;
/** Names the owner to a proxy that finds it. `fetch` would send the URL's host instead. */
const ownerName = 'inventories';

/**
 * Sends first stocks to the owner of inventories. Resolves when it has agreed.
 *
 * @param url of the owner, or of a proxy that finds it
 * @throws Error when there is no reply in time, or a reply other than 2xx
 */
export function postToOwner(
  url: string,
  introspection: Config['introspection'],
  wanted: readonly FirstStock[],
): Promise<void> {
  const { clientId = '', clientSecret = '' } = introspection ?? {};
  const body = JSON.stringify({ data: wanted });
  const target = new URL(`${url}/internal/first-stocks`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = (target.protocol === 'https:' ? requestHttps : requestHttp)(target, {
    method: 'POST',
    headers: {
      host: ownerName,
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    },
    signal: AbortSignal.timeout(replyTimeoutMs),
  });
  request.on('error', reject);
  request.on('response', (reply) => {
    reply.on('error', reject);
    reply.resume();
    const { statusCode = 0 } = reply;
    if (statusCode >= 200 && statusCode < 300) resolve();
    else reject(new Error(`The owner of inventories replied ${statusCode}`));
  });
  request.end(body);
  return promise;
}
