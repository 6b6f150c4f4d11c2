import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Debts } from '../debts.ts';
import { verifyClientSecret } from './secret-hash.ts';

/** Whether a secret is the one that was hashed. */
export type CheckSecret = (secret: string, storedHash: string) => boolean;

/** How client secrets are checked: slowly each time, or, where Debt 1 is paid, slowly once. */
export function secretCheck(debts: Debts): CheckSecret {
  return debts.owed('slow-secret-hash') ? verifyClientSecret : rememberingCheck(verifyClientSecret);
}

/**
 * Remembers, in memory, a fast keyed digest of every secret that was right. A random secret needs no slow hash; one
 * that is not the remembered one is checked slowly all the same, so that a wrong secret takes as long as ever.
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
