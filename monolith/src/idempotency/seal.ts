import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const saltBytes = 16;
const ivBytes = 12;
const tagBytes = 16;

/**
 * Encrypts a reply with a secret that the request carries and the store does not have, such as a refresh token. Uses
 * AES-256-GCM with a key derived by HKDF (RFC 5869). The secret must be too long to guess.
 */
export function seal(secret: string, text: string): string {
  const salt = randomBytes(saltBytes);
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, salt), iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([salt, iv, cipher.getAuthTag(), sealed]).toString('base64');
}

/**
 * Decrypts the text that `seal` encrypted.
 * @throws Error when the secret differs
 */
export function unseal(secret: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const salt = bytes.subarray(0, saltBytes);
  const iv = bytes.subarray(saltBytes, saltBytes + ivBytes);
  const tag = bytes.subarray(saltBytes + ivBytes, saltBytes + ivBytes + tagBytes);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, salt), iv, { authTagLength: tagBytes });
  decipher.setAuthTag(tag);
  const text = bytes.subarray(saltBytes + ivBytes + tagBytes);
  return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
}

function keyOf(secret: string, salt: Buffer): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, 'idempotency reply', 32));
}
