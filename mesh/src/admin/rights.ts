import { createHash, timingSafeEqual } from 'node:crypto';

/** Reading, changing and registering instances are separate rights; health needs none. */
export type Right = 'health' | 'read' | 'change' | 'lease';

export interface Access {
  /** Token for changes, and for reading too. */
  changeToken: string | null;
  /** Token for reading only. */
  readToken: string | null;
  /** Token for instances that register themselves: every service has it, so it allows nothing more. */
  leaseToken: string | null;
  /** The port can only be reached from this machine: without tokens, every caller may do everything. */
  loopback: boolean;
}

/** Whether a request with this Authorization field has `right`. */
export function allows(access: Access, right: Right, authorization?: string): boolean {
  const { changeToken, readToken, leaseToken, loopback } = access;
  if (right === 'health') return true;
  const askedForNone = right === 'lease' ? leaseToken === null : true;
  if (loopback && changeToken === null && readToken === null && askedForNone) return true;
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
  if (changeToken !== null && same(given, changeToken)) return true;
  if (right === 'lease') return leaseToken !== null && same(given, leaseToken);
  return right === 'read' && readToken !== null && same(given, readToken);
}

/** In constant time, whatever the lengths. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
