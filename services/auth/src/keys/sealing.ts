import { createCipheriv, createDecipheriv, createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { AuthError } from '../errors.ts';

/** How private keys lie in the store: as they are, or sealed with a key that is not in the store. */
export interface Sealing {
  /** False where keys are stored as they are. */
  readonly sealed: boolean;
  seal(privateKey: KeyObject, kid: string): string;
  /** @throws AuthError `key_sealed` when the key cannot be opened with what is configured */
  open(text: string, kid: string): KeyObject;
}

const plainPrefix = 'pkcs8:';
const sealedPrefix = 'aes-256-gcm:';

/** `secretHex`: 32 bytes in hex. The kid is authenticated with the key, so that rows cannot be swapped. */
export function sealingWith(secretHex: string | undefined): Sealing {
  const secret = secretHex === undefined ? undefined : Buffer.from(secretHex, 'hex');
  return {
    sealed: secret !== undefined,
    seal: (privateKey, kid) => {
      const der = privateKey.export({ type: 'pkcs8', format: 'der' });
      return secret ? sealedPrefix + encrypt(der, secret, kid) : plainPrefix + der.toString('base64');
    },
    open: (text, kid) => {
      const der = text.startsWith(plainPrefix)
        ? Buffer.from(text.slice(plainPrefix.length), 'base64')
        : decrypt(text.slice(sealedPrefix.length), secret, kid);
      return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    },
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

function decrypt(text: string, secret: Buffer | undefined, kid: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (!secret)
    throw new AuthError('key_sealed', { detail: 'Signing keys are sealed and KEY_ENCRYPTION_KEY is not set' });
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12), { authTagLength: 16 })
      .setAAD(Buffer.from(kid))
      .setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
  } catch (cause) {
    throw new AuthError('key_sealed', { detail: 'KEY_ENCRYPTION_KEY does not open the signing keys', cause });
  }
}
