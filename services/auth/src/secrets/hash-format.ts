import { hash, randomBytes } from 'node:crypto';
import { parseSlowHash, type SlowHash } from '@banyan/kit/secrets';

/** SHA-256 of salt and secret. Safe only for a secret of 160 random bits. */
export interface FastHash {
  kind: 'fast';
  /**
   * 32 hex characters. The length is fixed, so that two pairs of salt and secret cannot concatenate to the same text.
   */
  salt: string;
  hash: Buffer;
}

export type SecretHash = FastHash | SlowHash;

const fastPattern = /^\$sha256\$([0-9a-f]{32})\$([A-Za-z0-9+/]{43}=?)$/;

/** Null for a format that this service cannot verify. Such a client cannot authenticate. */
export function parseSecretHash(text: string): SecretHash | null {
  const fast = fastPattern.exec(text);
  if (fast) return { kind: 'fast', salt: fast[1] ?? '', hash: Buffer.from(fast[2] ?? '', 'base64') };
  return parseSlowHash(text);
}

export function formatFastHash({ salt, hash }: FastHash): string {
  return `$sha256$${salt}$${hash.toString('base64').replace('=', '')}`;
}

/** Generated secrets have 40 hex characters. Anything else may be a word that a person chose. */
export function isMachineMade(secret: string): boolean {
  return /^[0-9a-f]{40,}$/i.test(secret);
}

/** A salt for a new fast hash. */
export function newSalt(): string {
  return randomBytes(16).toString('hex');
}

export function fastHash(secret: string, salt: string): FastHash {
  return { kind: 'fast', salt, hash: hash('sha256', salt + secret, 'buffer') };
}
