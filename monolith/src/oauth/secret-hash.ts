import { randomBytes, type ScryptOptions, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { HashQueue, limitsHere } from './hash-queue.ts';

/** Cost of scrypt: N = 2^logN. */
export interface ScryptCost {
  logN: number;
  r: number;
  p: number;
}

/**
 * The cost that OWASP recommends for passwords (Password Storage Cheat Sheet, scrypt): 64 MiB and about 270 ms of one
 * core.
 */
export const passwordCost: ScryptCost = { logN: 16, r: 8, p: 2 };

const hashBytes = 32;
const hashFormat = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)$/;
const scryptAsync = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);
const queue = new HashQueue(limitsHere());

/**
 * Hashes a secret in the thread pool: `$scrypt$ln=…,r=…,p=…$<salt, base64>$<hash, base64>`.
 * @throws ShopError `busy` when too many hashes are waiting
 */
export async function hashSecret(secret: string, salt: Buffer = randomBytes(16), cost = passwordCost): Promise<string> {
  return format(salt, await inTurn(secret, salt, hashBytes, cost), cost);
}

/**
 * Whether a secret matches a hash, in constant time. Runs in the thread pool.
 * @throws ShopError `busy` when too many hashes are waiting
 */
export async function verifySecret(secret: string, stored: string): Promise<boolean> {
  const { salt, hash, cost } = parse(stored);
  return timingSafeEqual(hash, await inTurn(secret, salt, hash.length, cost));
}

// Debt 1: client secrets are hashed like passwords although they are random, and block the event loop.
/** Whether a client secret matches a hash, in constant time. Blocks the event loop. */
export function verifyClientSecret(secret: string, stored: string): boolean {
  const { salt, hash, cost } = parse(stored);
  return timingSafeEqual(hash, scryptSync(secret, salt, hash.length, options(cost)));
}

// The hash of an unknown secret: the refusal of an unknown client must take as long as that of a known one.
export const decoyHash = format(Buffer.alloc(16), Buffer.alloc(hashBytes), passwordCost);

function inTurn(secret: string, salt: Buffer, length: number, cost: ScryptCost): Promise<Buffer> {
  return queue.run(128 * 2 ** cost.logN * cost.r, () => scryptAsync(secret, salt, length, options(cost)));
}

function format(salt: Buffer, hash: Buffer, { logN, r, p }: ScryptCost): string {
  return `$scrypt$ln=${logN},r=${r},p=${p}$${salt.toString('base64')}$${hash.toString('base64')}`;
}

function parse(stored: string): { salt: Buffer; hash: Buffer; cost: ScryptCost } {
  const parts = hashFormat.exec(stored);
  if (parts === null) throw new Error('A stored secret hash is not in the scrypt format');
  const [, logN, r, p, salt = '', hash = ''] = parts;
  return {
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
    cost: { logN: Number(logN), r: Number(r), p: Number(p) },
  };
}

function options({ logN, r, p }: ScryptCost): ScryptOptions {
  const N = 2 ** logN;
  // scrypt needs 128·N·r bytes and a little more. The default limit of Node is 32 MiB.
  return { N, r, p, maxmem: 2 * 128 * N * r };
}
