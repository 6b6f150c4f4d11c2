import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** RFC 7914: N = 2^ln; it takes 128 * N * r bytes. */
export interface SlowParameters {
  ln: number;
  r: number;
  p: number;
}

export interface SlowHash {
  kind: 'slow';
  parameters: SlowParameters;
  salt: Buffer;
  hash: Buffer;
  /** As it is stored. */
  text: string;
}

/** SHA-256 of salt and secret: one fast hash is enough for a secret of 160 random bits, and only for such. */
export interface FastHash {
  kind: 'fast';
  /** 32 hex characters; its length is fixed, so that no salt and secret can stand for another pair. */
  salt: string;
  hash: Buffer;
}

export type SecretHash = FastHash | SlowHash;

const slowPattern =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]{22,}={0,2})$/;
const fastPattern = /^\$sha256\$([0-9a-f]{32})\$([A-Za-z0-9+/]{43}=?)$/;

/** Null for a form that this service cannot verify: such a client cannot authenticate. */
export function parseSecretHash(text: string): SecretHash | null {
  const fast = fastPattern.exec(text);
  if (fast) return { kind: 'fast', salt: fast[1] ?? '', hash: Buffer.from(fast[2] ?? '', 'base64') };
  const slow = slowPattern.exec(text);
  if (!slow) return null;
  const [ln, r, p] = [Number(slow[1]), Number(slow[2]), Number(slow[3])];
  const salt = Buffer.from(slow[4] ?? '', 'base64');
  return { kind: 'slow', parameters: { ln, r, p }, salt, hash: Buffer.from(slow[5] ?? '', 'base64'), text };
}

export function formatFastHash({ salt, hash }: FastHash): string {
  return `$sha256$${salt}$${hash.toString('base64').replace('=', '')}`;
}

/** Random secrets of this service and of the monolith are 40 hex characters; anything shorter may be a chosen word. */
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

/** Takes as long for a wrong secret as for the right one, wherever they differ. */
export function sameHash(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
