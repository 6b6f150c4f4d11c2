import { timingSafeEqual } from 'node:crypto';

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

const pattern = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]{22,}={0,2})$/;

/** Null for any other format. */
export function parseSlowHash(text: string): SlowHash | null {
  const slow = pattern.exec(text);
  if (!slow) return null;
  const [ln, r, p] = [Number(slow[1]), Number(slow[2]), Number(slow[3])];
  const salt = Buffer.from(slow[4] ?? '', 'base64');
  return { kind: 'slow', parameters: { ln, r, p }, salt, hash: Buffer.from(slow[5] ?? '', 'base64'), text };
}

/** The stored form: `$scrypt$ln=…,r=…,p=…$<salt, base64>$<hash, base64>`. */
export function formatSlowHash({ parameters, salt, hash }: Pick<SlowHash, 'parameters' | 'salt' | 'hash'>): string {
  const { ln, r, p } = parameters;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** The most memory that a slow hash may use. Bytes. */
const memoryLimit = 268_435_456;

/** Whether a text is a slow hash whose parameters a service is willing to pay for. */
export function isUsableSlowHash(text: string): boolean {
  const hash = parseSlowHash(text);
  if (hash === null) return false;
  const { ln, r, p } = hash.parameters;
  const within = (value: number, most: number) => value >= 1 && value <= most;
  return within(ln, 20) && within(r, 32) && within(p, 16) && 128 * 2 ** ln * r <= memoryLimit;
}

/** Compares in constant time. */
export function sameHash(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
