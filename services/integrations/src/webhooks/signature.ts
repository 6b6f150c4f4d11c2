import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/**
 * The value of `webhook-signature` (standardwebhooks.com): an HMAC-SHA256 over id, timestamp and body. A secret that
 * starts with `whsec_` is base64; the key of any other is its text.
 */
export function signatureOf(secret: string, id: string, timestampS: number, body: string): string {
  const key = secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret);
  return `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`;
}
