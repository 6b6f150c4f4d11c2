import type { Delivery } from '../store/deliveries.ts';
import { signatureOf } from './signature.ts';

/** The request of a delivery: the API's headers and body, and the headers of standardwebhooks.com. */
export function messageOf(delivery: Delivery, nowMs: number): { headers: Record<string, string>; body: string } {
  const { id, key, attempt, integration, resources, url, secretKey } = delivery;
  const payload: unknown = JSON.parse(resources);
  const body = JSON.stringify({
    id,
    triggered_by: key,
    attempt,
    integration,
    // Text that holds JSON; of a deletion, the object itself.
    resources: key.endsWith('.deleted') ? payload : resources,
    payload,
    configuration: { ...(secretKey !== null && { secret_key: secretKey }), url },
  });
  const timestampS = Math.floor(nowMs / 1000);
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'x-moltin-integration-trigger': key,
      'webhook-id': id,
      'webhook-timestamp': String(timestampS),
      ...(secretKey !== null && {
        'x-moltin-secret-key': secretKey,
        'webhook-signature': signatureOf(secretKey, id, timestampS, body),
      }),
    },
  };
}
