import { createCipheriv, createDecipheriv, createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { AuthError } from '../errors.ts';

/** How private keys are stored: unsealed, or sealed with a secret that is not in the store. */
export interface Sealing {
  seal(privateKey: KeyObject, kid: string): string;
  /** @throws AuthError `key_sealed` when the configured secrets do not open the key */
  open(text: string, kid: string): KeyObject;
  /** Whether the key is stored in the way that {@link seal} would store it now. */
  isCurrent(text: string, kid: string): boolean;
}

const plainPrefix = 'pkcs8:';
const sealedPrefix = 'aes-256-gcm:';

/**
 * @param secretHex 32 bytes in hex; undefined stores keys unsealed. The kid is authenticated with the key, so that rows
 * cannot be swapped
 * @param previousHex the previous secret, which opens keys but seals none
 */
export function sealingWith(secretHex: string | undefined, previousHex?: string): Sealing {
  const secret = secretHex === undefined ? undefined : Buffer.from(secretHex, 'hex');
  const secrets = [secretHex, previousHex].filter((hex) => hex !== undefined).map((hex) => Buffer.from(hex, 'hex'));
  return {
    seal: (privateKey, kid) => {
      const der = privateKey.export({ type: 'pkcs8', format: 'der' });
      return secret ? sealedPrefix + encrypt(der, secret, kid) : plainPrefix + der.toString('base64');
    },
    open: (text, kid) => {
      const der = isSealed(text)
        ? decryptWithAny(text, secrets, kid)
        : Buffer.from(text.slice(plainPrefix.length), 'base64');
      try {
        return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      } catch (cause) {
        throw new AuthError('key_sealed', { detail: 'A stored signing key is damaged', cause });
      }
    },
    isCurrent: (text, kid) => (secret ? isSealed(text) && decrypt(text, secret, kid) !== null : !isSealed(text)),
  };
}

export function isSealed(text: string): boolean {
  return text.startsWith(sealedPrefix);
}

function encrypt(der: Buffer, secret: Buffer, kid: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, iv).setAAD(Buffer.from(kid));
  const body = Buffer.concat([cipher.update(der), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
}

function decryptWithAny(text: string, secrets: readonly Buffer[], kid: string): Buffer {
  if (secrets.length === 0) {
    throw new AuthError('key_sealed', { detail: 'Signing keys are sealed and KEY_ENCRYPTION_KEY is not set' });
  }
  for (const secret of secrets) {
    const der = decrypt(text, secret, kid);
    if (der) return der;
  }
  throw new AuthError('key_sealed', { detail: 'KEY_ENCRYPTION_KEY does not open the signing keys' });
}

/** Null if the secret is wrong or the row was changed. */
function decrypt(text: string, secret: Buffer, kid: string): Buffer | null {
  const bytes = Buffer.from(text.slice(sealedPrefix.length), 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12), { authTagLength: 16 })
      .setAAD(Buffer.from(kid))
      .setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
  } catch {
    return null;
  }
}
