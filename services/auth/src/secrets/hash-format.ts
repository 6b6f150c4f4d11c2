import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Parameters of scrypt (RFC 7914): N = 2^ln. A hash uses 128 * N * r bytes. */
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
  /** The stored form. */
  text: string;
}

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

const slowPattern =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]{22,}={0,2})$/;
const fastPattern = /^\$sha256\$([0-9a-f]{32})\$([A-Za-z0-9+/]{43}=?)$/;

/** Null for a format that this service cannot verify. Such a client cannot authenticate. */
export function parseSecretHash(text: string): SecretHash | null {
  const fast = fastPattern.exec(text);
  if (fast) return { kind: 'fast', salt: fast[1] ?? '', hash: Buffer.from(fast[2] ?? '', 'base64') };
  const slow = slowPattern.exec(text);
  if (!slow) return null;
  const [ln, r, p] = [Number(slow[1]), Number(slow[2]), Number(slow[3])];
  const salt = Buffer.from(slow[4] ?? '', 'base64');
  return { kind: 'slow', parameters: { ln, r, p }, salt, hash: Buffer.from(slow[5] ?? '', 'base64'), text };
}

/** The most memory that a slow hash may use. Bytes. */
const slowMemoryLimit = 268_435_456;

/** Whether a text is a slow hash whose parameters this service is willing to pay for. */
export function isUsableSlowHash(text: string): boolean {
  const hash = parseSecretHash(text);
  if (hash?.kind !== 'slow') return false;
  const { ln, r, p } = hash.parameters;
  const within = (value: number, most: number) => value >= 1 && value <= most;
  return within(ln, 20) && within(r, 32) && within(p, 16) && 128 * 2 ** ln * r <= slowMemoryLimit;
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

/** Compares in constant time. */
export function sameHash(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
