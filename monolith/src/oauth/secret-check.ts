import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Debts } from '../debts.ts';
import { verifyClientSecret } from './secret-hash.ts';

/** Whether a secret matches a hash. */
export type CheckSecret = (secret: string, storedHash: string) => boolean;

/** Checks client secrets: slowly each time or, if Debt 1 is paid, slowly once. */
export function secretCheck(debts: Debts): CheckSecret {
  return debts.owed('slow-secret-hash') ? verifyClientSecret : rememberingCheck(verifyClientSecret);
}

/**
 * Remembers, in memory, a fast keyed digest of every correct secret, because a random secret needs no slow hash. Any
 * other secret is still checked slowly, so that the refusal of a wrong secret takes the same time as before.
 */
export function rememberingCheck(check: CheckSecret): CheckSecret {
  const key = randomBytes(32);
  const right = new Map<string, Buffer>();
  return (secret, storedHash) => {
    const digest = createHmac('sha256', key).update(secret).digest();
    const known = right.get(storedHash);
    if (known !== undefined && timingSafeEqual(known, digest)) return true;
    const fits = check(secret, storedHash);
    if (fits) right.set(storedHash, digest);
    return fits;
  };
}
