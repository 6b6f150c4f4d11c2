import { createHash, timingSafeEqual } from 'node:crypto';

/** Looking and changing are separate rights; health is for whoever asks. */
export type Right = 'health' | 'read' | 'change';

export interface Access {
  /** Token for changes, and for reading too. */
  changeToken: string | null;
  /** Token for reading only. */
  readToken: string | null;
  /** The port can only be reached from this machine: without tokens, everybody who can reach it may do everything. */
  loopback: boolean;
}

/** Whether a request with this Authorization field may do what needs `right`. */
export function allows({ changeToken, readToken, loopback }: Access, right: Right, authorization?: string): boolean {
  if (right === 'health') return true;
  if (loopback && changeToken === null && readToken === null) return true;
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
  if (changeToken !== null && same(given, changeToken)) return true;
  return right === 'read' && readToken !== null && same(given, readToken);
}

/** In constant time, whatever the lengths. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
